"""See, test and change what neurons compute.

Names are fetched when first used, so that importing the package loads neither torch nor xarray:
every analysis by its own name, and the few verbs below.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

__version__ = "0.1.0"

_NAMES = {
    "interventions": "neuronscope.instruments",
    "open_checkpoints": "neuronscope.models.checkpoints",
    "open_corpus": "neuronscope.data.corpora",
    "open_model": "neuronscope.models",
    "open_task": "neuronscope.data.tasks",
    "load": "neuronscope.results",
    "save": "neuronscope.results",
    "provenance": "neuronscope.results",
    "ask": "neuronscope.doors.notebook",
    "show": "neuronscope.doors.notebook",
}
_ANALYSES = {
    file.stem: f"neuronscope.analyses.{file.parent.name}.{file.stem}"
    for file in (Path(__file__).parent / "analyses").glob("*/*.py")
    if file.stem != "__init__"
}
__all__ = sorted([*_NAMES, *_ANALYSES, "__version__"])  # noqa: PLE0605 - analyses are found by looking


def __getattr__(name: str) -> Any:
    place = _NAMES.get(name) or _ANALYSES.get(name)
    if place is None:
        raise AttributeError(f"neuronscope has no {name!r}; it has {', '.join(__all__)}.")
    return getattr(importlib.import_module(place), name)


def __dir__() -> list[str]:
    return __all__


def _show_in_notebooks() -> None:
    """Have a notebook that imports the package show its results as pictures; nothing is loaded for that."""
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if not hasattr(shell, "kernel"):
        return

    def bundle(result: Any, *_: Any, **__: Any) -> dict[str, Any] | None:
        return importlib.import_module("neuronscope.doors.notebook").bundle(result)

    for module, name in (("dataset", "Dataset"), ("datatree", "DataTree")):
        shell.display_formatter.mimebundle_formatter.for_type_by_name(f"xarray.core.{module}", name, bundle)


_show_in_notebooks()
