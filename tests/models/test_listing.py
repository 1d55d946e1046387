import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from neuronscope import models
from neuronscope.models import listing, model_names, open_model
from neuronscope.models.listing import folder_facts
from tests.models.tiny import LAYERS, WIDTH, eager


def test_the_facts_of_a_folder_agree_with_the_opened_model(tmp_path: Path) -> None:
    for family in ("gpt2", "gpt_neox parallel", "llama"):
        eager(family).save_pretrained(tmp_path / family)
        facts, model = folder_facts(tmp_path / family), open_model(str(tmp_path / family))
        assert (facts.n_layers, facts.n_heads, facts.width) == (LAYERS, model.n_heads, WIDTH)
        assert (facts.family, facts.architecture) == (model.family, type(model.hf).__name__)
        assert (facts.vocab_size, facts.n_positions) == (model.vocab_size, model.n_positions)
        assert facts.n_parameters == model.n_parameters
        assert facts.n_bytes == (tmp_path / family / "model.safetensors").stat().st_size


def test_what_ships_and_what_was_fetched_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    eager("llama").save_pretrained(tmp_path / "shipped" / "scribble")
    eager("gpt2").save_pretrained(tmp_path / "home" / "models" / "mine")
    (tmp_path / "shipped" / "scribble" / "card.json").write_text('{"loss": 2.5}', encoding="utf-8")
    (tmp_path / "shipped" / "no model").mkdir()
    monkeypatch.setattr(listing, "BUILTIN_FOLDER", tmp_path / "shipped")
    monkeypatch.setenv("NEURONSCOPE_HOME", str(tmp_path / "home"))
    names = model_names()
    assert list(names) == ["builtin:scribble", str(tmp_path / "home" / "models" / "mine")]
    assert names["builtin:scribble"].card == {"loss": 2.5}
    assert names["builtin:scribble"].name == "builtin:scribble"


def test_a_folder_is_read_again_once_a_file_in_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eager("gpt2").save_pretrained(tmp_path)
    card = tmp_path / "card.json"
    card.write_text('{"loss": 2.5}', encoding="utf-8")
    assert folder_facts(tmp_path).card == {"loss": 2.5}
    with monkeypatch.context() as patch:
        patch.setattr(listing, "read_card", None)
        assert folder_facts(tmp_path).card == {"loss": 2.5}
    card.write_text('{"loss": 1.25}', encoding="utf-8")
    assert folder_facts(tmp_path).card == {"loss": 1.25}
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "000512.safetensors").touch()
    assert folder_facts(tmp_path).steps == (512,)


def test_all_weights_that_ship_are_eighteen_megabytes_at_most() -> None:
    sizes = [file.stat().st_size for file in listing.BUILTIN_FOLDER.rglob("*.safetensors")]
    assert len(sizes) > 1
    assert sum(sizes) <= 18_000_000


def test_nothing_is_listed_where_nothing_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "BUILTIN_FOLDER", tmp_path / "nowhere")
    monkeypatch.setenv("NEURONSCOPE_HOME", str(tmp_path))
    assert model_names() == {}


def test_listing_models_imports_no_torch() -> None:
    code = (
        "import sys; from neuronscope.models import SITES, model_names; "
        "model_names(); sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_trained_model_is_measured_from_its_files(test_data: Callable[[str], Path]) -> None:
    facts = folder_facts(test_data("stories260k/hf"))
    assert (facts.n_parameters, facts.n_layers, facts.architecture) == (260_032, 5, "LlamaForCausalLM")


def test_the_room_offers_what_it_names_and_nothing_else() -> None:
    for name in models.__all__:
        assert name == "SITES" or getattr(models, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'open_modle'"):
        _ = models.open_modle  # pyright: ignore[reportAttributeAccessIssue]
