"""How is a checkpoint of nanoGPT read as a GPT-2?

Follows `train.py` and `model.py` of github.com/karpathy/nanoGPT: `ckpt.pt` holds `model_args` and the state
dict.
"""

import pickle  # noqa: TID251 - its opcodes for plain data only; every name of a class or function is refused
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import GPT2Config, GPT2LMHeadModel

from neuronscope.words import BadInput

_LINEAR = ("attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")
_MASKS = (".attn.bias", ".attn.masked_bias")
_ARGUMENTS = ("n_layer", "n_head", "n_embd", "block_size", "vocab_size")


class CharacterTokenizer:
    """One token a character, as nanoGPT's `meta.pkl` numbers them."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self.numbers = dict(numbers)
        self._characters = {number: character for character, number in numbers.items()}

    def __call__(self, text: str, **_: Any) -> dict[str, list[int]]:
        return {"input_ids": self.encode(text)}

    def encode(self, text: str, **_: Any) -> list[int]:
        """Return the numbers of the characters; raises `BadInput` for one outside the alphabet."""
        unknown = [character for character in text if character not in self.numbers]
        if unknown:
            raise BadInput(
                f"This model's alphabet has no {unknown[0]!r}: use its {len(self.numbers)} characters only."
            )
        return [self.numbers[character] for character in text]

    def decode(self, tokens: Sequence[int], **_: Any) -> str:
        """Return the text of token ids; numbers beyond the alphabet, which padding adds, read as U+FFFD."""
        return "".join(self._characters.get(int(token), "\N{REPLACEMENT CHARACTER}") for token in tokens)


def read_nanogpt(file: Path) -> tuple[GPT2LMHeadModel, CharacterTokenizer | None, dict[str, Any]]:
    """Return the network of a nanoGPT checkpoint, its tokenizer where `meta.pkl` lies beside it, and facts.

    The linear maps are turned to GPT-2's orientation, `torch.compile`'s prefix is dropped, biases that the
    checkpoint leaves out are zero, and rows that pad the vocabulary stay. The activation is the exact GELU of
    nanoGPT. Raises `BadInput` when the file is no such checkpoint.
    """
    if not file.is_file():
        raise BadInput(f"There is no file {str(file)!r}: give the path of a nanoGPT ckpt.pt.")
    try:
        saved = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise BadInput(
            f"{str(file)!r} is no checkpoint that can be read safely: it must hold tensors only."
        ) from error
    arguments = saved.get("model_args") if isinstance(saved, dict) else None
    if (
        not isinstance(arguments, dict)
        or "model" not in saved
        or not all(key in arguments for key in _ARGUMENTS)
    ):
        raise BadInput(
            f"{str(file)!r} is no nanoGPT checkpoint: it needs 'model' and 'model_args' with {_ARGUMENTS}."
        )
    network = GPT2LMHeadModel(_config(arguments))
    _load(network, saved["model"], file)
    facts = {"source": "nanoGPT checkpoint", "iterations": saved.get("iter_num")}
    best = saved.get("best_val_loss")
    facts["validation_loss"] = None if best is None else float(best)
    return network, _tokenizer(file.parent / "meta.pkl"), facts


def _config(arguments: Mapping[str, Any]) -> GPT2Config:
    return GPT2Config(
        n_layer=arguments["n_layer"],
        n_head=arguments["n_head"],
        n_embd=arguments["n_embd"],
        n_positions=arguments["block_size"],
        vocab_size=arguments["vocab_size"],
        activation_function="gelu",
        bos_token_id=None,
        eos_token_id=None,
        tie_word_embeddings=True,
    )


def _load(network: GPT2LMHeadModel, saved: Mapping[str, Tensor], file: Path) -> None:
    weights = {name.removeprefix("_orig_mod."): weight for name, weight in saved.items()}
    weights = {name: weight for name, weight in weights.items() if not name.endswith(_MASKS)}
    turned = {name: weight.T if name.endswith(_LINEAR) else weight for name, weight in weights.items()}
    for name, weight in network.state_dict().items():
        if name.endswith(".bias") and name not in turned:
            turned[name] = torch.zeros_like(weight)
    turned.setdefault("lm_head.weight", turned.get("transformer.wte.weight", torch.empty(0)))
    try:
        network.load_state_dict(turned)
    except RuntimeError as error:
        first = str(error).partition("\n")[2].strip().partition("\n")[0]
        raise BadInput(f"{str(file)!r} does not fit its own 'model_args': {first:.120}") from error


class _PlainUnpickler(pickle.Unpickler):
    """Read numbers, strings and containers only: any name of a class or function is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is not plain data")


def _tokenizer(file: Path) -> CharacterTokenizer | None:
    if not file.is_file():
        return None
    try:
        with file.open("rb") as stream:
            numbers = _PlainUnpickler(stream).load()["stoi"]
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError, IndexError) as error:
        raise BadInput(
            f"{str(file)!r} is not the plain character table of nanoGPT: move it away to go on by ids."
        ) from error
    if not isinstance(numbers, dict) or not all(
        isinstance(n, int) and len(c) == 1 for c, n in numbers.items()
    ):
        raise BadInput(
            f"{str(file)!r} numbers something other than characters: move it away to go on by ids."
        )
    return CharacterTokenizer(numbers)
