"""What is an analysis? A plain function, read once into the definition that every door uses.

The signature is the form, the schema and the help; the first docstring line is the summary; the axes
of the result choose its view. Nothing is declared twice, and nothing is registered: the catalogue
finds an analysis later by looking.
"""

import functools
import inspect
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast, get_args

import xarray as xr
from pydantic import BaseModel, ValidationError, create_model

from neuronscope.contract.subjects import Subject, facts, given_subjects, in_play, subject_type
from neuronscope.results import KINDS, Cancelled, kind_of, stamp
from neuronscope.words import BadInput, OrCallable, nearest

try:
    import resource
except ImportError:  # Windows keeps no such count
    resource = None


@dataclass(frozen=True)
class Definition:
    """One analysis, as its own function states it."""

    name: str
    wing: str
    sort: str
    summary: str
    help: str
    kind: str
    cites: str
    version: int
    run: Callable[..., Any]
    subjects: dict[str, Subject]
    parameters: type[BaseModel]
    python_only: frozenset[str]

    @property
    def command(self) -> str:
        """Return the name as the command line and the page address write it."""
        return self.name.replace("_", "-")

    def form(self) -> dict[str, Any]:
        """Describe the analysis as plain JSON, so that any door can draw its form and its help."""
        subjects = [
            {"name": s.name, "type": s.type.name, "required": s.required, "help": s.type.help}
            for s in self.subjects.values()
        ]
        plain = ("name", "command", "wing", "sort", "summary", "help", "kind", "cites", "version")
        return {
            **{field: getattr(self, field) for field in plain},
            "subjects": subjects,
            "parameters": self.parameters.model_json_schema(),
        }

    def check_names(self, given: Iterable[str]) -> None:
        """Raise ``BadInput`` that names the nearest, at the first name that the analysis does not take."""
        known = [*self.subjects, *self.parameters.model_fields]
        for name in given:
            if name not in known:
                hint = nearest(name, known) or f"; it takes {', '.join(known)}."
                raise BadInput(f"{self.name} has no parameter {name!r}{hint}")

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters with defaults filled in.

        Raises ``BadInput`` on a name that the analysis does not take or a value out of bounds.
        """
        callables = {n: v for n, v in given.items() if n in self.python_only and callable(v)}
        plain = {name: value for name, value in given.items() if name not in callables}
        self.check_names(plain)
        stand_ins = {name: self.parameters.model_fields[name].default for name in callables}
        try:
            checked = self.parameters.model_validate(plain | stand_ins)
        except ValidationError as error:
            raise BadInput(_sentence(self.name, error)) from None
        return dict(checked) | callables


class Analysis(Protocol):
    """An analysis as users hold it: still the function that was written, and its definition."""

    definition: Definition

    def __call__(self, *args: Any, **kwargs: Any) -> xr.Dataset:
        """Answer the question; subjects may be objects or the names that the doors take."""
        ...


class Maker(Protocol):
    """A maker as users hold it: still the function that was written, and its definition."""

    definition: Definition

    def __call__(self, *args: Any, **kwargs: Any) -> Path:
        """Make the thing and return its folder."""
        ...


def analysis(
    *, kind: str, cites: str = "", version: int = 1
) -> Callable[[Callable[..., xr.Dataset]], Analysis]:
    """Promise a kind, check the parameters, and stamp each result with where it came from.

    The function stays a plain function, and calling it is calling it; a subject may be given as the
    object or as the name that the doors take. ``version`` rises when the same question gives other
    numbers, so that stored answers of the old code are not mistaken for new ones.
    """
    if kind not in KINDS:
        raise ValueError(f"Unknown kind {kind!r}; choose one of {sorted(KINDS)}.")

    def decorate(function: Callable[..., xr.Dataset]) -> Analysis:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> xr.Dataset:
            given = _bind(definition, args, kwargs)
            started = time.perf_counter()

            def stamped(result: xr.Dataset, given: dict[str, Any]) -> xr.Dataset:
                cost = {"seconds": time.perf_counter() - started, "peak_memory_mb": _peak_memory()}
                source = facts(given, asked.definition.subjects)
                source["models"] = {
                    name: words | {"certificate": given[name].certificate.verdicts()}
                    for name, words in source["models"].items()
                }
                return stamp(result, analysis=asked.definition.name, version=version, **source, **cost)

            try:
                with in_play(definition.name, given.values()):
                    result = function(**given)
            except Cancelled as stop:
                if stop.whole is not None:
                    so_far, smaller = stop.whole
                    stop.whole = stamped(so_far, {**given, **smaller}), smaller
                raise
            if kind_of(result) != kind:
                raise TypeError(f"{definition.name} promised a {kind} but returned a {kind_of(result)}.")
            return stamped(result, given)

        definition = read(run, sort="ask", kind=kind, cites=cites, version=version)
        asked = cast("Analysis", run)
        asked.definition = definition
        return asked

    return decorate


def maker(*, cites: str = "", version: int = 1) -> Callable[[Callable[..., Path]], Maker]:
    """Check the parameters of a function that trains or builds something into a folder.

    The function takes ``out``, the folder, and returns it.
    """

    def decorate(function: Callable[..., Path]) -> Maker:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Path:
            return function(**_bind(definition, args, kwargs))

        definition = read(run, sort="make", kind="", cites=cites, version=version)
        made = cast("Maker", run)
        made.definition = definition
        return made

    return decorate


def read(function: Callable[..., Any], *, sort: str, kind: str, cites: str, version: int) -> Definition:
    """Read a definition off a signature and a docstring."""
    subjects: dict[str, Subject] = {}
    fields: dict[str, Any] = {}
    python_only = set()
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        annotation, required = parameter.annotation, parameter.default is parameter.empty
        about = subject_type(annotation)
        if about is not None:
            subjects[parameter.name] = Subject(parameter.name, about, required)
            continue
        fields[parameter.name] = (annotation, ... if required else parameter.default)
        if OrCallable in get_args(annotation)[1:]:
            python_only.add(parameter.name)
    summary, _, rest = inspect.cleandoc(function.__doc__ or "").partition("\n")
    parameters = create_model(function.__name__, __config__={"extra": "forbid"}, **fields)
    return Definition(
        name=function.__name__,
        wing=function.__module__.split(".")[-2] if "." in function.__module__ else function.__module__,
        sort=sort,
        summary=summary,
        help=rest.partition(">>>")[0].strip(),
        kind=kind,
        cites=cites,
        version=version,
        run=function,
        subjects=subjects,
        parameters=parameters,
        python_only=frozenset(python_only),
    )


def _bind(definition: Definition, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    signature = inspect.signature(definition.run)
    definition.check_names(kwargs)
    given = signature.bind(*args, **kwargs).arguments
    opened = given_subjects(definition.subjects, given, openers={}, device="cpu", dtype="float32")
    return opened | definition.check({n: v for n, v in given.items() if n not in definition.subjects})


def _sentence(name: str, error: ValidationError) -> str:
    first = error.errors()[0]
    parameter = ".".join(str(part) for part in first["loc"])
    words = first["msg"].removeprefix("Input ").removeprefix("Value error, ")
    if first["type"] == "missing":
        return f"{name} needs a {parameter}."
    if first["type"] == "string_too_short" and first["input"] == "":
        return f"{name}: {parameter} is empty; give at least one character of text."
    return f"{name}: {parameter}={first['input']!r} {words[0].lower()}{words[1:]}."


def _peak_memory() -> float | None:
    if resource is None:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024**2 if sys.platform == "darwin" else 1024), 1)
