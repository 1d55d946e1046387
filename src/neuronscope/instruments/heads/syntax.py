"""Which heads follow the grammar? Attention between words that depend on each other, and that do not."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from neuronscope.data.treebank import Sentence, sentences
from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.heads.reading import Patterns, measured_heads
from neuronscope.models.model import Model
from neuronscope.words import BadInput

RELATIONS = ("nsubj", "obj", "det", "amod", "case", "advmod", "compound", "aux")
_LONGEST = 30


def subject_attention(model: Model, pairs: PromptPairs) -> tuple[ndarray, ndarray]:
    """Return the attention from where the verb will stand to its subject, and to the noun between.

    Both are [prompt layer head], added up over the tokens of the noun.
    """

    def measure(part: Patterns) -> dict[str, ndarray]:
        found: dict[str, list[ndarray]] = {"subject": [], "attractor": []}
        for place, row in enumerate(part.rows):
            for name, values in found.items():
                values.append(part.pattern[:, place, :, -1][..., list(pairs.spans[row][name])].sum(-1))
        return {name: np.stack(values, axis=1) for name, values in found.items()}

    seen = measured_heads(model, pairs.clean, measure)
    return seen["subject"], seen["attractor"]


def relation_attention(
    model: Model, treebank: str, *, n_sentences: int
) -> tuple[dict[str, Float[ndarray, "prompt layer head"]], dict[str, Float[ndarray, "prompt layer head"]]]:
    """Return the attention along the arcs of each relation, and along no arc at the same distances.

    An arc goes from the last token of the later word to all tokens of the earlier one. Beside it stand all
    other pairs of words of the sentence as many words apart that no arc joins. Only sentences with both
    count. Sentences are the first of 5 to 30 words that differ. Raises `BadInput` for a file that is no
    treebank, without such sentences, and for a tokenizer that does not tell where its tokens stand.
    """
    if not getattr(model.tokenizer, "is_fast", False):
        raise BadInput(f"{model.name} has no tokenizer that tells where its tokens stand in a text.")
    kept = list(islice((one for one in sentences(treebank) if 5 <= len(one.heads) <= _LONGEST), n_sentences))
    read = [(one, words) for one in kept if (words := _tokens_of(model, one)) is not None]
    if len(read) < 2:
        raise BadInput(
            f"{treebank} has fewer than two sentences of 5 to {_LONGEST} words that fit this model."
        )
    arcs = [_arcs(one) for one, _ in read]

    def measure(part: Patterns) -> dict[str, ndarray]:
        rows = [
            _by_relation(part.pattern[:, place], read[row][1], arcs[row])
            for place, row in enumerate(part.rows)
        ]
        return {name: np.stack([row[name] for row in rows], axis=1) for name in rows[0]}

    seen = measured_heads(model, [model.tokenize(one.text) for one, _ in read], measure)
    along, beside = {}, {}
    for relation in RELATIONS:
        counted = np.isfinite(seen[relation]).all((1, 2)) & np.isfinite(seen[f"{relation} null"]).all((1, 2))
        if counted.sum() > 1:
            along[relation], beside[relation] = seen[relation][counted], seen[f"{relation} null"][counted]
    return along, beside


def _tokens_of(model: Model, sentence: Sentence) -> list[list[int]] | None:
    """Return the tokens of each word, or None where some word has none or the sentence is too long."""
    ids = model.tokenizer(sentence.text, add_special_tokens=True, return_offsets_mapping=True)
    if len(ids["input_ids"]) > model.n_positions:
        return None
    words = [
        [n for n, (a, b) in enumerate(ids["offset_mapping"]) if a < stop and b > start]
        for start, stop in sentence.spans
    ]
    return words if all(words) else None


def _arcs(sentence: Sentence) -> dict[str, Bool[ndarray, "item other"]]:
    """Return for each relation, and for all arcs, which later word is joined to which earlier one."""
    n_words = len(sentence.heads)
    found = {name: np.zeros((n_words, n_words), dtype=bool) for name in (*RELATIONS, "all")}
    for word, (head, relation) in enumerate(zip(sentence.heads, sentence.relations, strict=True)):
        if head >= 0:
            later, earlier = max(word, head), min(word, head)
            found["all"][later, earlier] = True
            if relation in found:
                found[relation][later, earlier] = True
    return found


def _by_relation(
    pattern: Float[ndarray, "layer head query key"],
    words: Sequence[Sequence[int]],
    arcs: dict[str, Bool[ndarray, "item other"]],
) -> dict[str, Float[ndarray, "layer head"]]:
    last = [tokens[-1] for tokens in words]
    between = np.stack([pattern[:, :, last][..., list(tokens)].sum(-1) for tokens in words], axis=-1)
    n_words = len(words)
    back = np.arange(n_words)[:, None] - np.arange(n_words)
    found = {}
    for relation in RELATIONS:
        here = arcs[relation]
        nothing = np.full(pattern.shape[:2], np.nan)
        rows, nulls = [], []
        for distance in back[here]:
            free = (back == distance) & ~arcs["all"]
            if free.any():
                rows.append(between[..., here & (back == distance)].mean(-1))
                nulls.append(between[..., free].mean(-1))
        found[relation] = np.mean(rows, axis=0) if rows else nothing
        found[f"{relation} null"] = np.mean(nulls, axis=0) if nulls else nothing
    return found
