"""Into which tokens is text cut? Tokenizers that are made from the text itself."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from neuronscope.data.corpora import BOUNDARY

# The pattern of GPT-2, except that every digit stands alone.
PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def byte_pair_tokenizer(texts: Iterable[str], *, n_tokens: int, context: int) -> PreTrainedTokenizerFast:
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
    return _fast(tokenizer, context)


def character_tokenizer(texts: Iterable[str], *, context: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer of one token a character, in the order of their code points, after the boundary.

    A character that none of the texts has becomes the boundary.
    """
    characters = sorted({character for text in texts for character in text})
    numbers = {token: number for number, token in enumerate([BOUNDARY, *characters])}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token=BOUNDARY))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([BOUNDARY])
    return _fast(tokenizer, context)


def _fast(tokenizer: Tokenizer, context: int) -> PreTrainedTokenizerFast:
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
    """Return the tokenizer in the folder, a byte-level one trained first where the folder has none."""
    if not (folder / "tokenizer.json").exists():
        byte_pair_tokenizer(texts, n_tokens=n_tokens, context=context).save_pretrained(folder)
    return PreTrainedTokenizerFast.from_pretrained(folder)
