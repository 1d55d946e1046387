"""What does a file say that lets a checkpoint of another layout be read without code?

A mapping is YAML or JSON. It lies beside the weights as ``neuronscope-mapping.yaml``, or anywhere and names
them; open it as ``mapping:FILE``, or open the folder. For a layout that ships here, ``NAME:PATH`` does
without a file: ``transformer_lens:PATH``, ``mingpt:PATH``, ``lecture_gpt:PATH``, where PATH is the file of
weights or its folder. Its parts:

- ``extends``: a layout that ships here, whose every part holds unless the file says otherwise;
- ``weights``: the file of tensors (.safetensors, .pt, .pth, .bin, .json), where there are several;
- ``tensors_at``: keys under which the file keeps the tensors, the first found;
- ``strip``: prefixes that are dropped from the names of tensors and nothing else;
- ``configuration``: ``files`` beside the weights, or keys ``inside`` the file of weights, that hold the
  checkpoint's own configuration, and ``at``, the sections of it that speak of the network;
- ``facts``: the choices of `PlainConfig`, each a value, or a rule that takes it ``from`` a key of the
  configuration by a table of ``values`` (``unset`` lists values that say nothing), or a list of such rules,
  the first that says something holding;
- ``neutral``: keys of the configuration that must be missing or have one of the values listed, because the
  network has no part for anything else; ``ignored_facts``: keys that change no number;
- ``tensors``: for each stored name, with ``{layer}`` for the block from 0, the ``axes`` (see `Layout`) and
  ``to``, the parameter of the network it becomes, or a list of them along the first axis wanted. Any other
  name in braces stacks the tensors that differ there. ``add`` and ``times`` change the numbers. ``absent``
  says that a bias may be missing (``leave out``, ``zeros``);
- ``ignored``: names of tensors, with ``*``, that the network does without;
- ``alphabet``: the characters of the tokens in order, where each token is one.

Sizes are read off the tensors; only what they cannot tell, such as the number of heads in a fused matrix,
must stand in the facts. All that is not said is refused: a tensor without use, a parameter without tensor, a
key of the configuration that is unknown here.

>>> "transformer_lens" in shipped()
True
"""

import json
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from neuronscope.models.layouts.axes import Layout
from neuronscope.words import BadInput, nearest

FOLDER = Path(__file__).parent / "mappings"
BESIDE = "neuronscope-mapping.yaml"
AXES = {
    "layer": "num_hidden_layers",
    "width": "hidden_size",
    "head": "num_attention_heads",
    "key_head": "num_key_value_heads",
    "head_width": "head_dim",
    "neuron": "intermediate_size",
    "vocab": "vocab_size",
    "output_vocab": "output_vocab_size",
    "position": "max_position_embeddings",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class FactRule(_Part):
    """Where one fact comes from: a key of the checkpoint's configuration, by a table where names differ."""

    source: str = Field(alias="from")
    values: list[tuple[Any, Any]] | None = None
    unset: list[Any] = Field(default_factory=list)

    @field_validator("values", mode="before")
    @classmethod
    def _pairs(cls, table: Any) -> Any:
        return list(table.items()) if isinstance(table, dict) else table


class TensorRule(_Part):
    """What becomes of one stored tensor."""

    axes: Layout
    to: list[str]
    add: float | None = None
    times: float | None = None
    absent: Literal["refuse", "leave out", "zeros"] = "refuse"

    @field_validator("axes", mode="before")
    @classmethod
    def _read(cls, text: Any) -> Any:
        return Layout(text) if isinstance(text, str) else text

    @field_validator("to", mode="before")
    @classmethod
    def _several(cls, to: Any) -> Any:
        return [to] if isinstance(to, str) else to


class Configuration(_Part):
    """Where the checkpoint keeps its own configuration."""

    files: list[str] = Field(default_factory=list)
    inside: list[str] = Field(default_factory=list)
    at: list[str] = Field(default_factory=list)


class Mapping(_Part):
    """All that a mapping file says; its parts are explained at the head of this module."""

    about: str = ""
    extends: str | None = None
    network: str = "plain"
    weights: str | None = None
    tensors_at: list[str] = Field(default_factory=list)
    strip: list[str] = Field(default_factory=list)
    configuration: Configuration = Field(default_factory=Configuration)
    facts: dict[str, Any] = Field(default_factory=dict)
    neutral: dict[str, list[Any]] = Field(default_factory=dict)
    ignored_facts: list[str] = Field(default_factory=list)
    axes: dict[str, str] = Field(default_factory=lambda: dict(AXES))
    tensors: dict[str, TensorRule] = Field(default_factory=dict)
    ignored: list[str] = Field(default_factory=list)
    alphabet: str | None = None


def shipped() -> list[str]:
    """Return the names of the layouts that ship here."""
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def shipped_mapping(name: str) -> Mapping:
    """Return a layout that ships here; raises `BadInput` naming those there are."""
    if name not in shipped():
        near = nearest(name, shipped()) or f"; there is {', '.join(shipped())}"
        raise BadInput(f"There is no layout {name!r}{near}")
    return read_mapping(FOLDER / f"{name}.yaml")


def read_mapping(file: Path) -> Mapping:
    """Return the mapping that a file holds, what it extends included.

    Raises `BadInput` when there is no such file, it is no YAML or JSON, or one of its parts is unknown.
    """
    if not file.is_file():
        raise BadInput(f"There is no mapping file {str(file)!r}: give the path of a YAML or JSON file.")
    said = plain_data(file)
    if not isinstance(said, dict):
        raise BadInput(f"{str(file)!r} is no mapping: it must name facts and tensors.")
    whole = _extended(said)
    try:
        return Mapping.model_validate(whole)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise BadInput(
            f"The mapping {file.name!r} is not understood at {place}: {first['msg']:.100}"
        ) from error


def plain_data(file: Path) -> Any:
    """Return what a YAML or JSON file holds, as plain data only; raises `BadInput` where it holds neither."""
    try:
        text = file.read_text(encoding="utf-8")
        return json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, OSError) as error:
        raise BadInput(
            f"{str(file)!r} is no readable YAML or JSON: {str(error).splitlines()[0]:.80}"
        ) from error


def _extended(said: dict[str, Any]) -> dict[str, Any]:
    name = said.get("extends")
    if name is None:
        return said
    shipped_mapping(str(name))
    ground = plain_data(FOLDER / f"{name}.yaml")
    for part, own in said.items():
        below = ground.get(part)
        ground[part] = {**below, **own} if isinstance(below, dict) and isinstance(own, dict) else own
    return ground
