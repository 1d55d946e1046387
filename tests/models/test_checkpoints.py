"""A moment of a training opens by its name, wherever it was kept, and a series opens one moment at a time."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from neuronscope.models import Checkpoints, fetch, listing, model_names, open_checkpoints, open_model
from neuronscope.models.series import parted, step_file, steps_named
from neuronscope.words import BadInput
from tests.models.tiny import eager

STEPS = (0, 1, 10, 100)


def written(folder: Path, *, steps: tuple[int, ...] = STEPS, half: bool = False) -> Path:
    """Write a model with a series in which every weight of a step is the step's number of hundredths."""
    eager("gpt2").save_pretrained(folder)
    (folder / "steps").mkdir()
    for step in steps:
        weights = load_file(folder / "model.safetensors")
        filled = {name: torch.full_like(weight, step / 128) for name, weight in weights.items()}
        stored = {name: weight.half() if half else weight for name, weight in filled.items()}
        save_file(stored, step_file(folder, step), metadata={"format": "pt"})
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return written(tmp_path / "run")


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "builtin"
    for variant in ("seed0", "seed1"):
        written(folder / "copier" / variant, half=True)
    card = {
        "training": {"steps": 100},
        "accuracy": {"copying": {"value": 0.975, "low": 0.9, "high": 1, "n": 40}},
    }
    (folder / "copier" / "seed1" / "card.json").write_text(json.dumps(card), encoding="utf-8")
    monkeypatch.setattr(listing, "BUILTIN_FOLDER", folder)
    return folder


def weight_of(name: str) -> float:
    weight = open_model(name).hf.state_dict()["transformer.wte.weight"]
    assert weight.unique().numel() == 1
    return float(weight[0, 0])


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(BadInput) as refusal:
        ask()
    assert len(str(refusal.value)) < 300
    return str(refusal.value)


@pytest.mark.parametrize(
    ("behind", "step"), [("0", 0), ("10", 10), ("000100", 100), ("step1", 1), ("last", 100)]
)
def test_a_step_of_a_folder_opens_with_its_own_weights(run: Path, behind: str, step: int) -> None:
    assert weight_of(f"{run}@{behind}") == step / 128
    assert open_model(str(run)).fingerprint != open_model(f"{run}@{behind}").fingerprint


def test_what_is_half_precise_on_disk_opens_in_single_precision(shipped: Path) -> None:
    model = open_model("builtin:copier/seed1@10")
    assert {weight.dtype for weight in model.hf.parameters()} == {torch.float32}
    assert open_model("builtin:copier/seed1@10", dtype="float64").dtype == torch.float64
    assert weight_of("builtin:copier/seed1@10") == 10 / 128
    assert model.name == "builtin:copier/seed1@10"
    assert model.card["training"]["steps"] == 100


def test_a_name_with_variants_alone_opens_the_first(shipped: Path) -> None:
    assert open_model("builtin:copier").fingerprint == open_model("builtin:copier/seed0").fingerprint
    assert open_checkpoints("builtin:copier@*").steps == STEPS


def test_a_step_opens_the_same_in_the_two_layouts(run: Path, tmp_path: Path) -> None:
    for step in STEPS:
        folder = tmp_path / "trainer" / f"checkpoint-{step}"
        shutil.copytree(run, folder, ignore=shutil.ignore_patterns("steps"))
        shutil.copy(step_file(run, step), folder / "model.safetensors")
    one, other = open_checkpoints(str(run)), open_checkpoints(str(tmp_path / "trainer"))
    assert one.steps == other.steps == STEPS
    for (step, ours), (also, theirs) in zip(one, other, strict=True):
        assert step == also
        assert ours.fingerprint == theirs.fingerprint
    said = refused(lambda: open_model(str(tmp_path / "trainer")))
    assert "is a series, not one model: write" in said
    assert said.endswith("it keeps steps 0, 1, 10, 100.")


@pytest.mark.parametrize(
    ("pattern", "steps"),
    [
        ("*", STEPS),
        ("1*", (1, 10, 100)),
        ("1?", (10,)),
        ("1:10", (1, 10)),
        ("10:", (10, 100)),
        ("0,100", (0, 100)),
    ],
)
def test_a_pattern_means_steps(run: Path, pattern: str, steps: tuple[int, ...]) -> None:
    series = open_checkpoints(f"{run}@{pattern}")
    assert (series.steps, len(series)) == (steps, len(steps))
    assert [step for step, _ in series] == list(steps)


def test_a_series_opens_one_model_at_a_time(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        "neuronscope.models.checkpoints.open_model", lambda name, **_: opened.append(name) or open_model(name)
    )
    series = open_checkpoints(f"{run}@*")
    assert opened == []
    assert next(iter(series))[0] == 0
    assert opened == [f"{run}@0"]
    assert float(series.open(100).hf.state_dict()["transformer.wpe.weight"][0, 0]) == 100 / 128


def test_the_fingerprint_is_of_what_the_series_holds(run: Path, tmp_path: Path) -> None:
    whole = open_checkpoints(f"{run}@*")
    moved = shutil.copytree(run, tmp_path / "elsewhere")
    assert open_checkpoints(str(moved)).fingerprint == whole.fingerprint
    assert open_checkpoints(f"{run}@1:").fingerprint != whole.fingerprint
    shutil.copy(step_file(moved, 1), step_file(moved, 10))
    assert open_checkpoints(str(moved)).fingerprint != whole.fingerprint


def test_the_list_of_models_says_steps_and_accuracy_of_each_variant(shipped: Path) -> None:
    known = model_names()
    assert list(known) == ["builtin:copier/seed0", "builtin:copier/seed1"]
    facts = known["builtin:copier/seed1"]
    assert (facts.steps, facts.trained_steps, facts.accuracy) == (STEPS, 100, ("copying", 0.975))
    bare = known["builtin:copier/seed0"]
    assert (bare.trained_steps, bare.accuracy) == (None, None)


def test_what_is_not_there_is_said_with_what_is(shipped: Path, run: Path, tmp_path: Path) -> None:
    assert refused(lambda: open_model("builtin:copier/seed7")) == (
        "'builtin:copier' has no variant 'seed7'; it has seed0, seed1."
    )
    assert refused(lambda: open_model("builtin:copier/seed0@12")) == (
        "'builtin:copier/seed0' keeps no step 12; the nearest is 10. It keeps steps 0, 1, 10, 100."
    )
    assert refused(lambda: open_model(f"{run}@late")).endswith(
        "has no step 'late'; it keeps steps 0, 1, 10, 100."
    )
    assert "names several steps: give one of steps 0, 1, 10, 100." in refused(lambda: open_model(f"{run}@*"))
    assert refused(lambda: open_checkpoints("builtin:copier/seed0@2??")) == (
        "No step of 'builtin:copier/seed0' matches '2??'; it keeps steps 0, 1, 10, 100."
    )
    assert refused(lambda: open_checkpoints("builtin:copier/seed0@0,7")) == (
        "No step of 'builtin:copier/seed0' matches '7'; it keeps steps 0, 1, 10, 100."
    )
    eager("gpt2").save_pretrained(tmp_path / "alone")
    assert "keeps no steps of its training" in refused(lambda: open_checkpoints(f"{tmp_path / 'alone'}@*"))
    assert "There is no built-in model 'builtin:copyer'; did you mean 'builtin:copier/" in refused(
        lambda: open_checkpoints("builtin:copyer@*")
    )


def test_a_long_list_of_steps_is_told_by_its_ends() -> None:
    assert refused(lambda: steps_named("run", "7", range(0, 3000, 100))) == (
        "No step of 'run' matches '7'; it keeps 0, 100, 200, 300, 400, 500, 600, ... 2800, 2900 (30 steps)."
    )


def test_a_damaged_step_is_refused_by_the_name_that_was_asked_for(run: Path) -> None:
    step_file(run, 10).write_bytes(b"nothing of the kind")
    assert refused(lambda: open_model(f"{run}@10")).startswith(f"'{run}@10' does not open as a model: ")


def test_an_at_in_a_folder_s_name_is_no_step(run: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(run, tmp_path / "me@10")
    assert parted(str(moved)) == (str(moved), None)
    assert weight_of(f"{moved}@100") == 100 / 128
    assert open_model(str(moved)).family == "gpt2"


@pytest.fixture
def cached(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Stand in for the hub's cache with three revisions, on a machine without a network."""
    home = tmp_path / "hub" / "models--someone--small"
    for step in (1, 10, 100):
        commit = f"{step:040d}"
        snapshot = home / "snapshots" / commit
        snapshot.mkdir(parents=True)
        shutil.copy(run / "config.json", snapshot)
        shutil.copy(step_file(run, step), snapshot / "model.safetensors")
        for ref in (f"step{step}", "main"):
            (home / "refs").mkdir(exist_ok=True)
            (home / "refs" / ref).write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(fetch, "snapshot_download", _in_cache(fetch.snapshot_download, str(tmp_path / "hub")))
    return "someone/small"


def _in_cache(download: Callable[..., str], folder: str) -> Callable[..., str]:
    def cached(name: str, **asked: object) -> str:
        return download(name, cache_dir=folder, local_files_only=True, **asked)

    return cached


def test_a_revision_of_the_hub_opens_as_a_step_does(cached: str) -> None:
    assert weight_of(f"{cached}@step10") == 10 / 128
    assert weight_of(cached) == 100 / 128
    series = open_checkpoints(f"{cached}@*")
    assert series.steps == (1, 10, 100)
    assert [float(model.hf.state_dict()["transformer.wte.weight"][0, 0]) for _, model in series] == [
        step / 128 for step in series.steps
    ]
    assert len(series.fingerprint) == 16
    assert series.fingerprint != open_checkpoints(f"{cached}@10:").fingerprint
    said = refused(lambda: open_model(f"{cached}@step11"))
    assert said.startswith("'someone/small' does not open at revision 'step11'.")
    assert "it keeps steps 1, 10, 100." in refused(lambda: open_checkpoints(f"{cached}@7*"))


def test_steps_on_the_hub_are_branches_and_tags_that_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ref:
        def __init__(self, name: str) -> None:
            self.name = name

    class Refs:
        branches = tuple(map(Ref, ("main", "step1000", "step0")))
        tags = tuple(map(Ref, ("v1.0", "checkpoint-20")))

    monkeypatch.setattr(fetch, "list_repo_refs", lambda name: Refs())
    assert fetch.step_revisions("someone/small") == {0: "step0", 20: "checkpoint-20", 1000: "step1000"}
    assert isinstance(open_checkpoints("someone/small"), Checkpoints)


def test_a_series_says_what_it_is(run: Path) -> None:
    assert repr(open_checkpoints(f"{run}@1*")) == f"Checkpoints('{run}@1*', steps 1, 10, 100)"


@pytest.mark.parametrize("name", [name for name in model_names() if name.startswith("builtin:")])
def test_every_built_in_model_opens_with_its_card_and_its_first_and_last_steps(name: str) -> None:
    facts, model = model_names()[name], open_model(name)
    assert {weight.dtype for weight in model.hf.parameters()} == {torch.float32}
    assert {"title", "summary", "training", "accuracy"} <= model.card.keys()
    assert facts.trained_steps is not None
    assert facts.accuracy is not None
    assert 0 <= facts.accuracy[1] <= 1
    if facts.steps:
        first, last = (open_model(f"{name}@{step}") for step in (facts.steps[0], "last"))
        assert first.fingerprint != last.fingerprint == model.fingerprint
