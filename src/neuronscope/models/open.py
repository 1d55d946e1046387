"""How do I open a model: one that ships with the package, one of mine in a folder, or one of the hub?"""

from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251 - raised where weights hold more than tensors
from typing import Any, cast

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging

from neuronscope.models.attention import KEY
from neuronscope.models.fetch import cached_model
from neuronscope.models.listing import BUILTIN, BUILTIN_FOLDER, model_names, read_card
from neuronscope.models.model import Model
from neuronscope.models.nanogpt import read_nanogpt
from neuronscope.words import BadInput, nearest

NANOGPT = "nanogpt:"
DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
_SAFE_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_PICKLED_WEIGHTS = ("pytorch_model.bin", "pytorch_model.bin.index.json")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")


def open_model(name: str, *, device: str = "cpu", dtype: str = "float32") -> Model:
    """Open a causal language model and return it ready to look into.

    ``name`` is `builtin:NAME`, a local Hugging Face folder, a nanoGPT checkpoint (`nanogpt:FILE`, or any
    path that ends in .pt), or a Hugging Face id. Code that comes with a model is never run, and pickled
    weights are read as tensors only. ``device`` is cpu, cuda, cuda:N or mps; ``dtype`` float32, float64,
    bfloat16 or float16.

    Raises `BadInput` in one sentence when the name, the folder, its weights, the device or the dtype will
    not do.
    """
    place, numbers = _device(device), _dtype(dtype)
    if name.startswith(NANOGPT) or name.endswith(".pt"):
        network, tokenizer, card = read_nanogpt(Path(name.removeprefix(NANOGPT)).expanduser())
    else:
        folder = _folder(name)
        network, tokenizer, card = _network(folder, numbers), _tokenizer(folder), read_card(folder)
    cast(Any, network).to(device=place, dtype=numbers)
    return Model(network, name=name, tokenizer=tokenizer, card=card)


def _device(device: str) -> torch.device:
    try:
        place = torch.device(device)
    except RuntimeError as error:
        raise BadInput(f"There is no device {device!r}: choose cpu, cuda, cuda:N or mps.") from error
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (place.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(place.type, False):
        ready = [kind for kind in there if kind == "cpu" or (kind != place.type and there[kind])]
        raise BadInput(
            f"The device {device!r} is not available on this machine: choose {' or '.join(ready)}."
        )
    return place


def _dtype(dtype: str) -> torch.dtype:
    if dtype not in DTYPES:
        raise BadInput(f"There is no dtype {dtype!r}: choose one of {', '.join(DTYPES)}.")
    return DTYPES[dtype]


def _folder(name: str) -> Path:
    builtin = [known for known in model_names() if known.startswith(BUILTIN)]
    if name.startswith(BUILTIN):
        if name not in builtin:
            near = nearest(name, builtin) or f"; there is {', '.join(builtin) or 'none'}"
            raise BadInput(f"There is no built-in model {name!r}{near}")
        return BUILTIN_FOLDER / name.removeprefix(BUILTIN)
    path = Path(name).expanduser()
    if name.strip() and path.is_dir():
        return path
    if path.is_file():
        raise BadInput(f"{name!r} is a file: give the folder that holds config.json and the weights.")
    if not name.strip() or name[0] in "./~" or name.endswith("/") or name.count("/") > 1 or "\\" in name:
        raise BadInput(f"There is no folder {name!r}: give a folder that holds config.json and the weights.")
    try:
        return cached_model(name)
    except BadInput as error:
        allowed = f"a built-in ({', '.join(builtin)}), a local folder" if builtin else "a local folder"
        raise BadInput(
            f"Unknown model {name!r}: give {allowed}, or a Hugging Face id that can be fetched."
        ) from error


def _network(folder: Path, dtype: torch.dtype) -> PreTrainedModel:
    if not (folder / "config.json").is_file():
        raise BadInput(f"The folder {str(folder)!r} holds no config.json: give a Hugging Face model folder.")
    safe = any((folder / file).is_file() for file in _SAFE_WEIGHTS)
    if not safe and not any((folder / file).is_file() for file in _PICKLED_WEIGHTS):
        raise BadInput(
            f"The folder {str(folder)!r} holds no weights: "
            f"looked for {_SAFE_WEIGHTS[0]} and {_PICKLED_WEIGHTS[0]}."
        )
    bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            attn_implementation=KEY,
            dtype=dtype,
            local_files_only=True,
            output_loading_info=True,
            trust_remote_code=False,
            use_safetensors=safe,
            weights_only=True,
        )
    except (ValueError, OSError, KeyError, RuntimeError, SafetensorError, UnpicklingError) as error:
        first = str(error).strip().partition("\n")[0]
        raise BadInput(
            f"The folder {str(folder)!r} does not open as a causal language model: {first:.120}"
        ) from error
    finally:
        if bar:
            logging.enable_progress_bar()
    network, report = loaded
    missing = sorted(report["missing_keys"])
    if missing:
        raise BadInput(f"The weights in {str(folder)!r} lack {len(missing)} tensors, such as {missing[0]}.")
    return network


def _tokenizer(folder: Path) -> Any:
    if not any((folder / file).is_file() for file in _TOKENIZERS):
        return None
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (ValueError, OSError, KeyError) as error:
        first = str(error).strip().partition("\n")[0]
        raise BadInput(f"The tokenizer in {str(folder)!r} does not open: {first:.120}") from error
