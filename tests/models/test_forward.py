import gc
import threading
import weakref
from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import add, run
from neuronscope.models.attention import ACTIVE, Place, Taps, _SoftmaxTap, eager_of
from neuronscope.models.forward import Resume, forward, fresh
from neuronscope.models.parts.taps import Addition
from neuronscope.models.parts.tracing import reads_outcome
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, LAYERS, WIDER, eager, opened, plain_logits, shared, some_tokens


def traces(network: torch.nn.Module) -> int:
    """Count what a pass could leave behind: hooks, and functions put over a module's own."""
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) + ("forward" in module.__dict__)
        for module in network.modules()
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_our_key_in_the_registry_computes_what_eager_computes(family: str) -> None:
    tokens = some_tokens()
    assert torch.equal(plain_logits(opened(family).hf, tokens), plain_logits(eager(family), tokens))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("layer", [1, 2])
def test_a_pass_resumed_from_the_stream_of_a_layer_is_the_whole_pass(family: str, layer: int) -> None:
    model, tokens = opened(family), some_tokens()
    streams: list[Tensor] = []
    with torch.no_grad():
        whole = forward(
            model.anatomy, tokens, {Place("resid_pre", layer): lambda x: streams.append(x) or x}
        ).logits
        second = forward(
            model.anatomy, tokens, {Place("q", 0): lambda q: q}, resume=Resume(layer, streams[0])
        )
    assert whole is not None
    assert second.logits is not None
    assert torch.equal(second.logits, whole)
    assert second.fired == set()  # the skipped block did not run
    assert traces(model.hf) == 0


def test_a_forward_that_others_put_over_a_block_is_there_again_after_a_resumed_pass() -> None:
    model, tokens = opened("llama"), some_tokens()
    assert model.sites()  # the probes have run
    block, calls = model.anatomy.blocks[0], []
    own = block.forward

    def theirs(*args: Any, **kwargs: Any) -> Any:
        calls.append(len(args))
        return own(*args, **kwargs)

    block.forward = theirs
    with torch.no_grad():
        forward(model.anatomy, tokens, {}, resume=Resume(1, torch.zeros(2, 9, model.width)))
        assert calls == []
        plain_logits(model.hf, tokens)
    assert len(calls) == 1
    assert block.forward is theirs


@pytest.mark.parametrize("family", [*FAMILIES, *WIDER])
def test_an_outcome_that_a_norm_reads_is_seen_there_as_at_the_addition_itself(family: str) -> None:
    model, tokens = shared(family), some_tokens()
    found = model.anatomy.tap("resid_mid", 1)
    reader = reads_outcome(found) if isinstance(found, Addition) else None
    told = {"gpt2", "llama", "mistral", "qwen3", "gemma2", "gpt_neox sequential", "mixtral"}
    assert reader is not None or family not in told
    if reader is None:
        return
    seen: list[Tensor] = []
    with torch.no_grad():
        # A visit that might change what passes stands at the addition itself.
        forward(model.anatomy, tokens, {Place("resid_mid", 1): lambda x: seen.append(x.clone()) or x})
    assert torch.equal(run(model, tokens, get="resid_mid.1")["resid_mid.1"], seen[0])
    changed = run(model, tokens, get="resid_mid.1", do=add("attn_add.1", 2.0))
    assert not torch.equal(changed["resid_mid.1"], seen[0])
    both = run(model, tokens, get=["resid_mid.1", f"module.{path_of(model.hf, reader)}:in"])
    assert torch.equal(both["resid_mid.1"].flatten(), both[both.sites[1]].flatten())


def path_of(network: torch.nn.Module, module: torch.nn.Module) -> str:
    """Return the dotted name of a module."""
    return next(name for name, each in network.named_modules() if each is module)


def test_the_last_position_alone_gives_the_same_logits() -> None:
    model, tokens = opened("llama"), some_tokens()
    with torch.no_grad():
        whole = forward(model.anatomy, tokens, {}).logits
        last = forward(model.anatomy, tokens, {}, logits_to_keep=1).logits
    assert whole is not None
    assert last is not None
    assert last.shape[1] == 1
    torch.testing.assert_close(last[:, 0], whole[:, -1])


def test_a_pass_leaves_no_hook_and_no_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokens = opened("gpt2"), some_tokens()
    kept: list[weakref.ref[Tensor]] = []

    def visit(tensor: Tensor) -> Tensor:
        kept.append(weakref.ref(tensor))
        return tensor

    visits: Any = {
        Place("z", 1): visit,
        Place("pattern", 1): visit,
        Place("mlp_out", 2): visit,
        Place("resid_pre", 0): visit,
    }
    with torch.no_grad():
        done = forward(model.anatomy, tokens, visits)
    assert done.fired == set(visits)
    assert traces(model.hf) == 0
    assert ACTIVE.get() is None
    del done
    gc.collect()
    assert [reference() for reference in kept] == [None] * 4


def test_an_error_on_the_way_leaves_nothing_either() -> None:
    model, tokens = opened("llama"), some_tokens()

    def fail(tensor: Tensor) -> Tensor:
        raise ZeroDivisionError

    stream = torch.zeros(2, 9, model.width)
    with torch.no_grad(), pytest.raises(ZeroDivisionError):
        forward(
            model.anatomy,
            tokens,
            {Place("pattern", 2): fail, Place("mlp_in", 1): fail},
            resume=Resume(2, stream),
        )
    assert traces(model.hf) == 0
    assert ACTIVE.get() is None
    with torch.no_grad():
        again = forward(model.anatomy, tokens, {}).logits
    assert again is not None
    assert torch.equal(again, plain_logits(eager("llama"), tokens))


def test_two_threads_on_one_model_do_not_see_each_other() -> None:
    model, tokens = opened("gpt2"), some_tokens()
    plain = plain_logits(eager("gpt2"), tokens)
    outcomes: dict[str, bool] = {}

    def change() -> None:
        with torch.no_grad():
            rounds = [
                forward(model.anatomy, tokens, {Place("z", 0): torch.zeros_like}).logits for _ in range(30)
            ]
        outcomes["changed"] = all(not torch.equal(logits, plain) for logits in rounds if logits is not None)

    def read() -> None:
        with torch.no_grad():
            rounds = [forward(model.anatomy, tokens, {Place("q", 1): lambda q: q}).logits for _ in range(30)]
        outcomes["read"] = all(torch.equal(logits, plain) for logits in rounds if logits is not None)

    def use() -> None:
        outcomes["used"] = all(torch.equal(plain_logits(model.hf, tokens), plain) for _ in range(30))

    threads = [threading.Thread(target=work) for work in (change, read, use)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"changed": True, "read": True, "used": True}
    assert traces(model.hf) == 0


def test_another_model_that_runs_inside_a_pass_is_left_alone() -> None:
    model, other, tokens = opened("gpt2"), opened("llama"), some_tokens()
    inside: list[Tensor] = []

    def visit(tensor: Tensor) -> Tensor:
        inside.append(plain_logits(other.hf, tokens))
        return torch.zeros_like(tensor)

    with torch.no_grad():
        forward(model.anatomy, tokens, {Place("z", 1): visit})
    assert torch.equal(inside[0], plain_logits(eager("llama"), tokens))


def test_a_copy_keeps_the_memory_layout_of_its_original() -> None:
    original = torch.randn(2, 6, 4, 5)[:, ::2].transpose(1, 2)
    copied = fresh(original)
    assert torch.equal(copied, original)
    assert copied.stride() == original.stride()
    assert copied.data_ptr() != original.data_ptr()


def test_a_copy_of_rows_that_share_memory_separates_them() -> None:
    copied = fresh(torch.zeros(1, 3).expand(4, 3))
    copied[0] = 1
    assert copied.sum() == 3


def test_a_place_that_a_network_lacks_is_refused_before_it_runs() -> None:
    model = opened("gpt2")
    with pytest.raises(BadInput, match="There is no mlp_up here: this MLP has no gate"):
        forward(model.anatomy, some_tokens(), {Place("mlp_up", 1): lambda x: x})
    assert traces(model.hf) == 0


class _Empty(torch.nn.Module):
    """A module that takes no tensor and gives none."""

    def forward(self, word: str = "") -> str:
        return word


@pytest.mark.parametrize(
    ("side", "said"), [("in", "takes none as its input"), ("out", "shows a str, not a tensor")]
)
def test_a_module_that_shows_no_tensor_is_refused(side: str, said: str) -> None:
    model: Any = opened("gpt2")
    model.hf.transformer.spare = _Empty().eval()
    model.hf.transformer.drop.register_forward_hook(
        lambda *_: model.hf.transformer.spare(word="nothing") and None
    )
    with torch.no_grad(), pytest.raises(BadInput, match=said):
        forward(model.anatomy, some_tokens(), {Place(f"module.transformer.spare:{side}"): lambda x: x})
    assert traces(model.hf) == 1  # the hook of this test itself


def test_columns_beyond_the_keys_stay_outside_the_site() -> None:
    """Some families let every query attend to a sink as well; the site holds the real keys only."""
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        return lambda tensor: seen.setdefault(name, tensor)

    taps = Taps({Place("scores", 0): keep("scores"), Place("pattern", 0): torch.zeros_like}, {})
    scores = torch.randn(1, 2, 3, 4)
    with _SoftmaxTap(taps, (0, None), rows=1, n_keys=3):
        weights = torch.softmax(scores, dim=-1)
        flat = torch.softmax(scores[0], dim=-1)
    assert torch.equal(seen["scores"], scores[..., :3])
    assert torch.equal(weights[..., 3], scores.softmax(-1)[..., 3])
    assert weights[..., :3].eq(0).all()
    assert torch.equal(flat, scores[0].softmax(-1))


def test_a_module_whose_family_has_no_eager_attention_is_named() -> None:
    with pytest.raises(NotImplementedError, match="Linear has no eager attention function of its own"):
        eager_of(torch.nn.Linear(2, 2))


def test_a_pass_shows_every_layer_its_own_tensor() -> None:
    model, tokens = opened("qwen3"), some_tokens()
    seen: dict[int, Tensor] = {}

    def keep(layer: int) -> Any:
        return lambda tensor: seen.setdefault(layer, tensor)

    with torch.no_grad():
        forward(model.anatomy, tokens, {Place("z", layer): keep(layer) for layer in range(LAYERS)})
    assert sorted(seen) == list(range(LAYERS))
    assert not torch.equal(seen[0], seen[1])
