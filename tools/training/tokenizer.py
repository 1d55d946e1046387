"""Trains the byte-level tokenizer of a built-in model from a stream of texts."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

BOUNDARY = "<|endoftext|>"
# The pattern of GPT-2, except that every digit stands alone.
PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def train_tokenizer(texts: Iterable[str], *, n_tokens: int, context: int) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer of `n_tokens` tokens, the first of them the document boundary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=n_tokens,
        special_tokens=[BOUNDARY],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOUNDARY,
        eos_token=BOUNDARY,
        unk_token=BOUNDARY,
        pad_token=BOUNDARY,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def saved_tokenizer(
    folder: Path, texts: Iterable[str], *, n_tokens: int, context: int
) -> PreTrainedTokenizerFast:
    """Return the tokenizer in the folder, trained first where the folder has none."""
    if not (folder / "tokenizer.json").exists():
        train_tokenizer(texts, n_tokens=n_tokens, context=context).save_pretrained(folder)
    return PreTrainedTokenizerFast.from_pretrained(folder)
