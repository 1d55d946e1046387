"""How do others read what was found? Second-order results as the files of the first code."""

from pathlib import Path

from neuronscope.contract import maker
from neuronscope.contract.subjects import Result
from neuronscope.learned.clip_layout import (
    Named,
    plain_name,
    write_components,
    write_representations,
    write_words,
)
from neuronscope.learned.folder import claim
from neuronscope.models import Model
from neuronscope.results import digest
from neuronscope.words import BadInput, OutFolder
from neuronscope.words.second_order import DatasetName


@maker(cites="gandelsman2024secondorder")
def second_order_artefacts(
    model: Model,
    components: Result,
    texts: Result | None = None,
    representations: Result | None = None,
    *,
    out: OutFolder,
    dataset: DatasetName = "problems",
) -> Path:
    """Write second-order results in the file layout of the code that began it, for CLIP.

    The folder gets, for each layer, DATASET_train_mlps_MODEL_WEIGHTS_LAYER_K_pca.npy, the component of each
    neuron by number, and its twin _norm.npy, the lengths of its longest effects from the threshold on; with
    texts the words of each neuron as JSON and as a sparse matrix, and their list; with representations these
    at the last depth and who was right. WEIGHTS are the first digits of the model's fingerprint. Neurons that
    were not looked at are NaN. Raises BadInput for results of another sort, and for a folder with other
    files. (Gandelsman et al. 2024, the code of the paper.)
    """
    if "component" not in components or "threshold" not in components:
        raise BadInput("components has no component of neurons: give a result of second_order_components.")
    if components.sizes["width"] != model.width:
        raise BadInput(
            f"components has width {components.sizes['width']}, but {model.name} has {model.width}: give "
            "components of this model."
        )
    named = Named(plain_name(dataset), plain_name(model.name), model.fingerprint[:8])
    given = {"components": components, "texts": texts, "representations": representations}
    claim(
        out,
        {name: digest(result) for name, result in given.items() if result is not None} | {"as": str(named)},
    )
    write_components(out, named, components, n_neurons=model.n_neurons)
    if texts is not None:
        if "atom" not in texts:
            raise BadInput("texts has no words: give a result of text_decomposition.")
        write_words(out, named, texts, n_neurons=model.n_neurons)
    if representations is not None:
        if "representation" not in representations:
            raise BadInput("representations has none: give a result of representations.")
        write_representations(out, named, representations)
    return out
