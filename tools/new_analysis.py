"""Write the three files of a new analysis: the function, its test and its page.

``python tools/new_analysis.py predictions/surprise``: what it writes works as it stands, so change
one thing at a time. The catalogue's index is written afresh, so the analysis is at every door at once.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WINGS = (
    *("attention", "attribution", "brain", "circuits", "comparison", "development", "dynamics", "editing"),
    *("features", "models", "neurons", "patching", "predictions", "probing", "safety", "second_order"),
)

ANALYSIS = '''"""{title}: how long is the residual stream after each block?"""

import xarray as xr

from neuronscope.contract import analysis
from neuronscope.instruments import residual_stream
from neuronscope.models import Model
from neuronscope.results import label
from neuronscope.words import Prompt


@analysis(kind="grid")
def {name}(model: Model, prompt: Prompt) -> xr.Dataset:
    """Measure the length of the residual stream at every depth and position.

    Returns ``{name}`` over depth and position, in the stream's own units. Depth 0 is the embedding.
    """
    tokens = model.tokenize(prompt)
    stream = residual_stream(model, tokens)
    return label(
        {{"depth": range(len(stream)), "token": ("position", model.token_texts(tokens))}},
        {name}=("depth position", stream.norm(dim=-1), {{"long_name": "length of the residual stream"}}),
    )
'''

TEST = '''"""{title}, held to what must be true of it whatever the model has learnt."""

import numpy as np

import neuronscope


def test_later_tokens_change_nothing_that_came_before() -> None:
    model = neuronscope.open_model("builtin:scribe")
    whole = neuronscope.{name}(model, "The keys to the cabinet")
    start = neuronscope.{name}(model, "The keys to")
    before = {{"position": slice(0, start.sizes["position"])}}
    np.testing.assert_allclose(whole.{name}.isel(before), start.{name}, rtol=1e-4)


def test_a_stream_has_a_length_everywhere() -> None:
    result = neuronscope.{name}("builtin:scribe", "The keys to the cabinet")
    assert (result.{name} > 0).all()
'''

PAGE = """# {title}

**The question.** How long is the residual stream after each block?

```console
neuronscope ask {command} --model builtin:scribe --prompt "The keys to the cabinet"
```

## How to read it

Each column is a token of the prompt, each row a depth of the residual stream: depth 0 is the embedding,
depth *d* follows block *d* − 1. A cell holds the length of the stream there.

## How it misleads

- Most models divide the stream by its own length before they read it, so a longer stream need not say more.
"""


def write(place: str, root: Path = ROOT) -> list[Path]:
    """Write the analysis, its test and its page, and return their paths.

    Raises ``ValueError`` where the place is none or is taken.
    """
    wing, _, name = place.partition("/")
    if wing not in WINGS or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise ValueError(f"{place!r} is no place: write wing/name, wing being one of {', '.join(WINGS)}.")
    taken = list((root / "src" / "neuronscope" / "analyses").glob(f"*/{name}.py"))
    if taken:
        raise ValueError(f"There is an analysis called {name!r} already, in {taken[0].parent.name}.")
    home = root / "src" / "neuronscope" / "analyses" / wing
    words = {"name": name, "command": name.replace("_", "-"), "title": name.replace("_", " ").capitalize()}
    texts = {
        home / f"{name}.py": ANALYSIS,
        root / "tests" / "analyses" / wing / f"test_{name}.py": TEST,
        root / "docs" / "analyses" / f"{name}.md": PAGE,
    }
    for file, text in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(**words), encoding="utf-8")
    if not (home / "__init__.py").exists():
        meaning = wing.replace("_", " ")
        (home / "__init__.py").write_text(f'"""Questions about {meaning}."""\n', encoding="utf-8")
    return list(texts)


def main(words: list[str]) -> int:
    """Write the files, bring the index up to date, and say where they are."""
    if len(words) != 1:
        sys.stderr.write("Say where: python tools/new_analysis.py predictions/surprise\n")
        return 2
    try:
        written = write(words[0])
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    source = str(ROOT / "src")
    subprocess.run(
        [sys.executable, "-m", "neuronscope.catalogue"],
        env={**os.environ, "PYTHONPATH": source},
        check=True,
    )
    for file in written:
        sys.stdout.write(f"{file.relative_to(ROOT).as_posix()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
