import json
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from neuronscope.models import Model, Site, listing, open_model, places
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, eager, plain_logits, some_tokens


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    eager("llama").save_pretrained(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "gpt2 upcast"])
def test_a_saved_model_opens_with_the_same_logits(tmp_path: Path, family: str) -> None:
    network, tokens = eager(family), some_tokens()
    network.save_pretrained(tmp_path)
    model = open_model(str(tmp_path))
    assert torch.equal(plain_logits(model.hf, tokens), plain_logits(network, tokens))
    assert model.name == str(tmp_path)
    assert model.tokenizer is None


def test_opening_twice_gives_the_same_fingerprint(folder: Path) -> None:
    assert open_model(str(folder)).fingerprint == open_model(str(folder)).fingerprint


def test_the_numbers_can_be_asked_for_in_another_format(folder: Path) -> None:
    assert open_model(str(folder), dtype="float64").dtype == torch.float64
    assert open_model(str(folder), dtype="bfloat16").dtype == torch.bfloat16
    assert open_model(str(folder), device="cpu").device == torch.device("cpu")


def test_pickled_weights_are_read_as_tensors(folder: Path) -> None:
    state = eager("llama").state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    assert torch.equal(
        plain_logits(open_model(str(folder)).hf, some_tokens()), plain_logits(eager("llama"), some_tokens())
    )


class _Planted:
    """Something that a pickle would call while it is read."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return (exec, ("raise SystemExit('code in the weights was run')",))


def test_code_in_pickled_weights_is_never_run(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"model.norm.weight": _Planted()}, folder / "pytorch_model.bin")
    with pytest.raises(BadInput, match="does not open as a model"):
        open_model(str(folder))


def test_code_beside_the_weights_is_never_run(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "mine", "auto_map": {"AutoConfig": "mine.C", "AutoModelForCausalLM": "mine.M"}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "mine.py").write_text("raise SystemExit('code beside the weights was run')", encoding="utf-8")
    with pytest.raises(BadInput, match="does not open as a model"):
        open_model(str(folder))


def test_the_card_of_a_folder_is_kept(folder: Path) -> None:
    (folder / "README.md").write_text("What it is.", encoding="utf-8")
    assert open_model(str(folder)).card == {"text": "What it is."}
    (folder / "card.json").write_text('{"loss": 1.5}', encoding="utf-8")
    assert open_model(str(folder)).card == {"loss": 1.5}


def test_a_builtin_opens_by_its_name(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(folder, tmp_path / "builtin" / "scribble")
    monkeypatch.setattr(listing, "BUILTIN_FOLDER", tmp_path / "builtin")
    assert open_model("builtin:scribble").family == "llama"
    with pytest.raises(BadInput) as refusal:
        open_model("builtin:scribbel")
    assert str(refusal.value) == (
        "There is no built-in model 'builtin:scribbel'; did you mean 'builtin:scribble'?"
    )


def test_an_unknown_model_is_refused_naming_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(name: str) -> Path:
        raise BadInput(f"The hub could not be reached for {name!r}.")

    monkeypatch.setattr(places, "cached_model", unreachable)
    with pytest.raises(BadInput) as refusal:
        open_model("no-such-model")
    said = str(refusal.value)
    assert said.startswith("Unknown model 'no-such-model': give ")
    assert "a local folder, or a Hugging Face id that can be fetched." in said
    assert len(said) < 200


def test_a_hugging_face_id_opens_from_the_folder_that_the_hub_gives(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetched(name: str) -> Path:
        asked.append(name)
        return folder

    monkeypatch.setattr(places, "cached_model", fetched)
    assert open_model("someone/something").name == "someone/something"
    assert asked == ["someone/something"]


@pytest.mark.parametrize("name", ["./nowhere", "~/nowhere", "a/b/c", "nowhere/", ""])
def test_a_missing_folder_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match=f"There is no folder {name!r}: give a folder that holds config.json"):
        open_model(name)


def test_a_file_is_no_folder(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"is a file: give the folder that holds config\.json and the weights"):
        open_model(str(folder / "config.json"))


def test_a_folder_without_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"holds no config\.json: give a Hugging Face model folder"):
        open_model(str(tmp_path))


def test_a_folder_without_weights_is_refused_naming_the_files(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(
        BadInput, match=r"holds no weights: looked for model\.safetensors and pytorch_model\.bin"
    ):
        open_model(str(folder))


def test_weights_with_a_hole_are_refused_rather_than_filled_at_random(folder: Path) -> None:
    network = eager("llama")
    state = {name: weight for name, weight in network.state_dict().items() if "layers.1.mlp.up" not in name}
    network.save_pretrained(folder, state_dict=state)
    with pytest.raises(BadInput, match=r"lack 1 tensors, such as model\.layers\.1\.mlp\.up_proj\.weight"):
        open_model(str(folder))


def test_broken_weights_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(BadInput, match="does not open as a model"):
        open_model(str(folder))


def test_a_broken_tokenizer_is_refused(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BadInput, match=r"The tokenizer in .* does not open"):
        open_model(str(folder))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"device": "abacus"}, "There is no device 'abacus': choose cpu, cuda, cuda:N or mps."),
        ({"device": "meta"}, "The device 'meta' is not available on this machine: choose cpu"),
        ({"device": "cuda:99"}, "The device 'cuda:99' is not available on this machine: choose cpu"),
        (
            {"dtype": "float8"},
            "There is no dtype 'float8': choose one of float32, float64, bfloat16, float16.",
        ),
    ],
)
def test_an_unknown_device_or_dtype_is_refused(folder: Path, options: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        open_model(str(folder), **options)
    assert said in str(refusal.value)


def test_the_blocks_of_an_unknown_layout_are_refused_by_site() -> None:
    network = eager("gpt2")
    network.transformer.h = torch.nn.ModuleList([torch.nn.Identity()])  # pyright: ignore[reportAttributeAccessIssue]
    model = Model(network)
    assert model.n_layers == 0
    with pytest.raises(BadInput, match="has no resid_post: "):
        model.check(Site.parse("resid_post.0"))
    assert model.check(Site.parse("module.lm_head:out"))


@pytest.mark.parametrize("name", ["stories260k", "slm4096"])
def test_a_trained_model_opens_from_its_folder_and_computes_as_hugging_face_does(
    test_data: Callable[[str], Path], name: str
) -> None:
    path = test_data(f"{name}/hf")
    plain = AutoModelForCausalLM.from_pretrained(path, attn_implementation="eager")
    model = open_model(str(path))
    tokens = model.tokenize("the little dog was here")[None]
    assert torch.equal(plain_logits(model.hf, tokens), plain_logits(plain, tokens))


def test_a_trained_model_goes_on_writing_sense(test_data: Callable[[str], Path]) -> None:
    model = open_model(str(test_data("stories260k/hf")))
    tokens = model.tokenize("Once upon a time, there was a little girl named")
    written = model.hf.generate(  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]
        tokens[None],
        attention_mask=torch.ones_like(tokens[None]),
        max_new_tokens=8,
        do_sample=False,
        pad_token_id=2,
    )
    assert "Lily" in "".join(model.token_texts(written[0, len(tokens) :]))


def test_models_that_are_opened_at_once_leave_the_next_ones_whole() -> None:
    refused: list[str] = []

    def opened_again_and_again() -> None:
        for _ in range(4):
            try:
                open_model("builtin:scribe")
            except BadInput as problem:
                refused.append(str(problem))

    threads = [Thread(target=opened_again_and_again) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    network: Any = open_model("builtin:scribe").hf
    assert network.lm_head.weight is network.transformer.wte.weight
