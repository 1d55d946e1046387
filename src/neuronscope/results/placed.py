"""Which place in the model is a cell of an answer? Its variable says: an address with axes in braces."""

import re

import xarray as xr

from neuronscope.words import BadInput

_WORD = re.compile(r"\{(\w+)\}")


def placed(result: xr.Dataset, **sites: str) -> xr.Dataset:
    """Say of variables which place in the model each cell is: ``activation="mlp_act.{layer}.{neuron}"``.

    A word in braces stands for the label of that axis or coordinate at the cell, the index where it has
    none. Companions of a variable over the same axes, such as ``activation_low``, are of the same places.
    Raises ``BadInput`` where a word is no axis or coordinate along the variable's axes.

    >>> from neuronscope.results import label
    >>> found = label({"layer": [2, 5]}, effect=("layer head", [[0.1, 0.2], [0.3, 0.4]]))
    >>> placed(found, effect="z.{layer}.{head}").effect.attrs["site"]
    'z.{layer}.{head}'
    """
    result = result.copy()
    for name, template in sites.items():
        if name not in result:
            continue
        axes = result[name].dims
        for word in _WORD.findall(template):
            own = result.coords[word].dims if word in result.coords else (word,)
            if not set(own) <= set(axes):
                raise BadInput(f"{template!r} names {word!r}, which does not lie along the axes of {name!r}.")
        for other in result.data_vars:
            if str(other) == name or (str(other).startswith(f"{name}_") and result[other].dims == axes):
                result[other].attrs["site"] = template
    return result
