import gc
import threading
import weakref
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from transformers import LlamaConfig, LlamaForCausalLM

from neuronscope.instruments import add, fn, noise, project_out, put, run, scale, stream, zero
from neuronscope.models import Model, prepare
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, LAYERS, WIDTH, opened, shared, some_tokens

N_PROMPT, N_NEW = 9, 8


def prompt() -> Tensor:
    return some_tokens(rows=1, length=N_PROMPT)[0]


def written(model: Model, n_tokens: int = N_NEW, **options: Any) -> list[int]:
    return [step.token for step in stream(model, prompt(), n_tokens, stop=(), **options)]


class Doubled(TorchFunctionMode):
    """Compute in float64 where families go down to float32 on their own: norms, rotations, the softmax."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        def doubled(value: Any) -> Any:
            return torch.float64 if value is torch.float32 else value

        func = torch.Tensor.double if func is torch.Tensor.float else func
        return func(*map(doubled, args), **{name: doubled(value) for name, value in (kwargs or {}).items()})


def test_the_same_seed_draws_the_same_text_and_another_seed_another() -> None:
    first, again, other = (written(shared("llama"), temperature=5.0, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


EDITS = {
    "a stream while writing": add("resid_post.1@12", torch.linspace(-5, 5, WIDTH).double()),
    "a stream in the prompt": add("resid_post.0@3", torch.linspace(5, -5, WIDTH).double()),
    "several positions, a value each": put(
        "attn_add.1@7:12", torch.linspace(-4, 4, 5 * WIDTH).double().view(5, WIDTH)
    ),
    "a head from a position on": zero("z.2.1@11:"),
    "a head everywhere": zero("z.1.2"),
    "a neuron": add("mlp_act.1.7@11:14", 9.0),
    "a key of the prompt": scale("k.1.0@4", -2.0),
    "a key that was written": zero("k.1.1@10"),
    "all values": scale("v.1.0", 1.5),
    "a query": scale("q.2.3@13", 3.0),
    "a row of a pattern": zero("pattern.1.0@12"),
    "scores": scale("scores.1.0@10:12", torch.tensor([[0.5], [0.1]]).double()),
    "noise of its own at every position": noise("resid_post.0", 0.5, seed=3),
    "noise over the end of the prompt": noise("resid_post.1@7:12", 0.7, seed=4),
    "noise at one place": noise("z.1.2@11", 0.7, seed=4),
    "directions taken out": project_out(
        "resid_post.1@10:12", torch.linspace(-1, 1, 2 * WIDTH).double().view(2, WIDTH)
    ),
    "the logits": add("logits@14", 4.0),
}


def suits(family: str, edit: str) -> bool:
    """Tell whether both sides can be had in float64, and the window keeps the keys that the edit names."""
    if edit in ("scores", "a row of a pattern"):
        return family == "gpt2"  # others take the softmax under the tap in float32
    return "upcast" not in family and not ("key" in edit and family in ("mistral", "qwen2"))


@pytest.mark.parametrize(
    ("family", "edit"), [(family, edit) for family in FAMILIES for edit in EDITS if suits(family, edit)]
)
def test_changing_a_position_while_writing_equals_one_pass_over_the_whole_text(
    family: str, edit: str
) -> None:
    model, op = shared(family, torch.float64), EDITS[edit]
    with Doubled():
        steps = list(stream(model, prompt(), N_NEW, do=op, stop=()))
        whole = torch.cat([prompt(), torch.tensor([step.token for step in steps[:-1]])])
        at_once = run(model, whole, do=op).logits[0, N_PROMPT - 1 :]
        unchanged = run(model, whole).logits[0, N_PROMPT - 1 :]
    one_by_one = torch.stack([step.logits for step in steps])
    assert (one_by_one - at_once).abs().max() < 1e-9
    assert (unchanged - at_once).abs().max() > 1e-6


@pytest.mark.parametrize("family", ["gpt2", "llama", "mistral"])
def test_what_is_read_while_writing_is_what_one_pass_over_the_whole_text_reads(family: str) -> None:
    model = shared(family, torch.float64)
    sites = ["resid_post.1", "mlp_act.2.5", "q.1", "z.0.1", "attn_norm.1", "embed", "final"]
    with Doubled():
        steps = list(stream(model, prompt(), N_NEW, get=sites, stop=()))
        whole = torch.cat([prompt(), torch.tensor([step.token for step in steps[:-1]])])
        at_once = run(model, whole, get=sites)
    for site in sites:
        joined = torch.cat([step[site] for step in steps], dim=1)
        assert joined.shape == at_once[site].shape
        assert (joined - at_once[site]).abs().max() < 1e-9, site


def test_the_newest_token_is_the_last_of_the_prompt_and_then_each_that_is_written() -> None:
    model = shared("gpt2")
    steps = list(
        stream(model, prompt(), 4, get=["resid_post.1@-1", "resid_post.1", "k.1@-1", "k.1"], stop=())
    )
    assert [step.computed for step in steps] == [range(9), range(9, 10), range(10, 11), range(11, 12)]
    assert [step.position for step in steps] == [9, 10, 11, 12]
    for step in steps:
        assert torch.equal(step["resid_post.1@-1"], step["resid_post.1"][:, -1])
        assert torch.equal(step["k.1@-1"], step["k.1"][:, -1])
    newest = [step.logits for step in stream(model, prompt(), 4, do=zero("resid_post.1@-1"), stop=())]
    spelt = [step.logits for step in stream(model, prompt(), 4, do=zero("resid_post.1@8:"), stop=())]
    assert all(torch.equal(one, other) for one, other in zip(newest, spelt, strict=True))


def test_a_change_of_the_newest_key_lasts_for_its_own_pass_alone() -> None:
    model = shared("gpt2")
    keys = [step["k.1"] for step in stream(model, prompt(), 3, get="k.1", do=zero("k.1@-1"), stop=())]
    assert not keys[0][0, 8].any()
    assert keys[1][0, 8].any()
    assert not keys[1][0, 9].any()


def test_keys_values_and_patterns_cover_all_positions_so_far() -> None:
    get = ["k.1", "v.1", "scores.1", "pattern.1", "k.1@2"]
    steps = list(stream(shared("llama"), prompt(), 3, get=get, stop=()))
    assert [step["k.1"].shape[1] for step in steps] == [9, 10, 11]
    assert [step["v.1"].shape[1] for step in steps] == [9, 10, 11]
    assert [tuple(step["pattern.1"].shape[2:]) for step in steps] == [(9, 9), (1, 10), (1, 11)]
    assert [tuple(step["scores.1"].shape[2:]) for step in steps] == [(9, 9), (1, 10), (1, 11)]
    assert all(torch.equal(step["k.1@2"], step["k.1"][:, 2]) for step in steps)


def test_a_span_is_a_part_of_the_prompt() -> None:
    model, spans = shared("gpt2"), {"name": (2, 5)}
    steps = list(stream(model, prompt(), 3, get="z.1@name", spans=spans, stop=()))
    assert torch.equal(steps[0]["z.1@name"], run(model, prompt(), get="z.1@2:5")["z.1@2:5"])
    assert ["z.1@name" in step for step in steps] == [True, False, False]
    put_there = put("resid_post.1@name", torch.linspace(-4, 4, 3 * WIDTH).view(3, WIDTH))
    by_name = written(model, do=put_there, spans=spans)
    assert by_name == written(model, do=put("resid_post.1@2:5", put_there.value))  # pyright: ignore[reportArgumentType]
    batch = prepare(model, prompt(), spans=spans)
    assert [step.token for step in stream(model, batch, N_NEW, do=put_there, stop=())] == by_name


def test_a_position_is_read_in_the_step_that_computes_it_and_in_no_other() -> None:
    steps = list(stream(shared("gpt2"), prompt(), 5, get=["resid_post.1@10", "z.0@7:11"], stop=()))
    assert ["resid_post.1@10" in step for step in steps] == [False, False, True, False, False]
    assert [step["z.0@7:11"].shape[1] if "z.0@7:11" in step else 0 for step in steps] == [2, 1, 1, 0, 0]


def test_a_step_tells_its_token_its_text_and_its_probability() -> None:
    model = shared("gpt2")
    first = next(iter(stream(model, prompt(), 1)))
    logits = run(model, prompt()).logits[0, -1]
    assert torch.allclose(first.logits, logits, atol=1e-5)
    assert first.token == int(logits.argmax())
    assert first.text == model.token_text(first.token)
    assert first.log_probability == pytest.approx(float(logits.log_softmax(-1)[first.token]), abs=1e-5)
    assert repr(first) == f"Step({first.text!r} at 9, 0 sites)"


def test_a_stream_ends_with_its_stop_token() -> None:
    model = shared("gpt2")
    tokens = written(model)
    end = tokens[3]
    stopped = [step.token for step in stream(model, prompt(), N_NEW, stop=end)]
    assert stopped == tokens[: tokens.index(end) + 1]
    assert [step.token for step in stream(model, prompt(), N_NEW, stop=[end])] == stopped


def hooks(model: Model) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.hf.modules())


def test_nothing_is_left_of_a_stream_that_ended_or_was_closed() -> None:
    model = opened("gpt2")
    going = stream(model, prompt(), N_NEW, get=["resid_post.*", "pattern.1"], do=zero("z.0.1"))
    step = next(going)
    held = [weakref.ref(step), weakref.ref(step["pattern.1"]), weakref.ref(step.logits)]
    assert hooks(model)
    going.close()
    assert not hooks(model)
    del step, going
    gc.collect()
    assert [ref() for ref in held] == [None] * 3
    assert len(written(model, get="mlp_act.1")) == N_NEW
    assert not hooks(model)


def test_a_stream_that_fails_leaves_no_hook() -> None:
    model = opened("gpt2")
    with pytest.raises(BadInput, match=r"has a value of shape \[7\]"):
        list(stream(model, prompt(), 3, do=put("resid_post.1", torch.ones(7))))
    assert not hooks(model)


def test_what_a_stream_gives_and_leaves_can_take_gradients() -> None:
    config = LlamaConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        vocab_size=50,
        max_position_embeddings=8,
        rope_parameters={"rope_type": "dynamic", "factor": 4.0, "rope_theta": 10000.0},
    )
    torch.manual_seed(0)
    model = Model(LlamaForCausalLM(config).eval(), name="turns further as it grows")
    model.hf.config.max_position_embeddings = 32  # the text may go on where rotations are made anew
    steps = list(stream(model, [1, 2, 3, 4, 5], 8, get="resid_post.1@-1", stop=()))
    weight = torch.ones(50, requires_grad=True)
    (steps[-1].logits * weight).sum().backward()
    assert torch.equal(weight.grad, steps[-1].logits)  # pyright: ignore[reportArgumentType]
    assert not steps[0]["resid_post.1@-1"].is_inference()
    tensors = [*model.hf.buffers(), *(value for part in model.hf.modules() for value in vars(part).values())]
    assert not any(value.is_inference() for value in tensors if isinstance(value, Tensor))
    assert run(model, [1, 2, 3], get="embed", grad=lambda logits: logits.sum()).grad["embed"].any()


def test_a_function_may_take_gradients_of_its_own_while_the_model_writes() -> None:
    def uphill(stream: Tensor) -> Tensor:
        with torch.enable_grad():
            here = stream.detach().requires_grad_()
            return stream + torch.autograd.grad(here.pow(3).sum(), here)[0]

    cubed = [
        step.logits for step in stream(shared("gpt2"), prompt(), 3, do=fn("resid_post.1", uphill), stop=())
    ]
    plain = [step.logits for step in stream(shared("gpt2"), prompt(), 3, stop=())]
    assert not torch.equal(cubed[0], plain[0])


def test_a_step_that_is_dropped_is_freed_while_the_stream_goes_on() -> None:
    going = stream(shared("gpt2"), prompt(), 3, get="resid_post.1", stop=())
    step = next(going)
    reading = weakref.ref(step["resid_post.1"])
    del step
    next(going)
    gc.collect()
    assert reading() is None


def test_an_open_stream_changes_no_other_pass_of_the_model() -> None:
    model = shared("gpt2")
    before = run(model, prompt()).logits
    going = stream(model, prompt(), 3, do=zero("resid_post.1"), stop=())
    first = next(going)
    assert torch.equal(run(model, prompt()).logits, before)
    assert torch.equal(model.hf(prompt()[None], use_cache=False).logits, before)
    assert torch.is_grad_enabled()
    assert not torch.equal(first.logits, before[0, -1])
    assert len(list(going)) == 2


def test_streams_of_two_threads_and_interleaved_ones_see_nothing_of_each_other() -> None:
    model = shared("llama")
    edits = [zero(f"z.{layer}.1") for layer in range(LAYERS)]
    alone = [written(model, 12, do=edit) for edit in edits]
    assert len({tuple(tokens) for tokens in alone}) > 1
    together: dict[int, list[int]] = {}

    def work(number: int) -> None:
        together[number] = written(model, 12, do=edits[number], get="resid_post.*@-1")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(LAYERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[number] for number in range(LAYERS)] == alone
    side_by_side = zip(*(stream(model, prompt(), 12, do=edit, stop=()) for edit in edits), strict=True)
    assert [
        list(tokens) for tokens in zip(*([s.token for s in row] for row in side_by_side), strict=True)
    ] == alone


MISUSE: dict[str, tuple[dict[str, Any], str]] = {
    "position too late": (
        {"do": zero("resid_post.1@30")},
        "resid_post.1@30 is never reached: this stream computes positions 0 to 11; ask for more tokens",
    ),
    "slice too late": ({"get": "z.1@12:"}, "z.1@12: is never reached"),
    "unknown site": ({"get": "resid_past.1"}, "There is no site 'resid_past'; did you mean 'resid_post'"),
    "layer out of range": ({"do": zero("z.7")}, "z.7 is out of range: layers run from 0 to 2"),
    "no tokens": ({"n_tokens": 0}, "n_tokens is 0, but a stream writes at least 1 token"),
    "too many tokens": ({"n_tokens": 40}, "but after a prompt of 9 this model has room for 24"),
    "top_k without temperature": ({"top_k": 3}, "without a temperature none is drawn: give temperature=1.0"),
    "zero temperature": ({"temperature": 0.0}, "temperature is 0.0, but must be above 0: leave it out"),
    "no token kept": ({"temperature": 1.0, "top_k": 0}, "top_k is 0, but at least 1 token must be kept"),
    "several prompts": (
        {"prompt": [[5, 6], [7, 8, 9]]},
        "A stream goes on from one prompt, but here are 2: stream each by itself",
    ),
    "places of one's own": (
        {"prompt": {"input_ids": [[5, 6]], "position_ids": [[3, 4]]}},
        "A stream goes on from token ids, and takes no position_ids of yours: use run",
    ),
    "unknown span": ({"get": "z.1@name"}, "z.1@name names the span 'name', but this run knows none"),
    "no probability kept": ({"temperature": 1.0, "top_p": 0.0}, "top_p is 0.0, but must lie above 0"),
}


@pytest.mark.parametrize("mistake", MISUSE)
def test_a_mistake_is_told_before_anything_runs(mistake: str) -> None:
    options, sentence = MISUSE[mistake]
    with pytest.raises(BadInput) as told:
        stream(shared("gpt2"), **({"prompt": prompt(), "n_tokens": 4} | options))
    assert sentence in str(told.value)
    assert len(str(told.value)) < 200


def test_a_position_that_an_early_end_leaves_unreached_is_told() -> None:
    model = shared("gpt2")
    end = written(model)[1]
    going = stream(model, prompt(), N_NEW, do=zero("resid_post.2@14"), stop=end)
    with pytest.raises(BadInput, match=r"resid_post\.2@14 was never reached: the text ended after position"):
        list(going)


def test_training_mode_is_refused() -> None:
    model = opened("gpt2")
    model.hf.train()
    with pytest.raises(BadInput, match="training mode, where dropout adds noise"):
        stream(model, prompt(), 2, get="z.0")


def test_a_network_that_writes_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="bert writes no text token after token, so it cannot stream: use run"):
        stream(shared("bert"), prompt(), 2)


def test_a_network_that_keeps_no_keys_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = opened("gpt2")
    own = model.hf.forward
    monkeypatch.setattr(model.hf, "forward", lambda input_ids, use_cache: own(input_ids, use_cache=False))
    with pytest.raises(
        BadInput, match="keeps nothing from one pass to the next, so it cannot stream: use run"
    ):
        list(stream(model, prompt(), 2))
