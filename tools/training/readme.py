"""Writes a model's README from its card: the same numbers, in prose."""

from pathlib import Path
from typing import Any

_PAGE = """# {name}

A small English language model of GPT-2 class, trained from nothing by the NeuronScope project, to look
inside of. It has {layers} layers of width {width} with {heads} heads, a context of {context} tokens,
{vocabulary} byte-level tokens (every digit is one) and {parameters:,} parameters, stored as float16.

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained("scribe")  # this folder
tokenizer = AutoTokenizer.from_pretrained("scribe")
```

In NeuronScope it is called `{name}`.

## What it has read

- English of Python's own documentation (`pydoc_data.topics` and the docstrings of the standard library
  of Python {python}, {documents} documents, {bytes:,} bytes, SHA-256 `{digest}`), from the interpreter
  that trained it.
- Short texts of a seeded generator (`neuronscope.data.texts`) whose structure is known: {structures}
  structures, from indirect objects to arithmetic. Templates and fillers are split; what is measured
  below was never read in its structure. A held-out filler is read in other structures, so that the
  model knows the word; repeated strings have a sibling, quotations, that copies other words.
- 500 + 5,000 problems of two-digit arithmetic were kept out by hash.

It was trained for {steps:,} steps, {tokens:,} tokens, in {hours} on {threads} thread of {processor},
torch {torch}, with seed {seed}, in {phases} phases (their weights are in `card.json`).

## What it can do

Greedy exact match of the whole answer, on unseen templates and fillers, with 95 % intervals.

| structure | accuracy | interval | problems | with templates and fillers of its training |
|---|---|---|---|---|
{accuracies}

Two-digit problems that it never read, asked as `47 + 38 =`:

| problems | accuracy | interval | problems |
|---|---|---|---|
{held_out}

Documentation that it never read: {model_loss} nats a byte, beside {ngram_loss} of an interpolated
Kneser-Ney model of five tokens on the same split; better by {better} ({low} to {high}, bootstrap of
{validation} documents).

## What it cannot do

It knows the world of its generator and the style of Python's manual, and nothing else: no facts outside
the table of countries, no conversation, no instructions. What it says about Python is form, not advice.
The table above says where it fails; `held-out` arithmetic is meant to be sometimes wrong, so that right
and wrong answers can be compared.

## What is known of its inside

Copying from the context appeared within a thousand steps of the second phase, first for the words that
were repeated there, and for other words only after they had been copied in other ways. Where a
structure fails on unseen fillers and succeeds on its own (acronyms, docstrings, plurals), it has
learned which words belong there. Nothing else is claimed here: finding out is what it is for.
"""


def _share(found: dict[str, Any]) -> str:
    return f"{found['accuracy']:.1%} | {found['low']:.1%} – {found['high']:.1%} | {found['n']}"


def _unseen_rows(card: dict[str, Any]) -> str:
    unseen, seen = card["accuracy_unseen"], card["accuracy_seen"]
    return "\n".join(
        f"| {name} | {_share(found)} | {seen[name]['accuracy']:.0%} |" for name, found in unseen.items()
    )


def _rows(shares: dict[str, dict[str, Any]]) -> str:
    return "\n".join(f"| {name} | {_share(found)} |" for name, found in shares.items())


def _hours(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def write_readme(folder: Path, card: dict[str, Any]) -> None:
    """Write README.md beside a card."""
    training, loss = card["training"], card["validation_loss"]
    pages = training["documentation"]
    text = _PAGE.format(
        name=card["name"],
        **{
            name: card["architecture"][name]
            for name in ("layers", "width", "heads", "context", "vocabulary", "parameters")
        },
        **{name: training[name] for name in ("steps", "tokens", "threads", "processor", "torch", "seed")},
        python=pages["python"],
        documents=pages["documents"],
        bytes=pages["bytes"],
        digest=pages["sha256"][:16],
        structures=len(training["mix"]),
        hours=_hours(training["wall_seconds"]),
        phases=len(training["phases"]),
        accuracies=_unseen_rows(card),
        held_out=_rows(card["held_out_arithmetic"]),
        model_loss=f"{loss['model_nats_per_byte']:.3f}",
        ngram_loss=f"{loss['ngram_nats_per_byte']:.3f}",
        better=f"{loss['better_by']:.1%}",
        low=f"{loss['better_by_low']:.1%}",
        high=f"{loss['better_by_high']:.1%}",
        validation=loss["documents"],
    )
    (folder / "README.md").write_text(text)
