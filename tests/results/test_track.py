"""Work announces each step to the door in force, which may stop it there."""

import threading

import numpy as np
import pytest
import xarray as xr

from neuronscope.results import Cancelled, Progress, listening, offer, track


def test_each_step_is_told_before_it_and_the_end_after_it() -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        assert list(track("abc", "letters")) == ["a", "b", "c"]
    assert heard == [Progress("letters", done, 3) for done in (0, 1, 2, 3)]


def test_a_total_that_nobody_knows_is_none_unless_told() -> None:
    heard: list[Progress] = []
    with listening(heard.append):
        list(track(iter("ab"), "letters"))
        list(track(iter("ab"), "letters", 2))
    assert [step.total for step in heard] == [None] * 3 + [2] * 3


def test_nobody_listening_is_no_trouble() -> None:
    assert list(track(range(3), "layers")) == [0, 1, 2]


def test_a_listener_stops_the_work_at_its_step() -> None:
    done: list[int] = []

    def work() -> None:
        for layer in track(range(10), "layers"):
            done.append(layer)

    def stop(progress: Progress) -> None:
        if progress.done == 2:
            raise Cancelled("enough")

    with listening(stop), pytest.raises(Cancelled, match="enough"):
        work()
    assert done == [0, 1]


def test_the_inner_listener_hears_and_the_outer_one_hears_again_afterwards() -> None:
    outer: list[Progress] = []
    inner: list[Progress] = []
    with listening(outer.append):
        with listening(inner.append):
            list(track([1], "inner"))
        list(track([1], "outer"))
    assert {step.what for step in inner} == {"inner"}
    assert {step.what for step in outer} == {"outer"}


def test_listeners_of_different_threads_do_not_hear_each_other() -> None:
    heard: dict[str, set[str]] = {"a": set(), "b": set()}

    def work(name: str) -> None:
        with listening(lambda step: heard[name].add(step.what)):
            list(track(range(50), name))

    threads = [threading.Thread(target=work, args=(name,)) for name in heard]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {"a": {"a"}, "b": {"b"}}


def test_an_unfinished_answer_is_seen_as_it_was_when_it_was_offered() -> None:
    seen: list[xr.Dataset] = []
    effect = np.zeros(2)
    with listening(lambda _: None, unfinished=seen.append):
        for layer in range(2):
            effect[layer] = 1.0
            offer(xr.Dataset({"effect": ("layer", effect)}))
    assert [found.effect.values.tolist() for found in seen] == [[1.0, 0.0], [1.0, 1.0]]


def test_an_answer_is_not_even_built_where_nobody_looks_on() -> None:
    def build() -> xr.Dataset:
        raise AssertionError("nobody asked")

    offer(build)
    with listening(lambda _: None):
        offer(build)
