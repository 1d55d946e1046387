"""A small random model in a folder, as a person would give it to a door."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write a random GPT-2 of three blocks and 200 positions that reads bytes, and name its folder."""
    folder: Path = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    sizes = GPT2Config(
        n_embd=16, n_layer=3, n_head=2, n_positions=200, vocab_size=256, bos_token_id=0, eos_token_id=0
    )
    GPT2LMHeadModel(sizes).save_pretrained(folder)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={byte: i for i, byte in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    return str(folder)
