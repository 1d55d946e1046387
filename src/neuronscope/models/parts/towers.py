"""Which lists of blocks does a network run through, and on what inputs can it be tried?"""

import sys
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

_LISTS = (
    "h",
    "layers",
    "layer",
    "blocks",
    "block",
    "resblocks",
    "encoder_layers",
    "decoder_layers",
    "albert_layers",
)
_TOWERS = (
    ("vision", ("vision", "visual", "image")),
    ("text", ("text", "language")),
    ("encoder", ("encoder",)),
    ("decoder", ("decoder",)),
)
_SEED = 0


def towers(network: PreTrainedModel) -> dict[str | None, tuple[str, list[nn.Module]]]:
    """Return by stack the dotted name of its owner and its blocks, under None where there is one."""
    lists = [
        (name, module)
        for name, module in network.named_modules()
        if isinstance(module, nn.ModuleList)
        and name.rpartition(".")[2] in _LISTS
        and len(module)
        and all(_is_block(item) for item in module)
    ]
    names = [name for name, _ in lists]
    outer = [(name, module) for name, module in lists if not any(_inside(name, other) for other in names)]
    named: dict[str, tuple[str, nn.ModuleList]] = {}
    for name, module in outer:
        tower = _tower(name, len(outer))
        if tower not in named or _size(module) > _size(named[tower][1]):
            named[tower] = (name, module)
    if len(named) > 1 and network.get_output_embeddings() is not None:
        named = {tower: found for tower, found in named.items() if tower} or named
    found: dict[str | None, tuple[str, list[nn.Module]]] = {
        tower: (name.rpartition(".")[0], list(module)) for tower, (name, module) in named.items()
    }
    return {None: next(iter(found.values()))} if len(found) == 1 else found


def _is_block(module: nn.Module) -> bool:
    return sum(bool(part._parameters) for part in module.modules()) > 1


def _inside(name: str, other: str) -> bool:
    return name.startswith(f"{other}.")


def _tower(name: str, several: int) -> str:
    if several == 1:
        return "text"
    lowered = name.lower()
    return next((tower for tower, words in _TOWERS if any(word in lowered for word in words)), "text")


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def specimen(network: PreTrainedModel, *, rows: int = 2, length: int = 8) -> dict[str, Tensor]:
    """Return seeded random inputs that a network takes, token ids, images or both, as long as it reads."""
    config: Any = network.config
    length = min(length, context(network))
    weight = next(network.parameters())
    seeded = torch.Generator().manual_seed(_SEED)
    wants = type(network).forward.__code__.co_varnames
    main = getattr(network, "main_input_name", "input_ids")
    inputs: dict[str, Tensor] = {}
    if main == "input_ids" or "input_ids" in wants:
        words = vocabulary_size(network)
        inputs["input_ids"] = torch.randint(words, (rows, length), generator=seeded)
        if config.is_encoder_decoder:
            inputs["decoder_input_ids"] = torch.randint(words, (rows, length - 1), generator=seeded)
    seeing = getattr(config, "vision_config", config)
    size = getattr(seeing, "image_size", None)
    dual = main == "input_ids" and hasattr(config, "text_config") and hasattr(config, "projection_dim")
    if size is not None and (main == "pixel_values" or dual):
        height, width = (size, size) if isinstance(size, int) else size
        shape = (rows, int(getattr(seeing, "num_channels", 3)), height, width)
        inputs["pixel_values"] = torch.rand(shape, generator=seeded).to(weight.dtype)
    if main not in (*inputs, "input_ids", "pixel_values"):
        own = network.dummy_inputs  # a family of ours states what else it takes
        inputs |= {name: own[name].to(weight.dtype) for name in (main,) if name in own}
    return {name: tensor.to(weight.device) for name, tensor in inputs.items()}


def context(network: PreTrainedModel) -> int:
    """Return how many tokens a network reads at once; the largest number where it states no limit."""
    stated = getattr(network.config.get_text_config(), "max_position_embeddings", None) or sys.maxsize
    return int(stated) if stated > 0 else sys.maxsize


def vocabulary_size(network: PreTrainedModel) -> int:
    """Return the number of tokens that the network's input embedding knows."""
    config: Any = network.config
    stated = getattr(config, "vocab_size", None) or getattr(config.get_text_config(), "vocab_size", None)
    embedding = embedding_of(network)
    weight = getattr(embedding, "weight", None)
    if isinstance(stated, int) and stated > 0:
        return stated
    return int(weight.shape[0] if weight is not None else 2)


def embedding_of(network: Any) -> nn.Module | None:
    """Return the module that looks tokens up, or None."""
    try:
        return cast(nn.Module | None, network.get_input_embeddings())
    except (NotImplementedError, AttributeError):
        return None
