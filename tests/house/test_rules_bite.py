"""Each house rule, seen to fail on purpose: a small tree keeps it, one planted line breaks it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import rules

WORDS = 'AXES = {"position": "token of the prompt", "width": "entry of the residual stream"}\n'
PAGE = "# Surprise\n**The question.** Is it?\n## How to read it\n## How it misleads\n"
LONG_FUNCTION = "def long() -> int:\n    total = 0\n" + "    total += 1\n" * 59 + "    return total\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one analysis, its page and its test, that keeps every rule."""
    plant(tmp_path, "src/neuronscope/words/axes.py", WORDS)
    plant(
        tmp_path,
        "src/neuronscope/analyses/predictions/surprise.py",
        'def surprise(s: Float[Tensor, "position width"]) -> int:\n    """Measure it."""\n    return 1\n',
    )
    plant(
        tmp_path,
        "tests/analyses/predictions/test_surprise.py",
        "def test_it() -> None:\n    assert 1 + 1 == 2\n",
    )
    plant(tmp_path, "docs/analyses/surprise.md", PAGE)
    return tmp_path


def plant(root: Path, relative: str, text: str) -> None:
    """Write a file and the folders above it."""
    (root / relative).parent.mkdir(parents=True, exist_ok=True)
    (root / relative).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_a_tree_in_order_breaks_no_rule(tree: Path, rule: Callable[[Path], list[str]]) -> None:
    assert rule(tree) == []


@pytest.mark.parametrize(
    ("rule", "file", "text", "said"),
    [
        (
            rules.file_sizes,
            "src/neuronscope/maths/entropy.py",
            "x = 1\n" * 401,
            "has 401 lines of at most 400",
        ),
        (rules.file_sizes, "workbench/src/shell/Frame.tsx", "// x\n" * 401, "has 401 lines of at most 400"),
        (
            rules.function_sizes,
            "src/neuronscope/maths/entropy.py",
            LONG_FUNCTION,
            "long has 61 lines of at most 60",
        ),
        (rules.names, "src/neuronscope/maths/utils.py", "", "is called 'utils', which says nothing"),
        (rules.names, "workbench/src/helpers.ts", "", "is called 'helpers', which says nothing"),
        (rules.names, "src/neuronscope/misc/entropy.py", "", "is called 'misc', which says nothing"),
        (rules.names, "tools/x.py", "def get_entropy(): ...", ":1 get_entropy has a name that says nothing"),
        (rules.names, "tools/x.py", "class Manager: ...", ":1 Manager has a name that says nothing"),
        (
            rules.axis_words,
            "src/neuronscope/maths/entropy.py",
            'def entropy(p: Float[Tensor, "pos width"]) -> None: ...',
            ":1 has the axis 'pos', which is no word of AXES",
        ),
        (
            rules.axis_words,
            "src/neuronscope/maths/entropy.py",
            'def entropy(p: Int[np.ndarray, "*any seq+1"]) -> None: ...',
            ":1 has the axis 'seq', which is no word of AXES",
        ),
        (rules.homes, "src/neuronscope/analyses/neurons/rest.py", "", "rest has no docs/analyses/rest.md"),
        (
            rules.homes,
            "src/neuronscope/analyses/neurons/rest.py",
            "",
            "rest has no tests/analyses/neurons/test_rest.py",
        ),
        (rules.homes, "docs/analyses/dreams.md", "", "docs/analyses/dreams.md is about no analysis"),
        (
            rules.links,
            "docs/index.md",
            "[one](analyses/surprise.md#how) [two](https://a.b/c) ![three](images/none.png)\n",
            "docs/index.md links to images/none.png, which is not there",
        ),
        (rules.pages, "docs/analyses/surprise.md", "# Surprise\n", "lacks the part '## How it misleads'"),
        (
            rules.citations,
            "src/neuronscope/analyses/predictions/surprise.py",
            '@analysis(kind="tokens", cites="nobody1900nothing")\ndef surprise() -> None: ...\n',
            ":1 cites 'nobody1900nothing', which docs/references.bib does not have",
        ),
        (
            rules.readable_signatures,
            "src/neuronscope/contract/definition.py",
            "from __future__ import annotations\n",
            "definition.py:1 postpones its annotations",
        ),
        (rules.finished, "docs/index.md", "TO" + "DO: the rest\n", "docs/index.md:1 is left for later"),
        (rules.finished, "tests/test_x.py", "assert Tr" + "ue\n", "tests/test_x.py:1 is left for later"),
        (
            rules.at_home_anywhere,
            "docs/index.md",
            "Look in /home" + "/ada/data.\n",
            "docs/index.md:1 knows one machine",
        ),
        (
            rules.at_home_anywhere,
            "workbench/package-lock.json",
            "https://registry.np" + "mjs.org/",
            "knows one machine",
        ),
    ],
)
def test_a_planted_breach_is_named(
    tree: Path, rule: Callable[[Path], list[str]], file: str, text: str, said: str
) -> None:
    plant(tree, file, text)
    assert [breach for breach in rule(tree) if said in breach]


def test_a_folder_with_21_files_is_too_full(tree: Path) -> None:
    for number in range(21):
        plant(tree, f"src/neuronscope/maths/part{number}.py", "")
    assert rules.folder_sizes(tree) == ["src/neuronscope/maths holds 21 code files of at most 20"]


def test_what_is_installed_or_built_is_not_judged(tree: Path) -> None:
    for folder in ("node_modules/x", ".venv/lib", "src/neuronscope/workbench/assets"):
        plant(tree, f"{folder}/utils.py", "x = 1\n" * 500)
    assert rules.file_sizes(tree) == rules.names(tree) == []
