"""What does a network do that has more features to keep than dimensions? Many small ones, trained at once.

Each is the ReLU autoencoder of Elhage et al. 2022, ReLU(WᵀWx + b), taught to give back sparse features x of
falling importance.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from safetensors.torch import save_file
from torch import Tensor, nn

from neuronscope.learned.folder import METRICS, claim
from neuronscope.learned.keeping import into_place
from neuronscope.learned.loop import Run, train
from neuronscope.learned.schedule import Schedule
from neuronscope.maths.geometry.superposition import feature_dimensionality
from neuronscope.results import label, log, save, stamp
from neuronscope.words import BadInput

WEIGHTS = "model.safetensors"
_LEAST_LENGTH = 0.3
"""Length from which a feature counts as kept; learned ones are near 1 or near 0."""


@dataclass(frozen=True, kw_only=True)
class Toy:
    """What a sweep of toy models is, and how they learn; the fields are the parameters of the maker."""

    n_features: int = 10
    n_dimensions: int = 5
    importances: tuple[float, ...] = (1.0, 0.9, 0.7)
    densities: tuple[float, ...] = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
    steps: int = 2000
    rows: int = 256
    learning_rate: float = 0.01
    seed: int = 0


class ToyModels(nn.Module):
    """Autoencoders of all importances and densities side by side, each with weights of its own."""

    def __init__(self, toy: Toy) -> None:
        super().__init__()
        shape = (len(toy.importances), len(toy.densities), toy.n_features, toy.n_dimensions)
        self.weight = nn.Parameter(torch.randn(shape) / toy.n_features**0.5)
        self.bias = nn.Parameter(torch.zeros(shape[:3]))

    def forward(
        self, features: Float[Tensor, "row importance density feature"]
    ) -> Float[Tensor, "row importance density feature"]:
        """Give back what is left of the features after the few dimensions."""
        kept = torch.einsum("rpdf,pdfc->rpdc", features, self.weight)
        return (torch.einsum("rpdc,pdfc->rpdf", kept, self.weight) + self.bias).relu()


def learn_toys(toy: Toy, out: Path) -> Path:
    """Teach a sweep of toy models in a folder, going on where a killed run stopped, and return the folder.

    It gets ``model.safetensors`` and ``metrics.nc``. Raises `BadInput` for shares or importances that are not
    above 0 and at most 1, and for a folder with another run.
    """
    for name in ("importances", "densities"):
        wrong = [value for value in getattr(toy, name) if not 0 < value <= 1]
        if wrong:
            raise BadInput(
                f"toy_superposition: {name} holds {wrong[0]:g}; give shares above 0 and at most 1."
            )
    folder = out.expanduser()
    claim(folder, asdict(toy))
    models = train(
        Run(
            seed=toy.seed,
            make_model=lambda: ToyModels(toy),
            batch=lambda step: features_of(toy, step),
            loss=lambda models, batch: errors(toy, models, batch).sum(),
            groups=lambda models: [{"params": list(models.parameters()), "weight_decay": 0.0}],
        ),
        Schedule(
            steps=toy.steps,
            learning_rate=toy.learning_rate,
            warm_up=max(1, toy.steps // 50),
            decay=max(1, toy.steps // 2),
            weight_decay=0.0,
            clip=None,
        ),
        folder,
        save_every=max(1, toy.steps // 4),
        measure_every=toy.steps,
        log_every=max(1, toy.steps // 20),
        tell=log.info,
    )
    partial = folder / f"{WEIGHTS}.partial"
    save_file({name: weight.contiguous() for name, weight in models.state_dict().items()}, partial)
    into_place(partial, folder / WEIGHTS)
    made = stamp(measured(toy, models), analysis="toy_superposition", arguments=asdict(toy), seed=toy.seed)
    save(made, folder / METRICS)
    return folder


def features_of(toy: Toy, step: int) -> Float[Tensor, "row importance density feature"]:
    """Draw the features of a step: each there with the share of its model, and then even from 0 to 1."""
    seeded = torch.Generator().manual_seed(toy.seed * 1_000_003 + step)
    shape = (toy.rows, len(toy.importances), len(toy.densities), toy.n_features)
    size = torch.rand(shape, generator=seeded)
    there = torch.rand(shape, generator=seeded) < torch.tensor(toy.densities)[:, None]
    return size * there


def errors(
    toy: Toy, models: ToyModels, features: Float[Tensor, "row importance density feature"]
) -> Float[Tensor, "importance density"]:
    """Return the mean over examples of the squared errors, weighted by how much each feature matters."""
    wrong = (features - models(features)) ** 2
    return torch.einsum("rpdf,pf->pd", wrong, _importance(toy)) / len(features)


def measured(toy: Toy, models: ToyModels) -> xr.Dataset:
    """Return how each toy model keeps its features.

    Over importance and density: ``features_per_dimension`` (‖W‖² over the dimensions), ``loss`` on new
    examples and ``loss_without``, the loss of the best model that gives each dimension to one feature. Over
    feature as well: ``length``, ``dimensionality`` (NaN for a feature that is not kept) and ``interference``,
    the sum of the squared products of its direction with all others. And the ``weight`` over component.
    """
    with torch.no_grad():
        fresh = [errors(toy, models, features_of(toy, toy.steps + step)) for step in range(20)]
    weight = models.weight.detach().double().numpy()
    length = np.sqrt((weight**2).sum(-1))
    flat = weight.reshape(-1, *weight.shape[2:])
    share = np.stack([feature_dimensionality(rows) for rows in flat]).reshape(length.shape)
    unit = weight / np.maximum(length, 1e-12)[..., None]
    products = np.einsum("pdfc,pdgc->pdfg", unit, weight) ** 2
    held = np.where(length >= _LEAST_LENGTH, share, np.nan)
    return label(
        {"importance": list(toy.importances), "density": list(toy.densities)},
        features_per_dimension=(
            "importance density",
            (length**2).sum(-1) / toy.n_dimensions,
            {"long_name": "features per dimension", "signed": False},
        ),
        dimensionality=("importance density feature", held, {"long_name": "share of a dimension"}),
        length=("importance density feature", length, {"long_name": "length of the feature's direction"}),
        interference=(
            "importance density feature",
            products.sum(-1) - length**2,
            {"long_name": "squared products with the other directions"},
        ),
        loss=("importance density", torch.stack(fresh).mean(0), {"long_name": "weighted squared error"}),
        loss_without=("importance density", _dedicated(toy), {"long_name": "the same without superposition"}),
        weight=("importance density feature component", weight, {"long_name": "weight"}),
    )


def _importance(toy: Toy) -> Float[Tensor, "importance feature"]:
    return torch.tensor(toy.importances)[:, None] ** torch.arange(toy.n_features)


def _dedicated(toy: Toy) -> Float[np.ndarray, "importance density"]:
    """Return the variance of the features beyond the dimensions: p/3 − p²/4 each, weighted."""
    share: Any = np.array(toy.densities)
    lost = _importance(toy).double().numpy()[:, toy.n_dimensions :].sum(1)
    return lost[:, None] * (share / 3 - share**2 / 4)
