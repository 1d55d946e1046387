"""Where on disk is the model that a name means, and the weights of the step behind its `@`?"""

from pathlib import Path
from typing import NamedTuple

from neuronscope.models.fetch import cached_model
from neuronscope.models.listing import BUILTIN, builtin_folders
from neuronscope.models.series import counted, parted, step_named, steps_in
from neuronscope.words import BadInput, nearest


class Place(NamedTuple):
    """A model's folder, and the file of one step's weights where they are not the folder's own."""

    folder: Path
    weights: Path | None = None


def placed(name: str) -> Place:
    """Return where the model called so lies: built-in, in a folder, or in the cache of the hub.

    `NAME@STEP` is a step that a built-in model or a folder keeps; `ID@REVISION` is a revision of the hub.
    Raises `BadInput` where there is no such model or step.
    """
    before, behind = parted(name)
    if behind is None:
        return Place(model_folder(name))
    if not before.startswith(BUILTIN) and not _is_path(before) and not Path(before).expanduser().is_dir():
        return Place(_fetched(before, behind))
    folder = model_folder(before)
    steps = steps_in(folder)
    place = steps[step_named(before, behind, steps)]
    return Place(place) if place.is_dir() else Place(folder, place)


def model_folder(name: str) -> Path:
    """Return the folder of a model, built-in or given by its path, or that of an id in the hub's cache.

    A built-in model that has variants stands for the first of them. Raises `BadInput` where there is none.
    """
    if name.startswith(BUILTIN):
        return _builtin(name)
    path = Path(name).expanduser()
    if name.strip() and path.is_dir():
        return path
    if path.is_file():
        raise BadInput(f"{name!r} is a file: give the folder that holds config.json and the weights.")
    if _is_path(name):
        raise BadInput(f"There is no folder {name!r}: give a folder that holds config.json and the weights.")
    return _fetched(name)


def _is_path(name: str) -> bool:
    """Return whether a name can only be that of a folder."""
    return not name.strip() or name[0] in "./~" or name.endswith("/") or name.count("/") > 1 or "\\" in name


def _builtin(name: str) -> Path:
    folders = builtin_folders()
    first = next((folders[known] for known in folders if known.startswith(f"{name}/")), None)
    own = folders.get(name, first)
    if own is not None:
        return own
    kin = name.partition("/")[0]
    variants = [known.removeprefix(f"{kin}/") for known in folders if known.startswith(f"{kin}/")]
    if variants:
        variant = name.removeprefix(f"{kin}/")
        raise BadInput(f"{kin!r} has no variant {variant!r}; it has {', '.join(variants)}.")
    near = nearest(name, folders) or f"; there is {', '.join(folders) or 'none'}"
    raise BadInput(f"There is no built-in model {name!r}{near}")


def _fetched(name: str, revision: str | None = None) -> Path:
    try:
        return cached_model(name) if revision is None else cached_model(name, revision=revision)
    except BadInput as error:
        if revision is not None:
            raise BadInput(f"{name!r} does not open at revision {revision!r}. {error}") from error
        few = ", ".join(list(builtin_folders())[:3])
        raise BadInput(
            f"Unknown model {name!r}: give a built-in ({few}), a local folder, "
            "or a Hugging Face id that can be fetched."
        ) from error


def unopened(folder: Path) -> str:
    """Return why a folder without a configuration is no model: what it may hold instead."""
    steps = steps_in(folder)
    if steps:
        return f"{str(folder)!r} is a series, not one model: write {folder}@STEP; it keeps {counted(steps)}."
    return f"The folder {str(folder)!r} holds no config.json: give a Hugging Face model folder."
