"""Four tokenizers that write words differently: scribe's, bytes, a BPE from a local folder, and GPT-2's."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, GPT2TokenizerFast, PreTrainedTokenizerFast

from neuronscope.data.documentation import documentation_split


@pytest.fixture(scope="session")
def scribe() -> Any:
    return AutoTokenizer.from_pretrained(str(files("neuronscope.models").joinpath("builtin", "scribe")))


@pytest.fixture(scope="session")
def bytewise() -> Any:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE({sign: place for place, sign in enumerate(alphabet)}, []))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # pyright: ignore[reportAttributeAccessIssue]
    return PreTrainedTokenizerFast(tokenizer_object=plain)


@pytest.fixture(scope="session")
def local_bpe(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Train a BPE on prose that mentions none of the tasks, save it, and open the folder."""
    learned = Tokenizer(models.BPE())
    learned.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # pyright: ignore[reportAttributeAccessIssue]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=1000, initial_alphabet=alphabet, show_progress=False)
    learned.train_from_iterator((page.text for page in documentation_split(validation=True)), trainer)
    folder: Path = tmp_path_factory.mktemp("bpe")
    PreTrainedTokenizerFast(tokenizer_object=learned).save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="session")
def gpt2(test_data: Callable[[str], Path]) -> Any:
    folder = test_data("gpt2_tokenizer")
    opened = GPT2TokenizerFast(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"))
    assert len(opened) == 50257
    return opened
