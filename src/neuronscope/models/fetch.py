"""How do I bring a model from the Hugging Face hub to a folder of mine?"""

import re
from pathlib import Path

from huggingface_hub import constants, list_repo_refs, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import repo_folder_name

from neuronscope.words import BadInput

WANTED = (
    "*.safetensors",
    "*.safetensors.index.json",
    "*.json",
    "tokenizer*",
    "*.model",
    "merges.txt",
    "README.md",
)
"""What is downloaded: weights as safetensors, configuration, tokenizer and card; never pickles or code."""

_NO_ID = "{name!r} is no Hugging Face id: write owner/name, such as EleutherAI/pythia-70m."
_GATED = "{name!r} asks you to accept its licence on huggingface.co and to log in first."
_UNKNOWN = "The Hugging Face hub has no model {name!r}: check the spelling of owner/name."


def fetch_model(name: str, folder: str | Path) -> Path:
    """Download a Hugging Face model to a folder and return the folder, which `open_model` then opens offline.

    Raises `BadInput` when the name is no id, the hub does not know it or cannot be reached, the model asks
    for a licence, the folder cannot be written, or the hub holds no safetensors weights for it.
    """
    target = Path(folder).expanduser()
    is_new = not target.exists()
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"Cannot write to the folder {str(folder)!r} ({error.strerror}): choose another."
        ) from error
    try:
        path = _download(name, target)
    finally:
        if is_new and not any(target.iterdir()):
            target.rmdir()
    if not any(path.glob("*.safetensors")):
        raise BadInput(
            f"{name!r} has no safetensors weights on the hub, and pickled weights are not fetched."
        )
    return path


def cached_model(name: str, *, revision: str | None = None) -> Path:
    """Return the folder of a Hugging Face id in the hub's own cache, downloading what is missing.

    ``revision`` is a branch, a tag or a commit; left out, it is the main branch. Raises `BadInput` as
    `fetch_model` does.
    """
    return _download(name, None, revision)


def step_revisions(name: str) -> dict[int, str]:
    """Return the revisions of a Hugging Face id that are steps of its training, such as `step1000`, in order.

    Where the hub cannot be reached they are those in its cache. Raises `BadInput` where the name is no id or
    the hub does not know it.
    """
    try:
        refs = list_repo_refs(name)
        known = [ref.name for ref in (*refs.branches, *refs.tags)]
    except HFValidationError as error:
        raise BadInput(_NO_ID.format(name=name)) from error
    except GatedRepoError as error:
        raise BadInput(_GATED.format(name=name)) from error
    except RepositoryNotFoundError as error:
        raise BadInput(_UNKNOWN.format(name=name)) from error
    except Exception as error:  # each version of the hub's library has its own ways to say: no network
        place = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=name, repo_type="model") / "refs"
        known = [file.relative_to(place).as_posix() for file in place.rglob("*") if file.is_file()]
        if not known:
            raise BadInput(
                f"The Hugging Face hub cannot be reached for {name!r}, and its cache here keeps no steps: "
                "give a local folder, or go online."
            ) from error
    steps = ((re.fullmatch(r"(?:checkpoint|step)[-_]?(\d+)", word), word) for word in known)
    return dict(sorted((int(match[1]), word) for match, word in steps if match))


def _download(name: str, target: Path | None, revision: str | None = None) -> Path:
    try:
        return Path(snapshot_download(name, revision=revision, local_dir=target, allow_patterns=list(WANTED)))
    except RevisionNotFoundError as error:
        raise BadInput(f"The Hugging Face hub has no revision {revision!r} of {name!r}.") from error
    except HFValidationError as error:
        raise BadInput(_NO_ID.format(name=name)) from error
    except GatedRepoError as error:
        raise BadInput(_GATED.format(name=name)) from error
    except RepositoryNotFoundError as error:
        raise BadInput(_UNKNOWN.format(name=name)) from error
    except (HfHubHTTPError, OSError) as error:
        raise BadInput(
            f"The Hugging Face hub could not be reached for {name!r}: give a local folder, or go online."
        ) from error
