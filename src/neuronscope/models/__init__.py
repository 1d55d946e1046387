"""How do I open a model, and what are its parts called? Names load on first use, so this imports no torch."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuronscope.models.batch import Batch
    from neuronscope.models.certificate import Certificate
    from neuronscope.models.checkpoints import Checkpoints, open_checkpoints
    from neuronscope.models.description import Description, describe
    from neuronscope.models.fetch import fetch_model
    from neuronscope.models.inputs import prepare
    from neuronscope.models.listing import ModelFacts, model_names
    from neuronscope.models.model import Model
    from neuronscope.models.open import open_model, open_module
    from neuronscope.models.sites import SITES, Site
    from neuronscope.models.translations import (
        from_nnsight,
        from_transformerlens,
        to_nnsight,
        to_transformerlens,
    )

_ROOMS = {
    "Batch": "batch",
    "Certificate": "certificate",
    "Checkpoints": "checkpoints",
    "Description": "description",
    "Model": "model",
    "ModelFacts": "listing",
    "SITES": "sites",
    "Site": "sites",
    "describe": "description",
    "fetch_model": "fetch",
    "from_nnsight": "translations",
    "from_transformerlens": "translations",
    "model_names": "listing",
    "open_checkpoints": "checkpoints",
    "open_model": "open",
    "open_module": "open",
    "prepare": "inputs",
    "to_nnsight": "translations",
    "to_transformerlens": "translations",
}

__all__ = [
    "SITES",
    "Batch",
    "Certificate",
    "Checkpoints",
    "Description",
    "Model",
    "ModelFacts",
    "Site",
    "describe",
    "fetch_model",
    "from_nnsight",
    "from_transformerlens",
    "model_names",
    "open_checkpoints",
    "open_model",
    "open_module",
    "prepare",
    "to_nnsight",
    "to_transformerlens",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value
