"""How do I bring a model from the Hugging Face hub to a folder of mine?"""

from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, RepositoryNotFoundError

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


def cached_model(name: str) -> Path:
    """Return the folder of a Hugging Face id in the hub's own cache, downloading what is missing.

    Raises `BadInput` as `fetch_model` does.
    """
    return _download(name, None)


def _download(name: str, target: Path | None) -> Path:
    try:
        return Path(snapshot_download(name, local_dir=target, allow_patterns=list(WANTED)))
    except HFValidationError as error:
        raise BadInput(
            f"{name!r} is no Hugging Face id: write owner/name, such as EleutherAI/pythia-70m."
        ) from error
    except GatedRepoError as error:
        raise BadInput(
            f"{name!r} asks you to accept its licence on huggingface.co and to log in first."
        ) from error
    except RepositoryNotFoundError as error:
        raise BadInput(
            f"The Hugging Face hub has no model {name!r}: check the spelling of owner/name."
        ) from error
    except (HfHubHTTPError, OSError) as error:
        raise BadInput(
            f"The Hugging Face hub could not be reached for {name!r}: give a local folder, or go online."
        ) from error
