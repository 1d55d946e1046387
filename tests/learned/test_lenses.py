"""Tuned lenses, held to what their formula says and to the public format."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from neuronscope.instruments import residual_stream
from neuronscope.learned.lens_file import open_lens, save_lens
from neuronscope.learned.lenses import Lens, divergence, new_translators, parts, readings, unembedding_hash
from neuronscope.models import Model
from neuronscope.results import log
from neuronscope.words import BadInput
from tests.analyses.conftest import make_model  # noqa: F401 - a fixture

PUBLIC_FIELDS = (
    "base_model_name_or_path", "d_model", "num_hidden_layers", "bias", "base_model_revision", "unembed_hash",
    "lens_type",
)  # fmt: skip
"""Those of `TunedLensConfig` in tuned_lens 0.2.0 (AlignmentResearch/tuned-lens, tuned_lens/nn/lenses.py)."""


@dataclasses.dataclass
class Public(nn.Module):
    """How tuned_lens 0.2.0 lays out its translators and adds them to the stream."""

    width: int
    n_layers: int

    def __post_init__(self) -> None:
        super().__init__()
        self.layer_translators = nn.ModuleList(
            nn.Linear(self.width, self.width) for _ in range(self.n_layers)
        )

    def transform_hidden(self, h: torch.Tensor, idx: int) -> torch.Tensor:
        return h + self.layer_translators[idx](h)

    def save(self, folder: Path, model: Model) -> None:
        folder.mkdir()
        torch.save(self.layer_translators.state_dict(), folder / "params.pt")
        values = ("someone/model", self.width, self.n_layers, True, None, unembedding_hash(model))
        config = dict(zip(PUBLIC_FIELDS, (*values, "linear_tuned_lens"), strict=True))
        (folder / "config.json").write_text(json.dumps(config))


@pytest.fixture
def model(make_model: Callable[..., Model]) -> Model:  # noqa: F811
    return make_model("gpt2")


def test_a_lens_that_was_taught_nothing_changes_no_bit(model: Model) -> None:
    stream = residual_stream(model, "abc")
    lens = Lens("new", new_translators(model.n_layers, model.width), {})
    assert torch.equal(lens.translated(stream), stream)


def test_a_lens_of_the_public_package_opens_and_moves_the_stream_as_there(
    model: Model, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    public = Public(model.width, model.n_layers)
    public.save(tmp_path / "lens", model)
    stream = residual_stream(model, "abc").float()
    lens = open_lens(str(tmp_path / "lens"))
    lens.check(model)
    moved = lens.translated(stream)
    for depth in range(model.n_layers):
        torch.testing.assert_close(moved[depth], public.transform_hidden(stream[depth], depth))
    assert torch.equal(moved[-1], stream[-1])


def test_a_lens_made_here_has_the_keys_and_fields_of_the_public_package(model: Model, tmp_path: Path) -> None:
    translators = new_translators(model.n_layers, model.width)
    nn.init.normal_(translators[1].weight)  # pyright: ignore[reportArgumentType]
    save_lens(translators, model, tmp_path)
    public = Public(model.width, model.n_layers)
    state = torch.load(tmp_path / "params.pt", weights_only=True)
    public.layer_translators.load_state_dict(state, strict=True)
    config = json.loads((tmp_path / "config.json").read_text())
    assert tuple(config) == PUBLIC_FIELDS
    assert (config["d_model"], config["num_hidden_layers"], config["bias"]) == (32, 3, True)
    assert config["lens_type"] == "linear_tuned_lens"
    stream = residual_stream(model, "abc").float()
    moved = open_lens(str(tmp_path)).translated(stream)
    torch.testing.assert_close(moved[1], public.transform_hidden(stream[1], 1))


def test_the_hash_is_that_of_the_public_package(model: Model) -> None:
    head: Any = model.hf.get_output_embeddings()
    printed = np.array_str(head.weight.numpy(), precision=1)
    assert unembedding_hash(model) == hashlib.sha256(str.encode(printed)).hexdigest()


def test_safetensors_and_a_lens_without_biases_open_too(model: Model, tmp_path: Path) -> None:
    save_lens(new_translators(model.n_layers, model.width), model, tmp_path)
    (tmp_path / "params.pt").unlink()
    weights = {f"{depth}.weight": torch.randn(32, 32) for depth in range(3)}
    save_file(weights, tmp_path / "params.safetensors")
    stream = residual_stream(model, "abc").float()
    moved = open_lens(str(tmp_path)).translated(stream)
    torch.testing.assert_close(moved[2], stream[2] + stream[2] @ weights["2.weight"].T)


def test_the_fingerprint_tells_lenses_apart() -> None:
    one, other = new_translators(2, 4), new_translators(2, 4)
    nn.init.ones_(other[1].bias)  # pyright: ignore[reportArgumentType]
    first, second = Lens("a", one, {}), Lens("a", other, {})
    assert first.fingerprint == Lens("b", one, {}).fingerprint
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize("held", [1, 700, 2**24])
def test_parts_of_any_size_give_the_same_readings(
    model: Model, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = residual_stream(model, "abcdefg")
    whole = model.unembed(stream).log_softmax(-1)
    monkeypatch.setattr("neuronscope.learned.lenses._HELD", held)
    found, ends = torch.full_like(whole, torch.nan), torch.full_like(whole[0], torch.nan)
    for part, log_p, said in readings(model, stream):
        assert found[part].isnan().all()
        found[part], ends[part[1]] = log_p, said
    torch.testing.assert_close(found, whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(ends, whole[-1], rtol=0, atol=1e-12)
    assert max((d.stop - d.start) * (r.stop - r.start) for d, r in parts(model, 4, 7)) * 256 <= max(held, 256)


def test_the_divergence_is_that_of_the_final_answer_from_the_reading() -> None:
    final, reading = torch.tensor([0.5, 0.5]).log(), torch.tensor([0.25, 0.75]).log()
    assert float(divergence(reading, final)) == pytest.approx(0.5 * np.log(2) + 0.5 * np.log(2 / 3))


def test_a_lens_of_another_shape_is_refused_and_of_another_unembedding_warned_of(
    model: Model,
    make_model: Callable[..., Model],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = Lens("small", new_translators(2, 32), {})
    with pytest.raises(BadInput, match="made for 2 layers of width 32, but tiny gpt2 has 3 of width 32"):
        small.check(model)
    save_lens(new_translators(3, 32), make_model("llama"), tmp_path)
    warned: list[str] = []
    monkeypatch.setattr(log, "warning", lambda text, *_: warned.append(text))
    open_lens(str(tmp_path)).check(model)
    assert len(warned) == 1
    assert "another unembedding" in warned[0]


def _spoil_config(folder: Path, **changes: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "config.json").unlink(), "There is no tuned lens at"),
        (lambda folder: (folder / "params.pt").unlink(), "has no params.pt beside its config.json"),
        (lambda folder: (folder / "params.pt").write_bytes(b"none"), "cannot be read safely as weights"),
        (lambda folder: torch.save([1], folder / "params.pt"), "holds no state dict of tensors"),
        (lambda folder: (folder / "config.json").write_text("{}"), "it lacks d_model or num_hidden_layers"),
        (lambda folder: _spoil_config(folder, lens_type="other"), "is of type 'other'"),
        (
            lambda folder: _spoil_config(folder, num_hidden_layers=2),
            "states 2 layers .* but 2.weight does not",
        ),
        (lambda folder: _spoil_config(folder, d_model=16), "but 0.weight does not fit"),
    ],
)
def test_a_folder_that_is_no_lens_is_refused_in_words(
    model: Model, tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    save_lens(new_translators(model.n_layers, model.width), model, tmp_path)
    spoil(tmp_path)
    with pytest.raises(BadInput, match=words):
        open_lens(str(tmp_path))
