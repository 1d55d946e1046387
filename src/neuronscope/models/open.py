"""How do I open a model: one that ships with the package, one of mine in a folder, or one of the hub?"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251 - raised where weights hold more than tensors
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging

from neuronscope.models.layouts.bare import bare_network
from neuronscope.models.layouts.build import LOADING
from neuronscope.models.layouts.nanogpt import CharacterTokenizer, read_nanogpt
from neuronscope.models.layouts.opening import names_layout, open_layout
from neuronscope.models.listing import read_card
from neuronscope.models.model import Model
from neuronscope.models.places import placed, unopened
from neuronscope.models.series import staged
from neuronscope.words import BadInput

NANOGPT = "nanogpt:"
DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
QUANTISED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "bitsandbytes-8bit": ("bitsandbytes", "BitsAndBytesConfig", {"load_in_8bit": True}),
    "bitsandbytes-4bit": ("bitsandbytes", "BitsAndBytesConfig", {"load_in_4bit": True}),
    "torchao-int8": ("torchao", "TorchAoConfig", {"quant_type": "Int8WeightOnlyConfig"}),
    "torchao-int4": ("torchao", "TorchAoConfig", {"quant_type": "Int4WeightOnlyConfig"}),
}
_SAFE_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_PICKLED_WEIGHTS = ("pytorch_model.bin", "pytorch_model.bin.index.json")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")
_REFUSALS = (
    *(ValueError, OSError, KeyError, RuntimeError, ImportError, AttributeError, TypeError),
    *(SafetensorError, UnpicklingError),
)


def open_model(
    name: str,
    *,
    device: str = "cpu",
    dtype: str = "float32",
    device_map: str | dict[str, Any] | None = None,
    quantised: str | None = None,
) -> Model:
    """Open a model and return it ready to look into.

    ``name`` is `builtin:NAME[/VARIANT]`, a local Hugging Face folder of any family, a nanoGPT checkpoint
    (`nanogpt:FILE`, or any path that ends in .pt), a checkpoint of another layout (`transformer_lens:PATH`,
    `mapping:FILE`, a folder that holds neuronscope-mapping.yaml; see `neuronscope.models.layouts.mapping`),
    or a Hugging Face id. Behind an `@` stands a moment of its training: a step that the built-in model or
    the folder keeps, or a revision of the id. The class is the one that the configuration names among its
    architectures. Code that comes with a model is never run, and pickled weights are read as tensors only.

    ``device`` is cpu, cuda, cuda:N or mps; ``dtype`` float32, float64, bfloat16 or float16. ``device_map``
    spreads the weights over devices, such as "auto", by accelerate; ``quantised`` reduces them on loading:
    bitsandbytes-8bit, bitsandbytes-4bit, torchao-int8 or torchao-int4, where that package is installed.

    Raises `BadInput` in one sentence when the name, the folder, its weights, the device or the dtype will
    not do.
    """
    loading = _loading(device, device_map, quantised)
    place, numbers = _device(device), _dtype(dtype)
    layout = names_layout(name)
    if layout or name.startswith(NANOGPT) or name.endswith(".pt"):
        if loading:
            raise BadInput("device_map and quantised are for Hugging Face folders: leave them out here.")
        network, tokenizer, card = _laid_out(name, numbers) if layout else _nanogpt(name)
    else:
        folder, weights = placed(name)
        if weights is None:
            network = _network(folder, numbers, loading)
        else:
            with staged(folder, weights) as step:
                network = _network(step, numbers, loading, name=name)
        tokenizer, card = _tokenizer(folder), read_card(folder)
    if not loading:
        _moved(network, place, None if getattr(network, "hf_quantizer", None) else numbers)
    return Model(network, name=name, tokenizer=tokenizer, card=card)


def open_module(network: nn.Module, *, name: str = "") -> Model:
    """Return any network of torch (a CNN, an RNN, an MLP) as a model, its modules read by their own names.

    Its sites are `module.<dotted.name>:in` and `:out`; it runs on the arguments of its own forward by name,
    or on one tensor, its first. What the network returns, or the first tensor of it, are the logits. The
    network is put in evaluation mode and its parameters are frozen. Raises `BadInput` for what is no network.

    >>> linear = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())
    >>> open_module(linear).n_parameters
    8
    """
    return Model(bare_network(network), name=name or type(network).__name__)


def _loading(device: str, device_map: Any, quantised: str | None) -> dict[str, Any]:
    """Return what `from_pretrained` needs beyond the folder, where more is asked than one device."""
    if device_map is None and quantised is None:
        return {}
    if device_map is not None and device != "cpu":
        raise BadInput("device and device_map both say where the weights go: give one of them.")
    _installed("accelerate", "device_map" if device_map is not None else "quantised")
    if quantised is None:
        return {"device_map": device_map}
    if quantised not in QUANTISED:
        raise BadInput(f"There is no quantised {quantised!r}: choose {', '.join(QUANTISED)}.")
    package, config, choices = QUANTISED[quantised]
    _installed(package, f"quantised={quantised!r}")
    if package == "torchao":
        choices = {"quant_type": getattr(import_module("torchao.quantization"), choices["quant_type"])()}
    settings = getattr(transformers, config)(**choices)
    return {"device_map": device if device_map is None else device_map, "quantization_config": settings}


def _installed(package: str, asked: str) -> None:
    if find_spec(package) is None:
        raise BadInput(f"{asked} needs the package {package}: pip install {package}, or leave {asked} out.")


def _moved(network: Any, place: torch.device, numbers: torch.dtype | None) -> None:
    if numbers is None:
        network.to(device=place)
    else:
        network.to(device=place, dtype=numbers)


def _nanogpt(name: str) -> tuple[PreTrainedModel, Any, dict[str, Any]]:
    return read_nanogpt(Path(name.removeprefix(NANOGPT)).expanduser())


def _laid_out(name: str, numbers: torch.dtype) -> tuple[PreTrainedModel, Any, dict[str, Any]]:
    network, mapping, folder = open_layout(name, dtype=numbers)
    if mapping.alphabet is None:
        tokenizer = _tokenizer(folder)
    else:
        tokenizer = CharacterTokenizer({character: token for token, character in enumerate(mapping.alphabet)})
    return network, tokenizer, {"source": mapping.about, **read_card(folder)}


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


def _network(folder: Path, dtype: torch.dtype, loading: dict[str, Any], *, name: str = "") -> PreTrainedModel:
    if not (folder / "config.json").is_file():
        raise BadInput(unopened(folder))
    shown = repr(name) if name else f"The folder {str(folder)!r}"
    safe = any((folder / file).is_file() for file in _SAFE_WEIGHTS)
    if not safe and not any((folder / file).is_file() for file in _PICKLED_WEIGHTS):
        raise BadInput(
            f"The folder {str(folder)!r} holds no weights: "
            f"looked for {_SAFE_WEIGHTS[0]} and {_PICKLED_WEIGHTS[0]}."
        )
    with LOADING:
        bar = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            loaded: Any = _class_of(folder).from_pretrained(
                folder,
                attn_implementation="eager",
                dtype=dtype,
                local_files_only=True,
                output_loading_info=True,
                use_safetensors=safe,
                weights_only=True,
                **loading,
            )
        except _REFUSALS as error:
            first = str(error).strip().partition("\n")[0]
            raise BadInput(f"{shown} does not open as a model: {first:.120}") from error
        finally:
            if bar:
                logging.enable_progress_bar()
    network, report = loaded
    missing = sorted(report["missing_keys"])
    if missing:
        lacking = name or str(folder)
        raise BadInput(f"The weights in {lacking!r} lack {len(missing)} tensors, such as {missing[0]}.")
    return network


def _class_of(folder: Path) -> Any:
    """Return the class that the configuration names, else the causal model of its family, else its trunk."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    for name in config.architectures or ():
        kind = getattr(transformers, name, None)
        if isinstance(kind, type) and issubclass(kind, PreTrainedModel):
            return kind
    return AutoModelForCausalLM if type(config) in AutoModelForCausalLM._model_mapping else AutoModel


def _tokenizer(folder: Path) -> Any:
    if not any((folder / file).is_file() for file in _TOKENIZERS):
        return None
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (ValueError, OSError, KeyError) as error:
        first = str(error).strip().partition("\n")[0]
        raise BadInput(f"The tokenizer in {str(folder)!r} does not open: {first:.120}") from error
