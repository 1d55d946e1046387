"""What can an analysis be about? Types of subject: how a name opens each, and what tells it apart."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

import xarray as xr

from neuronscope.data.corpora import DOCUMENTATION, REFERENCE, Corpus, open_corpus
from neuronscope.data.tasks import TASKS, Task, open_task
from neuronscope.instruments import interventions
from neuronscope.learned.lens_file import open_lens
from neuronscope.learned.lenses import Lens
from neuronscope.models import Model, model_names, open_model
from neuronscope.models.checkpoints import Checkpoints, open_checkpoints
from neuronscope.results import digest, fixed, load, open_store
from neuronscope.words import BadInput

Result = xr.Dataset
"""Subject type of an analysis that reads the answer of another: a file or a digest in the store."""


def open_result(name: str, *, device: str = "cpu", dtype: str = "float32") -> xr.Dataset:
    """Find a result by file name or by the start of its digest in the store.

    Its values are read-only. Raises ``BadInput`` where neither holds it.
    """
    found = load(name) if Path(name).suffix in {".nc", ".zarr"} else open_store().open(name)
    return cast("xr.Dataset", fixed(found))


def _open_task(name: str, *, device: str = "cpu", dtype: str = "float32") -> Task:
    """Open a task, which runs nowhere and so has no use for a device."""
    return open_task(name)


def _open_corpus(name: str, *, device: str = "cpu", dtype: str = "float32") -> Corpus:
    """Open a corpus, which runs nowhere either."""
    return open_corpus(name)


def _open_lens(name: str, *, device: str = "cpu", dtype: str = "float32") -> Lens:
    """Open a tuned lens, which goes where the model is that it reads."""
    return open_lens(name)


def _unlisted() -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class SubjectType:
    """How the doors obtain one type of subject from the name that they were given.

    ``known`` lists names that open here without a download, each with a line that says what it is; any
    other name may open too.
    """

    name: str
    help: str
    opener: Callable[..., Any]
    known: Callable[[], dict[str, str]] = field(default=_unlisted)


@dataclass(frozen=True)
class Subject:
    """One subject of an analysis: the parameter's name, its type, and whether it must be given."""

    name: str
    type: SubjectType
    required: bool


def _known_models() -> dict[str, str]:
    return {
        name: str(facts.card.get("summary") or facts.card.get("title") or "")
        for name, facts in model_names().items()
    }


def _known_series() -> dict[str, str]:
    return {
        f"{name}@*": f"{len(facts.steps)} steps, {facts.steps[0]:,} to {facts.steps[-1]:,}"
        for name, facts in model_names().items()
        if facts.steps
    }


SUBJECTS: dict[Any, SubjectType] = {
    Model: SubjectType(
        "Model",
        "Built-in model (builtin:NAME), local Hugging Face folder, nanoGPT checkpoint or Hugging Face id.",
        open_model,
        _known_models,
    ),
    Task: SubjectType(
        "Task",
        "Name of a task, such as indirect-object, or a .jsonl or .csv file of your own pairs.",
        _open_task,
        lambda: {name: task.summary for name, task in TASKS.items()},
    ),
    Corpus: SubjectType(
        "Corpus",
        "Text file, folder of texts, FILE.jsonl[:field], FILE.parquet[:column], hf:DATASET, "
        "documentation or reference.",
        _open_corpus,
        lambda: {
            DOCUMENTATION: "Python's own documentation, of the interpreter that runs.",
            REFERENCE: "Its language reference alone, which is read at once.",
        },
    ),
    Lens: SubjectType(
        "Lens", "Folder of a tuned lens, made here or in the format of tuned-lens.", _open_lens
    ),
    Checkpoints: SubjectType(
        "Checkpoints",
        "Steps of a training: builtin:NAME@*, FOLDER@*, Hugging Face id@*; instead of * also 0,64 or 10:500.",
        open_checkpoints,
        _known_series,
    ),
    Result: SubjectType(
        "Result", "Result file (.nc, .zarr) or the start of a digest in the store.", open_result
    ),
}
RUNS = frozenset({"Model", "Checkpoints"})
"""Types of subject that run, and so have a device and a precision."""


def subject_type(annotation: Any) -> SubjectType | None:
    """Return the subject type that an annotation names, alone or as ``… | None``; none for a parameter."""
    bare = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if get_origin(bare) in (Union, UnionType):
        present = [choice for choice in get_args(bare) if choice is not NoneType]
        bare = present[0] if len(present) == 1 else bare
    try:
        return SUBJECTS.get(bare)
    except TypeError:  # an annotation that has no hash is none of ours
        return None


def known_names(type_name: str) -> dict[str, str]:
    """Return the names known here for a type of subject, each with a line that says what it is.

    Raises ``BadInput`` on a type that there is not.
    """
    types = {kind.name: kind for kind in SUBJECTS.values()}
    if type_name not in types:
        raise BadInput(f"There is no type of subject {type_name!r}; there are {', '.join(sorted(types))}.")
    return types[type_name].known()


def given_subjects(
    subjects: Mapping[str, Subject],
    arguments: Mapping[str, Any],
    *,
    openers: Mapping[str, Callable[..., Any]],
    device: str,
    dtype: str,
) -> dict[str, Any]:
    """Return the subjects among some arguments, opened where they are names; none given is left out.

    Raises ``BadInput`` on what is no name, and as the openers do.
    """
    return {
        name: _opened(subject, arguments[name], openers, device=device, dtype=dtype)
        for name, subject in subjects.items()
        if name in arguments and not (arguments[name] is None and not subject.required)
    }


def _opened(
    subject: Subject, value: Any, openers: Mapping[str, Callable[..., Any]], *, device: str, dtype: str
) -> Any:
    check_name(subject, value)
    if not isinstance(value, str):
        return _checked(subject, value)
    opener = openers.get(subject.type.name, subject.type.opener)
    return opener(value, device=device, dtype=dtype)


def _checked(subject: Subject, value: Any) -> Any:
    """Return an object that was given instead of a name; raise ``BadInput`` where it is of another type."""
    wanted = next(kind for kind, known in SUBJECTS.items() if known.name == subject.type.name)
    if not isinstance(value, (wanted, xr.DataTree) if wanted is Result else wanted):
        raise BadInput(
            f"{subject.name} is of type {type(value).__name__}, not {subject.type.name}. {subject.type.help}"
        )
    return value


def check_name(subject: Subject, value: Any) -> None:
    """Raise ``BadInput`` where a value is plain data other than a name."""
    if value is None or isinstance(value, bool | int | float | list | tuple | dict):
        raise BadInput(f"{subject.name}={value!r} is not a name. {subject.type.help}")


def under(analysis: str, opened: Mapping[str, Any], do: Iterable[str]) -> dict[str, Any]:
    """Return opened subjects with the first model under interventions, as they are where there are none.

    Raises ``BadInput`` where no model is among them, and as `Model.under` does.
    """
    asked = interventions.read(do)
    if not asked:
        return dict(opened)
    name = next((name for name, subject in opened.items() if isinstance(subject, Model)), None)
    if name is None:
        raise BadInput(f"{analysis} opens no single model, so no interventions can be made: leave do out.")
    return {**opened, name: opened[name].under(asked)}


@contextmanager
def in_play(analysis: str, given: Iterable[Any]) -> Iterator[None]:
    """Raise ``BadInput`` where a model is under interventions that play no part in what is done inside."""
    stood = [(one, one.standing.fired) for one in given if isinstance(one, Model) and one.standing]
    yield
    for model, before in stood:
        if model.standing is not None and model.standing.fired == before:
            raise BadInput(
                f"{analysis} reads the weights of {model.name} and never runs it, so "
                f"{'; '.join(model.do):.80} would change nothing in its answer: ask without interventions."
            )


def facts(arguments: Mapping[str, Any], subjects: Iterable[str] = ()) -> dict[str, Any]:
    """Say what an answer depends on: plain arguments, fingerprints of the subjects, digests of the parents.

    ``subjects`` names the arguments that are subjects and no parameters.
    """
    about = set(subjects)
    told: dict[str, dict[str, Any]] = {"arguments": {}, "models": {}, "parents": {}, "sources": {}}
    for name, value in arguments.items():
        if isinstance(value, Model):
            told["models"][name] = _model_facts(value)
        elif isinstance(value, xr.Dataset | xr.DataTree):
            told["parents"][name] = digest(value)
        elif name in about:
            told["sources"][name] = _source_facts(value)
        elif callable(value):
            told["arguments"][name] = f"python:{value.__module__}.{value.__qualname__}"
        else:
            told["arguments"][name] = value
    return told


def _model_facts(model: Model) -> dict[str, Any]:
    do = {"do": list(model.do)} if model.do else {}
    return do | {
        "name": model.name,
        "fingerprint": model.fingerprint,
        "words": model.words_fingerprint,
        "device": str(model.device),
        "dtype": str(model.dtype).removeprefix("torch."),
    }


def _source_facts(value: Any) -> dict[str, str]:
    """Return name and fingerprint of a subject that is neither a model nor a result."""
    words = {"name": str(value.name), "fingerprint": str(value.fingerprint)}
    machine = {word: str(getattr(value, word)) for word in ("device", "dtype") if hasattr(value, word)}
    return words | {word: text.removeprefix("torch.") for word, text in machine.items()}
