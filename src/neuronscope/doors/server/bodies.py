"""What does each reply look like? One model a reply; the workbench's types are generated from them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, RootModel

Sort = Literal["ask", "make"]
Kind = Literal[
    "profile", "grid", "attention", "tokens", "ranking", "points", "matrix", "graph", "field", "trajectory"
]
JobState = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]


class Trouble(BaseModel):
    """Why a request was refused, in one sentence."""

    detail: str


class Health(BaseModel):
    """That the server answers, and which build of the workbench it serves."""

    status: Literal["ok"]
    version: str
    build: str


class Extra(BaseModel):
    """Something that may be installed beside the package, and what it is good for."""

    name: str
    installed: bool
    summary: str


class Ability(BaseModel):
    """One analysis, and why it would refuse this model, where that is known."""

    name: str
    reason: str | None


class SiteVerdict(BaseModel):
    """One named place inside a model: exact, reduced or refused, and why."""

    name: str
    status: str
    reason: str


class ModelAbilities(BaseModel):
    """What one model can be asked; only its name is known of a model that is not open."""

    name: str
    open: bool
    family: str | None
    tokenizer: bool | None
    stream: bool | None = Field(description="Whether it can be watched while it writes.")
    sites: list[SiteVerdict] | None = Field(description="Null until its first answer, which certifies them.")
    analyses: list[Ability]


class Capabilities(BaseModel):
    """What the server can do, and what one model can."""

    version: str
    build: str
    devices: list[str]
    extras: list[Extra]
    model: ModelAbilities | None


class SubjectForm(BaseModel):
    """One subject of an analysis: what must be opened before the question can be asked."""

    name: str
    type: str
    required: bool
    help: str


class Form(BaseModel):
    """One analysis as its signature states it; ``parameters`` is a JSON schema of an object."""

    name: str
    command: str
    wing: str
    sort: Sort
    summary: str
    help: str
    kind: Kind | Literal[""] = Field(description="Empty for a maker, which makes files.")
    cites: str
    version: int
    subjects: list[SubjectForm]
    parameters: dict[str, Any]


class Job(BaseModel):
    """One question that was asked: where it stands, and its answer's digest or its error once ended.

    One that the server's stop interrupted goes on when the server is back.
    """

    id: str
    sort: Sort
    analysis: str
    arguments: dict[str, Any]
    state: JobState
    what: str = Field(description="What is being gone through now, such as layers.")
    done: int
    total: int | None
    result: str | None = Field(description="Digest of the result.")
    made: str | None = Field(description="What a maker makes, by the name that opens it once it is done.")
    error: str | None = Field(description="One sentence that says why the job failed.")
    status: int | None = Field(description="HTTP status that belongs to the error.")
    created: str = Field(description="When the question was asked, ISO 8601 in UTC.")
    seconds: float | None = Field(description="How long it has been running, or ran.")
    interruptions: int = Field(description="How often a stop of the server interrupted it.")


class QueuedEvent(BaseModel):
    """The job waits; position 1 is next."""

    event: Literal["queued"] = "queued"
    position: int


class ProgressEvent(BaseModel):
    """The job runs and has come this far."""

    event: Literal["progress"] = "progress"
    what: str
    done: int
    total: int | None


class PartialEvent(BaseModel):
    """There is an unfinished answer to look at, the ``number``-th of this job."""

    event: Literal["partial"] = "partial"
    number: int


class ResultEvent(BaseModel):
    """The job is done; its result is in the store."""

    event: Literal["result"] = "result"
    digest: str


class MadeEvent(BaseModel):
    """The job is done; what the maker left opens by this name."""

    event: Literal["made"] = "made"
    name: str


class ErrorEvent(BaseModel):
    """The job failed."""

    event: Literal["error"] = "error"
    detail: str
    status: int


class CancelledEvent(BaseModel):
    """The job was cancelled."""

    event: Literal["cancelled"] = "cancelled"
    digest: str | None = Field(
        default=None, description="What it had, stored as the answer to a smaller question."
    )


class InterruptedEvent(BaseModel):
    """The server stops; the job goes on when it is back, and so does its stream."""

    event: Literal["interrupted"] = "interrupted"


Event = (
    QueuedEvent
    | ProgressEvent
    | PartialEvent
    | ResultEvent
    | MadeEvent
    | ErrorEvent
    | CancelledEvent
    | InterruptedEvent
)


class JobEvent(RootModel[Annotated[Event, Field(discriminator="event")]]):
    """The data of one server-sent event; its ``event`` field equals the event's name."""


class ResultEntry(BaseModel):
    """One stored result, as a list shows it."""

    digest: str
    analysis: str
    kind: Kind | Literal[""] = Field(description="Empty where its axes tell of none.")
    created: str
    bytes: int
    title: str
    models: list[str] = Field(description="Names of its models.")
    parents: list[str] = Field(description="Digests of the results that it was made from.")


class Variable(BaseModel):
    """One variable of a result: its axes in order, its unit, what it means, and its range."""

    name: str
    axes: list[str]
    dtype: str
    units: str
    long_name: str
    meaning: str
    site: str = Field(description="Which place in the model a cell is, such as z.{layer}.{head}; or empty.")
    minimum: float | None
    maximum: float | None


class Coordinate(BaseModel):
    """Labels along one axis or several, nested in the order of the axes; null where they are very many."""

    axes: list[str]
    dtype: str
    values: list[Any] | None


class Plane(BaseModel):
    """Which axes a view draws across and up, and which become sliders."""

    x: str | None
    y: str | None
    sliders: list[str]


class Code(BaseModel):
    """How to ask the same question again, at three doors."""

    python: str
    command_line: str
    curl: str


class Result(BaseModel):
    """Everything about a stored result but its values."""

    digest: str
    analysis: str
    kind: Kind
    title: str
    dims: dict[str, int]
    variables: list[Variable]
    coords: dict[str, Coordinate]
    axes: Plane
    attrs: dict[str, Any]
    provenance: dict[str, Any]
    code: Code
    warning: str | None = Field(description="Why the store could not keep it, where that is so.")


class Values(BaseModel):
    """A slice of one variable; what is not a finite number is null."""

    variable: str
    axes: list[str]
    shape: list[int]
    coords: dict[str, list[Any]]
    values: Any = Field(
        description="Nested lists in the order of the axes; a single value where none is left."
    )


class Figure(BaseModel):
    """A Plotly figure as data."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]


class ModelEntry(BaseModel):
    """One model that opens by name here without a download."""

    name: str
    title: str
    family: str
    layers: int | None
    width: int | None
    parameters: int | None
    bytes: int | None
    summary: str


class KnownName(BaseModel):
    """One name that opens here as a subject of some type, and what it is."""

    name: str
    summary: str


class TextToSplit(BaseModel):
    """A text, and the model whose tokenizer splits it."""

    model: str
    text: str


class Token(BaseModel):
    """One token: its number in the vocabulary and its exact surface text."""

    id: int
    text: str


class Tokens(BaseModel):
    """The tokens of a text, and how many positions the model has."""

    tokens: list[Token]
    n_positions: int


class CommonPrompt(BaseModel):
    """A prompt for a quick look, with the twin and answers that patching needs."""

    name: str
    title: str
    structure: str
    prompt: str
    corrupt: str
    target: str
    distractor: str
