"""What can this server do, and what can this model? Read off what is known already; nothing is run for it."""

from functools import cache
from importlib.util import find_spec
from typing import Annotated, Any

import torch
from fastapi import APIRouter, Query

import neuronscope
from neuronscope import catalogue
from neuronscope.contract import RUNS
from neuronscope.doors.server import bodies, pages
from neuronscope.doors.server.desk import AtDesk
from neuronscope.doors.server.work import made
from neuronscope.models import Model

EXTRAS = {
    "parquet": ("pyarrow", "Corpora in Parquet files."),
    "datasets": ("datasets", "Corpora of the Hugging Face hub."),
    "umap": ("umap", "Maps of neurons by UMAP."),
}
READS_ON = frozenset({"metric", "distractor", "temperature"})
"""Parameters that only make sense where something follows a prompt."""

router = APIRouter(tags=["server"])


@router.get("/capabilities")
def show_capabilities(
    desk: AtDesk,
    model: Annotated[str | None, Query(description="A model that is open here, by its name.")] = None,
    device: str = "cpu",
    dtype: str = "float32",
) -> bodies.Capabilities:
    """Say what the server can do and, of a model that is open, which analyses and sites it has.

    Opens no model: one that is not open says so, and opens with the first question about it.
    """
    found = None
    if model is not None:
        place = (made.path_of(model, desk.jobs.home), device, dtype)
        held = {here: opened for here, opened, _ in desk.shelf.held()}.get(place)
        found = _closed(model) if held is None else _of_model(model, held)
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    return bodies.Capabilities(
        version=neuronscope.__version__, build=pages.build(), devices=devices, extras=_extras(), model=found
    )


@cache
def _extras() -> list[bodies.Extra]:
    return [
        bodies.Extra(name=name, installed=find_spec(package) is not None, summary=summary)
        for name, (package, summary) in EXTRAS.items()
    ]


def _closed(name: str) -> bodies.ModelAbilities:
    return bodies.ModelAbilities(
        name=name, open=False, family=None, tokenizer=None, stream=None, sites=None, analyses=[]
    )


def _of_model(name: str, model: Model) -> bodies.ModelAbilities:
    """Describe an open model; its sites are told once its certificate is there, since that takes a probe."""
    words, onward = _without_words(model), _without_next(model)
    certificate = vars(model).get("certificate")
    sites = None
    if certificate is not None:
        sites = [
            bodies.SiteVerdict(name=row.site, status=row.status, reason=row.reason)
            for row in certificate.rows
        ]
    return bodies.ModelAbilities(
        name=name,
        open=True,
        family=model.family,
        tokenizer=words is None,
        stream=words is None and onward is None,
        sites=sites,
        analyses=[
            bodies.Ability(name=form["name"], reason=_refusal(form, words=words, onward=onward))
            for form in catalogue.forms()
            if any(subject["type"] in RUNS for subject in form["subjects"])
        ],
    )


def _refusal(form: dict[str, Any], *, words: str | None, onward: str | None) -> str | None:
    """Return why an analysis would refuse the model, or nothing where it would not for all that is known."""
    parameters = form["parameters"]["properties"]
    subjects = {subject["type"] for subject in form["subjects"]}
    says_so = "both ways" in form["help"].partition("Raises")[2]
    runs_on = bool(READS_ON & set(parameters)) and bool({"prompt", "metric"} & set(parameters))
    if onward and (says_so or runs_on):
        return onward
    return words if words and ("prompt" in parameters or {"Task", "Corpus"} & subjects) else None


def _without_words(model: Model) -> str | None:
    return None if model.tokenizer is not None else f"{model.name} has no tokenizer, so it reads no text."


def _without_next(model: Model) -> str | None:
    """Return why nothing follows a prompt, as the model's own modules tell; nothing where something does."""
    if getattr(model.hf.config, "is_encoder_decoder", False):
        return f"{model.name} writes from an encoder's reading, not on from its prompt."
    causal = [bool(part.is_causal) for part in model.hf.modules() if hasattr(part, "is_causal")]
    if causal and not all(causal):
        return f"{model.name} reads both ways, so nothing follows a prompt."
    return None
