"""What does a file of questions say? Its parameters, what they run over, and the steps."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Picture(_Part):
    """What of an answer is drawn: a variable, the first where it is left out, at places on its axes."""

    variable: str = ""
    at: dict[str, str | int | float] = {}


class Check(_Part):
    """A number of an answer that must lie above or below a limit, and what to think where it does not.

    ``of`` is a variable, ``at`` chooses places on its axes by their labels, and ``take`` makes one number of
    those that are left: the largest, the smallest or their mean.
    """

    of: str
    at: dict[str, str | int | float] = {}
    take: Literal["largest", "smallest", "mean"] = "mean"
    above: float | None = None
    below: float | None = None
    met: str
    missed: str

    @model_validator(mode="after")
    def _limited(self) -> "Check":
        if self.above is None and self.below is None:
            raise ValueError("a check needs 'above' or 'below'")
        return self


class Step(_Part):
    """One question or one thing to make: its name, its arguments, and the prose that leads to it.

    Arguments may name parameters and earlier steps in braces: ``{prompt}`` is a value, and ``{examples}``
    the file or folder that the step ``examples`` left behind. ``do`` are interventions that the model is
    under, in the place of the chain's.
    """

    name: str = Field(default="", pattern=r"^([a-z][a-z0-9_-]*)?$")
    ask: str = ""
    make: str = ""
    given: dict[str, Any] = Field(default={}, alias="with")
    do: list[str] | None = None
    prose: str = ""
    show: list[Picture] = [Picture()]
    check: list[Check] = []

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("name"):
            return {**data, "name": str(data.get("ask") or data.get("make") or "").replace("_", "-")}
        return data

    @model_validator(mode="after")
    def _one_thing(self) -> "Step":
        if bool(self.ask) == bool(self.make):
            raise ValueError("a step needs either 'ask' or 'make'")
        return self

    @property
    def does(self) -> str:
        """Return the name of the analysis or maker."""
        return self.ask or self.make


class Lines(_Part):
    """Values that stand in a text file, one a line, beside the file of the chain."""

    lines: str


class Files(_Part):
    """Values that are files beside the file of the chain, by a pattern such as ``texts/*.txt``."""

    files: str


class Chain(_Part):
    """Questions that follow one another.

    ``given`` holds the parameters with the values that hold unless others are given, ``over`` those that run
    over several values: every combination is one cell, and a step runs once for each cell that its arguments
    tell apart. ``do`` are interventions that the model is under in every question about a model.
    """

    title: str
    summary: str = ""
    prose: str = ""
    given: dict[str, str | int | float | bool] = Field(default={}, alias="with")
    over: dict[str, list[str | int | float | bool] | Lines | Files] = {}
    device: str = "cpu"
    dtype: str = "float32"
    do: list[str] = []
    steps: list[Step] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> "Chain":
        names = [*self.given, *self.over, *(step.name for step in self.steps)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice!r} names two things; a step can be renamed with 'name'")
        return self
