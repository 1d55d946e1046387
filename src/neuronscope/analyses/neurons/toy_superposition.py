"""When does a network keep more features than it has dimensions? Trains toy models that show it."""

from pathlib import Path

from neuronscope.contract import maker
from neuronscope.learned.toy_superposition import Toy, learn_toys
from neuronscope.words import LearningRate, OutFolder, RowCount, Seed, TrainingSteps
from neuronscope.words.neurons import ToyDensities, ToyFeatures, ToyImportances, ToyWidth


@maker(cites="elhage2022superposition")
def toy_superposition(
    *,
    out: OutFolder,
    n_features: ToyFeatures = 10,
    n_dimensions: ToyWidth = 5,
    importances: ToyImportances = (1.0, 0.9, 0.7),
    densities: ToyDensities = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01),
    steps: TrainingSteps = 2000,
    rows: RowCount = 256,
    learning_rate: LearningRate = 0.01,
    seed: Seed = 0,
) -> Path:
    """Train ReLU autoencoders of sparse features in few dimensions, over importance and density.

    The folder gets the weights, model.safetensors, and metrics.nc: features_per_dimension over importance and
    density, dimensionality, length and interference of each feature, and the loss beside that of the best
    model without superposition. A run that was killed goes on when the same is asked again. Raises BadInput
    for shares that are not above 0 and at most 1, and for a folder with another run.
    """
    toy = Toy(
        n_features=n_features,
        n_dimensions=n_dimensions,
        importances=importances,
        densities=densities,
        steps=steps,
        rows=rows,
        learning_rate=learning_rate,
        seed=seed,
    )
    return learn_toys(toy, out)
