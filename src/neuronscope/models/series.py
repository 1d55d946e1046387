"""Which moments of a model's training were kept, and where? Read from names of files alone, without torch."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from neuronscope.words import BadInput

STEPS = "steps"
WEIGHTS = "model.safetensors"
_SUBFOLDER = re.compile(r"(?:checkpoint|step)[-_]?(\d+)")
_SHOWN = 9


def step_file(folder: Path, step: int) -> Path:
    """Return where a model's folder keeps the weights of a step.

    >>> step_file(Path("run"), 512).as_posix()
    'run/steps/000512.safetensors'
    """
    return folder / STEPS / f"{step:06d}.safetensors"


def steps_in(folder: Path) -> dict[int, Path]:
    """Return the steps that a folder keeps, in order: files of weights in `steps/`, or folders of models.

    The folders are those that Hugging Face's trainer and others write: `checkpoint-500`, `step-500` and
    `step500`.
    """
    if not folder.is_dir():
        return {}
    kept = {int(file.stem): file for file in (folder / STEPS).glob("*.safetensors") if file.stem.isdigit()}
    if not kept:
        named = ((_SUBFOLDER.fullmatch(below.name), below) for below in folder.iterdir())
        kept = {int(match[1]): below for match, below in named if match and (below / "config.json").is_file()}
    return dict(sorted(kept.items()))


def parted(name: str) -> tuple[str, str | None]:
    """Return a model's name and what stands behind its last `@`: a step, a pattern or a revision, or none.

    >>> parted("builtin:grokking@512"), parted("builtin:scribe")
    (('builtin:grokking', '512'), ('builtin:scribe', None))
    """
    before, at, behind = name.rpartition("@")
    if not at or "/" in behind or "\\" in behind or Path(name).expanduser().exists():
        return name, None
    return before, behind


def is_pattern(behind: str) -> bool:
    """Return whether the words behind an `@` mean several steps rather than one."""
    return bool(re.search(r"[*?,:\[]", behind))


def step_named(name: str, behind: str, known: Iterable[int]) -> int:
    """Return the step that is asked for, such as `512`, `step512` or `last`.

    Raises `BadInput` that names the nearest step where it was not kept.
    """
    steps = sorted(known)
    match = _SUBFOLDER.fullmatch(behind) or re.fullmatch(r"(\d+)", behind)
    if behind == "last" and steps:
        return steps[-1]
    if is_pattern(behind):
        raise BadInput(f"{name}@{behind} names several steps: give one of {counted(steps)}.")
    if not match or not steps:
        raise BadInput(f"{name!r} has no step {behind!r}; it keeps {counted(steps)}.")
    step = int(match[1])
    if step not in steps:
        near = min(steps, key=lambda there: abs(there - step))
        raise BadInput(f"{name!r} keeps no step {step}; the nearest is {near}. It keeps {counted(steps)}.")
    return step


def steps_named(name: str, pattern: str, known: Iterable[int]) -> tuple[int, ...]:
    """Return the steps that a pattern means: `*`, `1?00`, `100:2000` (both ends included), `0,64,512`.

    Raises `BadInput` that lists the steps there are where a part of it means none of them.
    """
    steps = sorted(known)
    parts = [part.strip() for part in pattern.split(",")]
    for part in parts:
        if not any(_meant(part, step) for step in steps):
            raise BadInput(f"No step of {name!r} matches {part!r}; it keeps {counted(steps)}.")
    return tuple(step for step in steps if any(_meant(part, step) for part in parts))


def _meant(part: str, step: int) -> bool:
    if match := re.fullmatch(r"(\d*):(\d*)", part):
        return int(match[1] or 0) <= step and (not match[2] or step <= int(match[2]))
    if match := _SUBFOLDER.fullmatch(part):
        return int(match[1]) == step
    return fnmatchcase(str(step), str(int(part)) if part.isdigit() else part)


def counted(steps: Iterable[int]) -> str:
    """Return the steps as the end of a sentence, the middle of a long list left out.

    >>> counted(range(0, 2000, 100))
    '0, 100, 200, 300, 400, 500, 600, ... 1800, 1900 (20 steps)'
    """
    listed = [str(step) for step in sorted(steps)]
    if not listed:
        return "no steps"
    if len(listed) > _SHOWN:
        return f"{', '.join(listed[: _SHOWN - 2])}, ... {', '.join(listed[-2:])} ({len(listed)} steps)"
    return f"{'step ' if len(listed) == 1 else 'steps '}{', '.join(listed)}"


@contextmanager
def staged(folder: Path, weights: Path) -> Iterator[Path]:
    """Lend a folder that is the model's with the weights of one step, to be opened as any other."""
    with TemporaryDirectory(prefix="neuronscope-step-") as place:
        for file in folder.glob("*.json"):
            if not file.name.endswith(".safetensors.index.json"):
                copyfile(file, Path(place) / file.name)
        target = Path(place) / WEIGHTS
        try:
            target.symlink_to(weights.resolve())
        except OSError:  # some systems let only administrators make links
            copyfile(weights, target)
        yield Path(place)
