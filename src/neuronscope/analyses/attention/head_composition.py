"""Head composition: which heads write where later heads read their queries, keys or values?"""

import numpy as np
import xarray as xr
from numpy import ndarray

from neuronscope.contract import analysis
from neuronscope.instruments.heads.matrices import HeadMatrices, head_matrices
from neuronscope.maths.composition import composition, debiased, random_square, reading, writing
from neuronscope.maths.significance import benjamini_hochberg
from neuronscope.models import Model
from neuronscope.results import label, track
from neuronscope.words import BadInput

READ = {"q": "queries", "k": "keys", "v": "values"}


@analysis(kind="matrix", cites="elhage2021framework")
def head_composition(model: Model) -> xr.Dataset:
    """Compare what each head writes to the stream with what later heads read, by their weights alone.

    Returns over site (q, k, v: what the later head reads), item (the head that writes) and other (the later
    head that reads): ``debiased``, the composition ‖W_OV R‖ / (‖W_OV‖ ‖R‖) in Frobenius norms less what a
    random pair would have; the ``composition`` itself, from 0 to 1; ``chance``; and ``p`` of one as large,
    Benjamini–Hochberg over all pairs. R is W_QK read from its query side for q and from its key side for k,
    and W_OV for v (Elhage et al. 2021). Chance turns the reader at random and keeps the spectra of both: the
    mean square is then 1 / width exactly, whatever the spectra. NaN where the reader is no later one.

    The gains of the norms are folded in, and what a layer norm centres away is left out; the scales of the
    norms are not there. Keys and values that several heads share count for each. In rotary models q and k
    are of the part that reads contents, without rotation; they are NaN where queries and keys pass a norm of
    their own. Raises ``BadInput`` where heads write through no plain matrix, where norms follow each
    addition, and where no head reads another, as in a single layer.

    >>> from neuronscope import open_model
    >>> found = head_composition(open_model("builtin:handmade-induction"))
    >>> float(found.debiased.sel(site="k", item="0.0", other="1.0")) > 0.1
    True
    """
    matrices = head_matrices(model)
    n_layers, n_heads = matrices.value.shape[:2]
    dimension = model.width - matrices.centred
    write = writing(_numbers(matrices.value), _centred(_numbers(matrices.output), matrices))
    names = [f"{layer}.{head}" for layer in range(n_layers) for head in range(n_heads)]
    shape = (len(READ), n_layers * n_heads, n_layers * n_heads)
    ratio, excess, chance, p = (np.full(shape, np.nan) for _ in range(4))
    for place, name in enumerate(READ):
        read = _readers(matrices, name)
        if read is None:
            continue
        for layer in track(range(1, n_layers), f"layers read for {READ[name]}"):
            row = slice(0, layer * n_heads)
            column = slice(layer * n_heads, (layer + 1) * n_heads)
            writers = write[:layer].reshape(-1, *write.shape[2:])
            found = composition(writers[:, None], read[layer][None])
            by_chance = random_square(writers, read[layer], dimension)
            ratio[place, row, column] = found
            excess[place, row, column], chance[place, row, column], p[place, row, column] = debiased(
                found, by_chance
            )
    if np.isnan(ratio).all():
        raise BadInput(
            f"{model.name} has no head that reads another by plain matrices: choose another model."
        )
    axes = "site item other"
    return label(
        {
            "site": ("site", list(READ), {"long_name": "reading for"}),
            "item": ("item", names, {"long_name": "head that writes"}),
            "other": ("other", names, {"long_name": "head that reads"}),
        },
        debiased=(axes, excess, {"long_name": "composition above chance", "units": "1", "signed": True}),
        composition=(axes, ratio, {"long_name": "composition", "units": "1"}),
        chance=(axes, chance, {"long_name": "composition of a random pair", "units": "1"}),
        p=(axes, benjamini_hochberg(p), {"long_name": "p of the composition, corrected", "units": "1"}),
    ).assign_attrs(dimension=dimension)


def _readers(matrices: HeadMatrices, name: str) -> ndarray | None:
    """Return where each head reads for queries, keys or values, as factors; None where that is not linear."""
    if name == "v":
        return reading(_numbers(matrices.value), _numbers(matrices.output))
    if matrices.query is None or matrices.key is None:
        return None
    query, key = _numbers(matrices.query), _numbers(matrices.key)
    first, second = (query, key) if name == "q" else (key, query)
    return reading(first, np.swapaxes(second, -1, -2))


def _centred(output: ndarray, matrices: HeadMatrices) -> ndarray:
    return output - output.mean(-1, keepdims=True) if matrices.centred else output


def _numbers(matrix: object) -> ndarray:
    return np.asarray(matrix)
