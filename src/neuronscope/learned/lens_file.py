"""How is a tuned lens kept? In the public format: a folder with `config.json` and the translators.

The format is that of the package tuned_lens 0.2: `params.pt` holds the state dict with `{layer}.weight` and
`{layer}.bias`, and the configuration has the seven fields below. `params.safetensors` is read as well.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from neuronscope.learned.keeping import save_atomically
from neuronscope.learned.lenses import Lens, unembedding_hash
from neuronscope.models.layouts.weights import read_weights
from neuronscope.models.model import Model
from neuronscope.words import BadInput

CONFIG = "config.json"
PARAMETERS = "params.pt"
SAFE = ("params.safetensors", "model.safetensors")
LENS_TYPE = "linear_tuned_lens"


def save_lens(translators: nn.ModuleList, model: Model, folder: Path) -> None:
    """Write translators as the lens of a model; the configuration comes last, when all is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: weight.detach().cpu().contiguous() for name, weight in translators.state_dict().items()}
    save_atomically(state, folder / PARAMETERS)
    partial = folder / f"{CONFIG}.partial"
    partial.write_text(json.dumps(_config(model), indent=2) + "\n", encoding="utf-8")
    os.replace(partial, folder / CONFIG)


def _config(model: Model) -> dict[str, Any]:
    return {
        "base_model_name_or_path": model.name,
        "d_model": model.width,
        "num_hidden_layers": model.n_layers,
        "bias": True,
        "base_model_revision": None,
        "unembed_hash": unembedding_hash(model),
        "lens_type": LENS_TYPE,
    }


def open_lens(name: str) -> Lens:
    """Open a tuned lens by its folder: one made here, or one in the public format of tuned-lens.

    Raises `BadInput` in one sentence where there is none, or where its files do not fit one another.
    """
    folder = Path(name).expanduser()
    if not (folder / CONFIG).is_file():
        raise BadInput(f"There is no tuned lens at {name!r}: give a folder with {CONFIG} and {PARAMETERS}.")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        width, n_depths = int(config["d_model"]), int(config["num_hidden_layers"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{str(folder / CONFIG)!r} is not that of a tuned lens: it lacks d_model or num_hidden_layers."
        ) from error
    if config.get("lens_type", LENS_TYPE) != LENS_TYPE:
        raise BadInput(f"The lens {name!r} is of type {config['lens_type']!r}; only {LENS_TYPE!r} is read.")
    state = _state(folder, name)
    return Lens(name, _translators(state, width, n_depths, name), config)


def _state(folder: Path, name: str) -> dict[str, Tensor]:
    safe = next((folder / file for file in SAFE if (folder / file).is_file()), None)
    file = safe or folder / PARAMETERS
    if not file.is_file():
        raise BadInput(f"The lens {name!r} has no {PARAMETERS} beside its {CONFIG}.")
    state = read_weights(file)
    if not isinstance(state, Mapping) or not all(isinstance(part, Tensor) for part in state.values()):
        raise BadInput(f"{str(file)!r} holds no state dict of tensors: fetch or make it anew.")
    return dict(state)


def _translators(state: Mapping[str, Tensor], width: int, n_depths: int, name: str) -> list[nn.Linear]:
    wanted = {f"{depth}.weight": (width, width) for depth in range(n_depths)}
    given = {key: tuple(state[key].shape) for key in state if not key.endswith(".bias")}
    biases = {key: tuple(part.shape) for key, part in state.items() if key.endswith(".bias")}
    fits = {f"{depth}.bias": (width,) for depth in range(n_depths)}
    if given != wanted or (biases and biases != fits):
        odd = next(
            (key for key in state if {**wanted, **fits}.get(key) != tuple(state[key].shape)), "a weight"
        )
        raise BadInput(
            f"The lens {name!r} states {n_depths} layers of width {width}, but {odd} does not fit: its "
            f"weights must be 0.weight to {n_depths - 1}.weight of [{width}, {width}], and biases alike."
        )
    made = []
    for depth in range(n_depths):
        weight = state[f"{depth}.weight"]
        translator = nn.Linear(width, width, bias=bool(biases), dtype=weight.dtype)
        own = {"weight": weight} | ({"bias": state[f"{depth}.bias"]} if biases else {})
        translator.load_state_dict(own)
        made.append(translator)
    return made
