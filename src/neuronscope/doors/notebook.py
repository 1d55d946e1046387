"""How do I ask and look from Python? ``neuronscope.ask`` and ``neuronscope.show``."""

import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console

from neuronscope import catalogue, contract, results, views
from neuronscope.words import BadInput

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Shown:
    """A result as a notebook or a terminal displays it: a picture, or text where there is no screen."""

    result: "xr.Dataset | xr.DataTree"
    variable: str | None = None
    at: Mapping[str, int] = field(default_factory=dict)
    theme: str = "light"

    @property
    def figure(self) -> dict[str, Any]:
        """Return the picture as a Plotly figure in plain data."""
        return views.figure(self.result, variable=self.variable, select=self.at, theme=self.theme)

    def __repr__(self) -> str:
        console = Console(file=io.StringIO(), width=100, highlight=False)
        with console.capture() as text:
            console.print(views.terminal(self.result, variable=self.variable, select=self.at))
        return text.get().rstrip()

    def _repr_html_(self) -> str:
        svg = views.picture(self.figure, format="svg").decode()
        return f'<div style="max-width: 100%; overflow-x: auto">{svg[svg.index("<svg") :]}</div>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            "application/vnd.plotly.v1+json": self.figure,
            "text/html": self._repr_html_(),
            "text/plain": repr(self),
        }


def show(
    result: "xr.Dataset | xr.DataTree",
    *,
    variable: str | None = None,
    at: Mapping[str, int] | None = None,
    theme: Literal["light", "dark"] = "light",
) -> Shown:
    """Show a result as a picture in a notebook and as text in a terminal.

    ``variable`` is the first one unless named; ``at`` holds an axis that the picture has no room for
    at an index, such as ``{"layer": 3}``. Raises ``BadInput`` on a variable, axis or index that the
    result does not have.
    """
    shown = Shown(result, variable=variable, at=dict(at or {}), theme=theme)
    # Drawn once now, so that what does not fit is refused here and not later, while displaying.
    _ = shown.figure
    return shown


def bundle(result: "xr.Dataset | xr.DataTree") -> dict[str, Any] | None:
    """Return what a notebook displays of a result: its picture, and folded under it its variables.

    None for a dataset that no analysis made and for one that no view draws: those look as they always do.
    """
    if "analysis" not in results.provenance(result):
        return None
    try:
        shown = show(result)._repr_mimebundle_()
    except BadInput:
        return None
    folded = f"<details><summary>Variables</summary>{result._repr_html_()}</details>"
    return {**shown, "text/html": shown["text/html"] + folded}


def ask(
    name: str, /, *, store: bool = True, device: str = "cpu", dtype: str = "float32", **arguments: Any
) -> "xr.Dataset":
    """Ask an analysis by name and return its labelled result.

    Subjects may be names or opened objects. A question that was asked before, from any door, is
    looked up; ``store=False`` computes it afresh and keeps nothing. Raises ``BadInput`` in one
    sentence where the name, a parameter or a subject will not do.
    """
    definition = catalogue.find(name)
    kept = results.open_store() if store else None
    with _progress():
        return contract.ask(definition, arguments, store=kept, device=device, dtype=dtype)


@contextmanager
def _progress() -> Iterator[None]:
    """Show progress under the cell of a notebook; say nothing elsewhere."""
    notebook = sys.modules.get("IPython")
    if notebook is None or not hasattr(notebook.get_ipython(), "kernel"):
        yield
        return
    display = notebook.display.display({"text/plain": ""}, raw=True, display_id=True)

    def hear(step: results.Progress) -> None:
        display.update(_bar(step), raw=True)

    try:
        with results.listening(hear):
            yield
    finally:
        display.update({"text/plain": "", "text/html": ""}, raw=True)


def _bar(step: results.Progress) -> dict[str, str]:
    if step.total is None:
        return {"text/plain": f"{step.what}: {step.done}", "text/html": f"{step.what}: {step.done}"}
    words = f"{step.what}: {step.done} of {step.total}"
    meter = f'<progress value="{step.done}" max="{step.total}"></progress>'
    return {"text/plain": words, "text/html": f"<label>{words} {meter}</label>"}
