"""Writes the folders of networks whose insides are known: tokens that are whole words, weights, a card."""

import json
import platform
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from neuronscope.learned.loop import CHECKPOINT
from neuronscope.maths.resampling import wilson_interval
from neuronscope.models.layouts.plain import PlainTransformer
from neuronscope.models.series import STEPS

BEGINNING = "<bos>"


def word_tokenizer(
    words: list[str], *, context: int, beginning: str | None = BEGINNING
) -> PreTrainedTokenizerFast:
    """Return a tokenizer whose tokens are the words between spaces, numbered in the order given.

    ``beginning`` is put before every text, and stands for words that the list lacks; it has the number 0.
    Without it nothing is put before a text, and the last word stands for them.
    """
    entries = words if beginning is None else [beginning, *words]
    unknown = beginning or words[-1]
    tokenizer = Tokenizer(
        models.WordLevel({word: token for token, word in enumerate(entries)}, unk_token=unknown)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special: dict[str, Any] = {"unk_token": unknown}
    if beginning is not None:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{beginning} $A", special_tokens=[(beginning, 0)]
        )
        special = dict.fromkeys(("bos_token", "unk_token", "pad_token"), beginning)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
        **special,
    )


def write_network(
    model: PreTrainedModel, folder: Path, tokenizer: PreTrainedTokenizerFast | None, *, half: bool = True
) -> None:
    """Write configuration, tokenizer if any, and weights, rounded to half precision where ``half``."""
    folder.mkdir(parents=True, exist_ok=True)
    config = json.loads(model.config.to_json_string())
    config |= {"architectures": [type(model).__name__], "dtype": "float32"}
    for said_by_the_surroundings in ("_name_or_path", "transformers_version"):
        config.pop(said_by_the_surroundings, None)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    if tokenizer is not None:
        tokenizer.save_pretrained(folder)
    write_weights(model, folder / "model.safetensors", half=half)


def write_weights(model: nn.Module, file: Path, *, half: bool = True) -> None:
    """Write a network's tensors, rounded to half precision where ``half``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    dtype = torch.float16 if half else torch.float32
    tensors = {name: tensor.detach().to(dtype).contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, file, metadata={"format": "pt"})
    file.chmod(0o644)


def architecture(model: PlainTransformer, folder: Path) -> dict[str, Any]:
    """Return the shape of a network for its card, with the digest of its weights in the folder."""
    config = model.config
    return {
        "class": type(model).__name__,
        "layers": config.num_hidden_layers,
        "width": config.hidden_size,
        "heads": config.num_attention_heads,
        "neurons": 0 if config.attention_only else config.intermediate_size,
        "context": config.max_position_embeddings,
        "vocabulary": config.vocab_size,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "weights": "float16 safetensors; every number here was measured on them in float32",
        "sha256": sha256((folder / "model.safetensors").read_bytes()).hexdigest(),
    }


def surroundings() -> dict[str, Any]:
    """Return what the bits of a training run depend on: processor, threads and versions."""
    return {
        "threads": torch.get_num_threads(),
        "processor": processor(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def processor() -> str:
    """Return the processor's name and the vector instructions that its arithmetic may use."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    known = facts.get("flags", "").split()
    flags = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in known]
    return f"{facts.get('model name', platform.machine())} ({', '.join(flags)})"


def trained(model: PlainTransformer, out: Path) -> PlainTransformer:
    """Return the network with the weights that a training run left in a folder."""
    model.load_state_dict(torch.load(out / CHECKPOINT, weights_only=True)["model"])
    return model


def copy_steps(out: Path, folder: Path) -> None:
    """Take over the weights of the kept steps of a training run, and no others."""
    shutil.rmtree(folder / STEPS, ignore_errors=True)
    (folder / STEPS).mkdir(parents=True)
    for file in sorted((out / STEPS).glob("*.safetensors")):
        copy = shutil.copyfile(file, folder / STEPS / file.name)
        copy.chmod(0o644)


def training_facts(out: Path, recipe: dict[str, Any]) -> dict[str, Any]:
    """Return how the network in a training folder came about; bits depend on processor and versions."""
    saved = torch.load(out / CHECKPOINT, weights_only=True)
    counts = {"steps": saved["step"], "tokens": saved["n_tokens"], "seconds": round(saved["seconds"])}
    return {**recipe, **counts, **surroundings()}


def share(right: Sequence[bool] | np.ndarray) -> dict[str, Any]:
    """Return the share of right answers with its 95 % Wilson interval and the number of answers."""
    n_right, n = int(sum(right)), len(right)
    low, high = wilson_interval(n_right, n)
    ends = {"low": round(float(low), 4), "high": round(float(high), 4)}
    return {"value": round(n_right / n, 4), **ends, "n": n}


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write `card.json` into the folder."""
    (folder / "card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")
