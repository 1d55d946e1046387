"""Mapping files: layouts that ship here, layouts of one's own, and what is said of those that do not fit."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from neuronscope.instruments import run
from neuronscope.models import open_model
from neuronscope.models.layouts.axes import Layout
from neuronscope.models.layouts.mapping import shipped, shipped_mapping
from neuronscope.words import BadInput

WIDTH, HEADS, LAYERS, VOCAB, LENGTH = 12, 3, 2, 7, 8
TOKENS = torch.tensor([[1, 0, 6, 3, 2]])

HAND_WRITTEN = """
facts: {num_hidden_layers: 1, num_attention_heads: 1, positions: none, norm: none, attention_only: true}
tensors:
  embed: {axes: width vocab -> vocab width, to: wte.weight}
  query: {axes: head_width width -> head_width width, to: h.0.attn.q_proj.weight}
  key: {axes: head_width width -> head_width width, to: h.0.attn.k_proj.weight, times: 2}
  value: {axes: head_width width -> head_width width, to: h.0.attn.v_proj.weight}
  output: {axes: head_width width -> width head_width, to: h.0.attn.o_proj.weight, add: 1}
  unembed: {axes: 1 output_vocab width -> output_vocab width, to: lm_head.weight}
ignored: ["optimiser.*"]
weights: toy.json
"""


def lecture_state() -> dict[str, Tensor]:
    """Draw a state dict in the names of the lecture's gpt.py."""
    seeded, size = torch.Generator().manual_seed(5), WIDTH // HEADS

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=seeded, dtype=torch.float64) * 0.4

    state = {"token_embedding_table.weight": draw(VOCAB, WIDTH)}
    state["position_embedding_table.weight"] = draw(LENGTH, WIDTH)
    for layer in range(LAYERS):
        at = f"blocks.{layer}."
        for head in range(HEADS):
            for part in ("key", "query", "value"):
                state[f"{at}sa.heads.{head}.{part}.weight"] = draw(size, WIDTH)
            state[f"{at}sa.heads.{head}.tril"] = torch.ones(LENGTH, LENGTH).tril()
        state |= {f"{at}sa.proj.weight": draw(WIDTH, WIDTH), f"{at}sa.proj.bias": draw(WIDTH)}
        state |= {f"{at}ffwd.net.0.weight": draw(30, WIDTH), f"{at}ffwd.net.0.bias": draw(30)}
        state |= {f"{at}ffwd.net.2.weight": draw(WIDTH, 30), f"{at}ffwd.net.2.bias": draw(WIDTH)}
        state |= {f"{at}ln{n}.{part}": draw(WIDTH) for n in (1, 2) for part in ("weight", "bias")}
    state |= {"ln_f.weight": draw(WIDTH), "ln_f.bias": draw(WIDTH)}
    return state | {"lm_head.weight": draw(VOCAB, WIDTH), "lm_head.bias": draw(VOCAB)}


def lecture_logits(state: dict[str, Tensor], tokens: Tensor) -> Tensor:
    """Compute the logits as the lecture's gpt.py does, head by head."""

    def norm(x: Tensor, name: str) -> Tensor:
        return functional.layer_norm(x, (WIDTH,), state[f"{name}.weight"], state[f"{name}.bias"])

    def linear(x: Tensor, name: str) -> Tensor:
        return functional.linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))

    x = state["token_embedding_table.weight"][tokens]
    x = x + state["position_embedding_table.weight"][: tokens.shape[1]]
    for layer in range(LAYERS):
        read, heads = norm(x, f"blocks.{layer}.ln1"), []
        for head in range(HEADS):
            k, q, v = (linear(read, f"blocks.{layer}.sa.heads.{head}.{n}") for n in ("key", "query", "value"))
            scores = (q @ k.transpose(-2, -1) * k.shape[-1] ** -0.5).masked_fill(
                torch.ones(tokens.shape[1], tokens.shape[1]).tril() == 0, float("-inf")
            )
            heads.append(scores.softmax(-1) @ v)
        x = x + linear(torch.cat(heads, -1), f"blocks.{layer}.sa.proj")
        neurons = linear(norm(x, f"blocks.{layer}.ln2"), f"blocks.{layer}.ffwd.net.0").relu()
        x = x + linear(neurons, f"blocks.{layer}.ffwd.net.2")
    return linear(norm(x, "ln_f"), "lm_head")


def test_the_lectures_checkpoint_needs_no_configuration(tmp_path: Path) -> None:
    state = lecture_state()
    torch.save(state, tmp_path / "gpt.pt")
    model = open_model(f"lecture_gpt:{tmp_path / 'gpt.pt'}", dtype="float64")
    found = run(model, TOKENS, get="z.1.2").logits
    torch.testing.assert_close(found, lecture_logits(state, TOKENS), rtol=0, atol=1e-10)
    assert (model.n_heads, model.n_layers, model.n_positions) == (HEADS, LAYERS, LENGTH)


def test_an_alphabet_in_the_mapping_reads_text(tmp_path: Path) -> None:
    torch.save(lecture_state(), tmp_path / "gpt.pt")
    (tmp_path / "mine.json").write_text(
        json.dumps({"extends": "lecture_gpt", "weights": "gpt.pt", "alphabet": "abcdefg"})
    )
    model = open_model(f"mapping:{tmp_path / 'mine.json'}")
    assert model.tokenize("bagdc").tolist() == [1, 0, 6, 3, 2]


def hand_written(folder: Path, mapping: str = HAND_WRITTEN, **changes: Any) -> str:
    rng = np.random.default_rng(2)
    state: dict[str, Any] = {
        name: rng.normal(size=(2, 3)).tolist() for name in ("query", "key", "value", "output")
    }
    state |= {"embed": rng.normal(size=(3, 4)).tolist(), "unembed": rng.normal(size=(1, 5, 3)).tolist()}
    state |= {"optimiser.step": [1.0], **changes}
    (folder / "toy.json").write_text(json.dumps({name: value for name, value in state.items() if value}))
    (folder / "neuronscope-mapping.yaml").write_text(mapping, encoding="utf-8")
    return str(folder)


def test_weights_written_by_hand_compute_what_they_say(tmp_path: Path) -> None:
    model = open_model(hand_written(tmp_path), dtype="float64")
    said = {name: np.array(value) for name, value in json.loads((tmp_path / "toy.json").read_text()).items()}
    x = said["embed"].T[[3, 0, 1]]
    scores = (x @ said["query"].T) @ (2 * x @ said["key"].T).T / np.sqrt(2)
    pattern = np.exp(np.where(np.tri(3) == 1, scores, -np.inf))
    pattern /= pattern.sum(-1, keepdims=True)
    x = x + pattern @ (x @ said["value"].T) @ (said["output"] + 1)
    expected = x @ said["unembed"][0].T
    done = run(model, [3, 0, 1], get=["pattern.0", "resid_post.0"])
    assert np.abs(done.logits[0].numpy() - expected).max() < 1e-12
    assert np.abs(done["pattern.0"][0, 0].numpy() - pattern).max() < 1e-12
    assert model.certificate.row("mlp_out").status == "refused"


@pytest.mark.parametrize(
    ("old", "new", "changes", "said"),
    [
        (
            "",
            "",
            {"query": [[1.0, 2.0]]},
            r"query has shape \[1, 2\], but \[head_width 1, width 2\] was expected|"
            r"embed has shape \[3, 4\]|key has shape \[2, 3\], but",
        ),
        ("", "", {"bonus": [1.0]}, r"The mapping has no use for bonus \[1\]: name it in tensors or ignored"),
        (
            "",
            "",
            {"value": None},
            r"lack h.0.attn.v_proj.weight \[2, 3\] of the network, which comes from value",
        ),
        ("lm_head.weight", "lm_hat.weight", {}, r"The network has no lm_hat.weight for unembed \[1, 5, 3\]"),
        ("add: 1", "plus: 1", {}, r"not understood at tensors.output.plus"),
        ("width vocab -> vocab width", "width vocab -> vocab", {}, "is no layout: name the same axes twice"),
        (
            "positions: none",
            "positions: nowhere",
            {},
            "positions cannot be 'nowhere': choose learned, rotary",
        ),
        ("weights: toy.json", "weights: toy.pt", {}, "There is no file of weights"),
        ("weights: toy.json", "extends: gpt9", {}, "There is no layout 'gpt9'"),
        (
            "norm: none",
            "norm: {from: kind}",
            {},
            "The configuration says nothing of kind: state norm in the mapping",
        ),
        ("facts: {", "facts: [", {}, "is no readable YAML or JSON"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    tmp_path: Path, old: str, new: str, changes: dict[str, Any], said: str
) -> None:
    name = hand_written(tmp_path, HAND_WRITTEN.replace(old, new) if old else HAND_WRITTEN, **changes)
    with pytest.raises(BadInput, match=said):
        open_model(name)


def test_code_in_the_weights_is_never_run(tmp_path: Path) -> None:
    class Planted:
        def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
            return (exec, ("raise SystemExit('code in the weights was run')",))

    torch.save({"ln_f.weight": Planted()}, tmp_path / "gpt.pt")
    with pytest.raises(BadInput, match="cannot be read safely as weights"):
        open_model(f"lecture_gpt:{tmp_path}")


def test_a_folder_of_several_weights_asks_which(tmp_path: Path) -> None:
    for name in ("a.pt", "b.pt"):
        torch.save(lecture_state(), tmp_path / name)
    with pytest.raises(BadInput, match=r"holds several files of weights, such as a\.pt: name one"):
        open_model(f"lecture_gpt:{tmp_path}")
    with pytest.raises(BadInput, match="There is nothing at"):
        open_model(f"lecture_gpt:{tmp_path / 'c.pt'}")
    with pytest.raises(BadInput, match="No configuration lies beside the weights"):
        open_model(f"transformer_lens:{tmp_path / 'a.pt'}")


def test_a_mapping_may_fill_a_class_of_transformers(tmp_path: Path) -> None:
    seeded = torch.Generator().manual_seed(1)
    table = torch.randn(VOCAB, WIDTH, generator=seeded)
    torch.save({"words": table, "places": torch.randn(LENGTH, WIDTH, generator=seeded)}, tmp_path / "gpt.pt")
    (tmp_path / "mine.yaml").write_text(
        """
network: gpt2
weights: gpt.pt
axes: {width: n_embd, vocab: vocab_size, position: n_positions}
facts: {n_layer: 0, bos_token_id: null, eos_token_id: null}
tensors:
  words: {axes: vocab width -> vocab width, to: transformer.wte.weight}
  places: {axes: position width -> position width, to: transformer.wpe.weight}
  gain: {axes: width -> width, to: transformer.ln_f.weight, absent: zeros}
  shift: {axes: width -> width, to: transformer.ln_f.bias, absent: zeros}
""",
        encoding="utf-8",
    )
    model = open_model(f"mapping:{tmp_path / 'mine.yaml'}")
    assert model.family == "gpt2"
    assert torch.equal(model.hf.state_dict()["transformer.wte.weight"], table)
    assert run(model, TOKENS).logits.abs().max() == 0


def test_every_layout_that_ships_says_what_it_is_and_fills_a_part_once() -> None:
    assert {"transformer_lens", "mingpt", "lecture_gpt"} <= set(shipped())
    for name in shipped():
        mapping = shipped_mapping(name)
        assert mapping.about
        targets = [target for rule in mapping.tensors.values() for target in rule.to]
        doubled = {target for target in targets if targets.count(target) > 1}
        assert all("k_proj" in target or "v_proj" in target for target in doubled)


def test_a_layout_turns_a_tensor_as_it_says() -> None:
    stored = torch.arange(24).reshape(6, 4)
    turned = Layout("(stage head) width -> stage width head").rearrange(
        stored, {"stage": 3, "head": 2, "width": 4}
    )
    assert turned.shape == (3, 4, 2)
    assert all(turned[s, w, h] == stored[2 * s + h, w] for s in range(3) for w in range(4) for h in range(2))


def _golden(file: Path) -> dict[str, Any]:
    def read(value: dict[str, Any]) -> Tensor:
        numbers = np.frombuffer(base64.b64decode(value["data"]), dtype="<f4")
        return torch.from_numpy(numbers.reshape(value["shape"]).copy())

    said = json.loads(file.read_text(encoding="utf-8"))
    return {name: value if name == "config" else read(value) for name, value in said.items()}


def test_a_published_mingpt_computes_its_golden_tensors(
    test_data: Callable[[str], Path], tmp_path: Path
) -> None:
    state = _golden(test_data("nano_sort_gpt2/gpt-nano-sort-model.json"))
    golden = _golden(test_data("nano_sort_gpt2/gpt-nano-sort-t0-partials.json"))
    config = state.pop("config")
    torch.save({"model": state, "config": config}, tmp_path / "sort.pt")
    model = open_model(f"mingpt:{tmp_path / 'sort.pt'}")
    done = run(model, golden["idx"].long(), get=["resid_post.*", "q.0", "pattern.0", "mlp_act.0", "z.0"])
    for layer in range(3):
        torch.testing.assert_close(done[f"resid_post.{layer}"], golden[f"block{layer}"], rtol=0, atol=2e-5)
    torch.testing.assert_close(done["pattern.0"], golden["attSm"], rtol=0, atol=2e-6)
    torch.testing.assert_close(done["q.0"].transpose(1, 2), golden["q"], rtol=0, atol=2e-6)
    torch.testing.assert_close(done["mlp_act.0"], golden["gelu"], rtol=0, atol=2e-6)
    torch.testing.assert_close(done.logits, golden["lm_head"], rtol=0, atol=5e-5)
