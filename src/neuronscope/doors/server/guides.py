"""How are recipes read and followed over HTTP? Their steps, filled in as answers come, and their checks."""

from math import isfinite
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from neuronscope import catalogue
from neuronscope.chains.chain import Chain, Step
from neuronscope.chains.checking import places, verdict
from neuronscope.chains.filling import changes, filled, mentioned, with_places
from neuronscope.chains.reading import chain_of, recipe_names, recipe_text
from neuronscope.chains.running import parameters
from neuronscope.doors.server.answers import stored
from neuronscope.doors.server.desk import AtDesk, troubles
from neuronscope.words import BadInput, nearest

LONGEST = 100_000
YOURS = "your recipe"

Text = Annotated[str, Field(max_length=LONGEST, description="A recipe in YAML.")]
router = APIRouter(tags=["recipes"])


class RecipeStep(BaseModel):
    """One step: what it asks or makes, why, what it needs, and how many checks it has."""

    name: str
    does: str
    sort: str
    prose: str
    arguments: dict[str, Any] = Field(description="As written, with braces.")
    needs: list[str] = Field(description="Earlier steps that it builds on.")
    checks: int


class Recipe(BaseModel):
    """A guided chain of questions, and the text that says it."""

    name: str
    title: str
    summary: str
    prose: str
    parameters: dict[str, Any]
    steps: list[RecipeStep]
    text: str


class RecipeText(BaseModel):
    """A recipe of one's own."""

    text: Text


class StepToFill(BaseModel):
    """A step of a recipe, with changed parameters and the answers of earlier steps by digest."""

    text: Text
    step: str
    given: dict[str, Any] = {}
    answers: dict[str, str] = {}


class FilledStep(BaseModel):
    """A question that is ready to be asked."""

    analysis: str
    arguments: dict[str, Any]


class StepToCheck(BaseModel):
    """A step of a recipe and the digest of its answer."""

    text: Text
    step: str
    given: dict[str, Any] = {}
    digest: str


class CheckVerdict(BaseModel):
    """A check that was met or missed: the number, and what to think."""

    met: bool
    value: float | None
    words: str


class StepPicture(BaseModel):
    """What of an answer is drawn: a variable, the first where it is empty, at indexes."""

    variable: str
    at: dict[str, int]


class CheckedStep(BaseModel):
    """What a step's answer says, and which of its pictures the recipe shows."""

    verdicts: list[CheckVerdict]
    show: list[StepPicture]


@router.get("/recipes")
def list_recipes() -> list[Recipe]:
    """Return the recipes that ship with the package."""
    return [_told(name, recipe_text(name)) for name in recipe_names()]


@router.get("/recipes/{name}", responses=troubles(404))
def show_recipe(name: str) -> Recipe:
    """Return one recipe by its name."""
    try:
        return _told(name, recipe_text(name))
    except BadInput as error:
        raise HTTPException(404, str(error)) from None


@router.post("/recipes/read", responses=troubles(413, 422))
def read_recipe(recipe: RecipeText) -> Recipe:
    """Read a recipe of one's own; a fault is told in one sentence."""
    return _told(YOURS, recipe.text)


@router.post("/recipes/fill", responses=troubles(413, 422))
def fill_step(asked: StepToFill) -> FilledStep:
    """Return a step's question with parameters and earlier answers put in."""
    chain, step = _step(asked.text, asked.step)
    given = parameters(chain, asked.given)
    steps = [one.name for one in chain.steps]
    do = changes(chain, step)
    for word in mentioned(step.given):
        if word in steps and word not in asked.answers:
            raise BadInput(f"{step.name} builds on {word}, which is not answered yet: run that step first.")
    values = {**given, **{name: digest for name, digest in asked.answers.items() if name in steps}}
    arguments = {**step.given, "do": do} if do else step.given
    return FilledStep(analysis=str(catalogue.form(step.does)["name"]), arguments=filled(arguments, values))


@router.post("/recipes/check", responses=troubles(404, 413, 422))
def check_step(asked: StepToCheck, desk: AtDesk) -> CheckedStep:
    """Hold a step's answer against its checks."""
    chain, _ = _step(asked.text, asked.step)
    drawn = with_places(chain, parameters(chain, asked.given))
    step = next(one for one in drawn.steps if one.name == asked.step)
    result = stored(desk.store, asked.digest)
    verdicts = [verdict(check, result) for check in step.check]
    return CheckedStep(
        verdicts=[
            CheckVerdict(met=one.met, value=one.value if isfinite(one.value) else None, words=one.words)
            for one in verdicts
        ],
        show=[StepPicture(variable=one.variable, at=places(result, one)) for one in step.show],
    )


def _told(name: str, text: str) -> Recipe:
    chain = _chain(name, text)
    steps = [one.name for one in chain.steps]
    return Recipe(
        name=name,
        title=chain.title,
        summary=chain.summary,
        prose=chain.prose,
        parameters=dict(chain.given),
        steps=[
            RecipeStep(
                name=step.name,
                does=str(catalogue.form(step.does)["name"]),
                sort="ask" if step.ask else "make",
                prose=step.prose,
                arguments=step.given,
                needs=[word for word in mentioned(step.given) if word in steps],
                checks=len(step.check),
            )
            for step in chain.steps
        ],
        text=text,
    )


def _chain(name: str, text: str) -> Chain:
    chain = chain_of(text, name=name)
    if chain.over:
        raise BadInput(
            f"{name}: 'over' runs over several values, which the pages do not follow step by step; "
            "run it with `neuronscope batch`."
        )
    return chain


def _step(text: str, name: str) -> tuple[Chain, Step]:
    chain = _chain(YOURS, text)
    steps = {step.name: step for step in chain.steps}
    if name not in steps:
        hint = nearest(name, steps) or f"; there are {', '.join(steps)}."
        raise BadInput(f"The recipe has no step {name!r}{hint}")
    return chain, steps[name]
