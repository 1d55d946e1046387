"""What is there to ask about? Routes of health, models, tokens and common prompts."""

from fastapi import APIRouter, HTTPException, Request

import neuronscope
from neuronscope.contract import known_names
from neuronscope.data.prompts import common_prompts
from neuronscope.doors.server import bodies, pages
from neuronscope.doors.server.desk import AtDesk, troubles
from neuronscope.doors.server.work import made
from neuronscope.models.listing import ModelFacts, model_names
from neuronscope.words import BadInput

router = APIRouter()
public = APIRouter()


@public.get("/health", tags=["server"])
def show_health() -> bodies.Health:
    """Say that the server answers; needs no session."""
    return bodies.Health(status="ok", version=neuronscope.__version__, build=pages.build())


@router.get("/models", tags=["models"])
def list_models() -> list[bodies.ModelEntry]:
    """Return the models that open by name without a download."""
    return [_entry(name, facts) for name, facts in model_names().items()]


@router.get("/subjects/{type}", tags=["models"], responses=troubles(404))
def list_subjects(type: str, desk: AtDesk) -> list[bodies.KnownName]:
    """Return the names known here for a type of subject, such as Task, and what makers made of it here.

    Other names may open too.
    """
    try:
        known = known_names(type) | made.known(type, desk.jobs.home)
    except BadInput as error:
        raise HTTPException(404, str(error)) from None
    return [bodies.KnownName(name=name, summary=summary) for name, summary in known.items()]


@router.post("/tokens", tags=["models"], responses=troubles(413, 422))
def split_text(asked: bodies.TextToSplit, request: Request, desk: AtDesk) -> bodies.Tokens:
    """Split a text with a model's own tokenizer, as its analyses will.

    Who may not run questions may not have a model opened for this either: it must be open already.
    """
    path = desk.jobs.reach.path_of(asked.model)
    runs = "run" in request.scope["actor"]["scopes"]
    model = desk.shelf.open(path) if runs else desk.shelf.opened(path)
    tokens = model.tokenize(asked.text)
    texts = model.token_texts(tokens)
    return bodies.Tokens(
        tokens=[bodies.Token(id=int(token), text=text) for token, text in zip(tokens, texts, strict=True)],
        n_positions=model.n_positions,
    )


@router.get("/prompts", tags=["models"])
def list_prompts() -> list[bodies.CommonPrompt]:
    """Return prompts for a quick look that ship with the package."""
    return [
        bodies.CommonPrompt(
            name=known.name,
            title=known.summary,
            structure=known.name.replace("-", " "),
            prompt=known.clean,
            corrupt=known.corrupt,
            target=known.target,
            distractor=known.distractor,
        )
        for known in common_prompts()
    ]


def _entry(name: str, facts: ModelFacts) -> bodies.ModelEntry:
    card = facts.card
    return bodies.ModelEntry(
        name=name,
        title=str(card.get("title", name)),
        family=facts.family,
        layers=facts.n_layers,
        width=facts.width,
        parameters=facts.n_parameters,
        bytes=facts.n_bytes,
        summary=str(card.get("summary", "")),
    )
