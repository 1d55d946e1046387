"""Writes texts of known structure as a corpus: `python tools/write_corpus.py --out FILE`.

The texts are those that `builtin:scribe` reads, drawn from the same generator, so that a model of another
family can be trained on them with `neuronscope make language-model --corpus FILE`. No text states a two-digit
problem that the tasks keep for training probes and for validation.
"""

import argparse
from pathlib import Path
from random import Random

from neuronscope.data.corpora import BOUNDARY
from neuronscope.data.documentation import documentation_split
from neuronscope.data.texts.mix import STRUCTURES, document


def weights(given: list[str]) -> dict[str, float]:
    """Return the weights among `NAME=WEIGHT` words; exits with a sentence where a structure is unknown."""
    found = {}
    for word in given:
        name, _, value = word.partition("=")
        if name not in STRUCTURES:
            raise SystemExit(
                f"--weight {word}: there is no structure {name!r}; it is one of {', '.join(STRUCTURES)}."
            )
        try:
            found[name] = float(value)
        except ValueError:
            raise SystemExit(f"--weight {word}: {value!r} is no number; give NAME=WEIGHT.") from None
    return found


def main() -> None:
    """Write the corpus that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="text file to write")
    parser.add_argument("--texts", type=int, default=200_000, help="how many texts are drawn")
    parser.add_argument(
        "--pages", type=int, default=100, help="how many pages of Python's documentation go first"
    )
    parser.add_argument(
        "--weight", nargs="*", default=[], metavar="NAME=WEIGHT", help="other weights than the mix's"
    )
    parser.add_argument("--seed", type=int, default=0, help="what chance is drawn from")
    asked = parser.parse_args()
    rng, drawn = Random(f"{asked.seed}/corpus"), weights(asked.weight)
    pages = documentation_split(validation=False)[: asked.pages]
    with asked.out.open("w", encoding="utf-8") as file:
        for text in (*(page.text for page in pages), *(document(rng, drawn) for _ in range(asked.texts))):
            file.write(f"{text}\n{BOUNDARY}\n")


if __name__ == "__main__":
    main()
