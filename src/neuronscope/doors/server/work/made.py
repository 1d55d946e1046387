"""What did makers leave here? Folders inside the server's own home, each with a name that opens it."""

import json
import re
from pathlib import Path
from typing import Any

from neuronscope.words import BadInput

PREFIX = "made:"
METRICS = "metrics.nc"
MOST_LISTED = 500
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def new_name(maker: str, given: str) -> str:
    """Return the name by which what a maker makes will open; raises ``BadInput`` on an unfit word."""
    if not _WORD.fullmatch(given):
        raise BadInput(
            f"called={given!r} cannot name a folder; use up to 64 letters, digits, dots, dashes or "
            "underscores, a letter or digit first."
        )
    return f"{PREFIX}{maker.replace('/', '.')}/{given}"


def path_of(name: str, home: Path) -> str:
    """Return the path that a ``made:`` name means, with its ``@STEP`` if it has one; other names as they are.

    Raises ``BadInput`` where it would lead outside of what was made here, and on what names no file.
    """
    check_sound(name)
    if not name.startswith(PREFIX):
        return name
    place, at, step = name.removeprefix(PREFIX).partition("@")
    words = place.split("/")
    if not 2 <= len(words) <= 3 or not all(_WORD.fullmatch(word) for word in words):
        raise BadInput(f"{name!r} names nothing that was made here; write made:MAKER/NAME.")
    path = home.joinpath(*words)
    if not path.resolve().is_relative_to(home.resolve()):
        raise BadInput(f"{name!r} leads outside of what was made here.")
    return f"{path}{at}{step}"


def check_sound(name: str) -> None:
    """Raise ``BadInput`` on a name at which the system itself would stumble."""
    try:
        for part in (name, name.partition(":")[2]):
            Path(part).expanduser()
    except RuntimeError:
        raise BadInput(f"{name!r} begins with the home of somebody who is not known here.") from None
    if "\0" in name:
        raise BadInput(f"{name!r} holds a zero byte, which no name has.")


def known(type_name: str, home: Path) -> dict[str, str]:
    """Return what was made here and opens as a type of subject, each with a line that says what it is."""
    found = {}
    for folder in sorted(home.glob("*/*"))[:MOST_LISTED]:
        name = f"{PREFIX}{folder.parent.name}/{folder.name}"
        found |= {name + end: summary for end, summary in _opens(folder, type_name).items()}
    return found


def _opens(folder: Path, type_name: str) -> dict[str, str]:
    """Return the endings by which a folder opens as a type, each with what it is then."""
    config = _config(folder)
    is_lens = "base_model_name_or_path" in config
    by = folder.parent.name.replace("_", " ")
    if type_name == "Result" and (folder / METRICS).exists():
        return {f"/{METRICS}": f"What was measured while this {by} was made here."}
    if type_name == "Lens" and is_lens:
        return {"": f"Made here for {config['base_model_name_or_path']}."}
    if type_name == "Model" and "model_type" in config and not is_lens:
        return {"": f"A {config['model_type']} made here."}
    if type_name == "Checkpoints" and "model_type" in config and (folder / "steps").is_dir():
        return {"@*": f"{sum(1 for _ in (folder / 'steps').iterdir())} steps of a model made here."}
    return {}


def _config(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
