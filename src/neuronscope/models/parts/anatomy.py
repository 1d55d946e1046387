"""Where does each named part of a model sit in its own modules?

Rules propose: a short table of the names that families use. A numerical probe then disposes (`certificate`).
"""

import copy
from collections.abc import Iterator
from threading import RLock
from typing import Any, cast

from torch import nn
from transformers import PreTrainedModel

from neuronscope.models.attention import Place, Products
from neuronscope.models.parts.experts import GIVEN, At
from neuronscope.models.parts.stacks import Stack, Wired, scale_tap
from neuronscope.models.parts.standing import Standing
from neuronscope.models.parts.taps import Absence, Found, Tap
from neuronscope.models.parts.towers import embedding_of, specimen, towers
from neuronscope.models.parts.tracing import Softmax, record
from neuronscope.models.parts.vocabulary import EMBEDDING, FINAL_NORM, part
from neuronscope.models.parts.wiring import TERM, Wiring, unwired, wire
from neuronscope.models.sites import SITES, Site
from neuronscope.words import BadInput, nearest

__all__ = ["Absence", "Anatomy", "Tap"]


class Anatomy:
    """The parts of one network: its stacks of blocks, its embedding and its output head.

    ``stacks`` holds each `Stack` by the prefix of its addresses; a network with one stack has the prefix
    None. ``main`` is the stack that the parts asked for without a stack belong to. ``standing`` are changes
    that every pass makes first, ``bare`` is the same network without them.
    """

    def __init__(self, network: PreTrainedModel) -> None:
        self.network = network
        self.standing: Standing | None = None
        self.bare = self
        self.lock = RLock()
        self.embedding = embedding_of(network)
        self.head = cast(nn.Module | None, network.get_output_embeddings())
        self.direct: bool | None = None
        self._wired: dict[str | None, Wired] = {}
        self._taps: dict[tuple[str, int | None, str | None], Found] = {}
        modules = dict(network.named_modules())
        self.stacks = {
            name: Stack(name, modules[owner], blocks, self._wiring_of)
            for name, (owner, blocks) in towers(network).items()
        } or {None: Stack(None, network, [], self._wiring_of)}
        names = [name for name in ("decoder", "text", None) if name in self.stacks]
        self.main = self.stacks[names[0] if names else next(iter(self.stacks))]
        for name, stack in self.stacks.items():
            path = next((path for path, module in modules.items() if module is stack.owner), "")
            while path and (stack.final_norm is None or stack.embedding is None):
                path = path.rpartition(".")[0]
                stack.final_norm = stack.final_norm or part(modules[path], FINAL_NORM)
                stack.embedding = stack.embedding or part(modules[path], EMBEDDING)
            if name != "vision":
                stack.embedding = stack.embedding or self.embedding

    def under(self, standing: Standing | None) -> "Anatomy":
        """Return the same parts, lock and all, with changes that every pass makes first."""
        if standing is None:
            return self.bare
        changed = copy.copy(self.bare)
        changed.standing = standing
        return changed

    def _wiring_of(self, stack: Stack) -> Wired:
        """Trace every block in one pass on first use; a network that does not run has no wiring."""
        with self.lock:
            if stack.name not in self._wired:
                self._trace()
            return self._wired[stack.name]

    def _trace(self) -> None:
        every = [block for stack in self.stacks.values() for block in stack.blocks]
        try:
            traces, witness = record(self.network, every, specimen(self.network))
        except Exception as error:  # whatever a family raises on plain inputs is the reason
            told = f"the probe could not run it ({type(error).__name__}: {str(error).strip()[:80]})"
            for stack in self.stacks.values():
                self._wired[stack.name] = Wired([unwired(told) for _ in stack.blocks])
            return
        by_block = {trace.block: trace for trace in traces}
        for stack in self.stacks.values():
            own = [by_block[block] for block in stack.blocks]
            self._wired[stack.name] = Wired([wire(trace, witness) for trace in own], own)

    @property
    def width(self) -> int:
        """Return the width of the main stack's stream."""
        config: Any = self.network.config.get_text_config()
        stated = (
            getattr(config, name, None) for name in ("hidden_size", "n_embd", "d_model", "dim", "emb_dim")
        )
        return int(next((value for value in stated if isinstance(value, int)), 0))

    def returns(self, block: nn.Module) -> int | None:
        """Return how many values a block gives, or None where it gives a tensor alone."""
        for stack in self.stacks.values():
            traces = self._wiring_of(stack).traces
            if block in stack.blocks and traces:
                return traces[stack.blocks.index(block)].returns
        return None

    @property
    def blocks(self) -> list[nn.Module]:
        """Return the blocks of the main stack."""
        return self.main.blocks

    @property
    def attention(self) -> list[nn.Module | None]:
        """Return the attention module of every block of the main stack."""
        return self.main.attention

    @property
    def mlp(self) -> list[nn.Module | None]:
        """Return the MLP of every block of the main stack."""
        return self.main.mlp

    @property
    def final_norm(self) -> nn.Module | None:
        """Return the last norm of the main stack."""
        return self.main.final_norm

    @property
    def parallel(self) -> bool:
        """Return whether attention and MLP both read the stream that enters the block."""
        return self.main.parallel

    def first_norm(self, layer: int) -> nn.Module | None:
        """Return the norm before attention."""
        return self.main.first_norm(layer)

    def second_norm(self, layer: int) -> nn.Module | None:
        """Return the norm before the MLP."""
        return self.main.second_norm(layer)

    def output(self, layer: int) -> nn.Module | None:
        """Return the matrix that writes the heads to the stream."""
        return self.main.output(layer)

    def gated(self, layer: int) -> bool:
        """Return whether the MLP multiplies an activated gate by a linear branch."""
        return self.main.gated(layer)

    def down(self, layer: int) -> nn.Module | None:
        """Return the matrix that writes the neurons to the stream."""
        return self.main.down(layer)

    def pre(self, layer: int) -> nn.Module | None:
        """Return the matrix whose output the activation function reads."""
        return self.main.pre(layer)

    @property
    def layer_of(self) -> dict[nn.Module, At]:
        """Return layer and stack of every module that looks its attention up in the registry."""
        return {softmax.owner: at for softmax, wiring, at in self._attending() if wiring.routed}

    @property
    def unrouted(self) -> dict[nn.Module, tuple[At, Products]]:
        """Return layer and stack of every module that takes its softmax itself, and its two products."""
        return {
            softmax.owner: (at, wiring.products)
            for softmax, wiring, at in self._attending()
            if not wiring.routed
        }

    @property
    def experts(self) -> dict[nn.Module, At]:
        """Return layer and stack of every module of experts."""
        return {
            experts: (layer, stack.name)
            for stack in self.stacks.values()
            for layer in range(len(stack.blocks))
            if (experts := stack.experts(layer)) is not None
        }

    def _attending(self) -> Iterator[tuple[Softmax, Wiring, At]]:
        for stack in self.stacks.values():
            for layer, wiring in enumerate(self._wiring_of(stack).layers):
                if not isinstance(wiring.attends, Absence):
                    yield wiring.attends, wiring, (layer, stack.name)

    def layers(self, name: str, stack: str | None = None) -> list[int | None]:
        """Return the layers in which a site name may occur; ``[None]`` for a name that occurs once."""
        return list(range(len(self.stacks[stack].blocks))) if SITES[name].layered else [None]

    def find(self, place: Place) -> Found:
        """Return where the tensor of a place is tapped; ``term#0`` is a term that a block adds besides.

        ``experts`` is what all experts of a layer give together.
        """
        name, _, number = place.name.partition("#")
        if name == TERM:
            return self.stacks[place.stack].wiring(cast(int, place.layer)).extras[int(number)]
        if name == GIVEN:
            return Tap(cast(nn.Module, self.stacks[place.stack].experts(cast(int, place.layer))), "out")
        site = Site(place.name)
        return self.module_tap(site) if site.module else self.tap(*place)

    def tap(self, name: str, layer: int | None, stack: str | None = None) -> Found:
        """Return where a site is tapped, the attention stage that shows it, or why this model lacks it."""
        if not SITES[name].layered:
            return self._once(name, self.stacks.get(stack, self.main))
        if stack not in self.stacks:
            return Absence("this model has no such stack", "resid_post")
        if not self.stacks[stack].blocks:
            return Absence("this model keeps its blocks in a way that is not known here", "logits")
        known = self._taps.get((name, layer, stack))
        if known is None:
            known = self.stacks[stack].tap(name, cast(int, layer))
            if stack in self._wired:  # before the trace a finding may still change
                self._taps[name, layer, stack] = known
        return known

    def module_tap(self, site: Site) -> Tap:
        """Return the tap of a ``module.`` address; raises `BadInput` naming the nearest module."""
        path, side = cast(tuple[str, str], site.module)
        modules = dict(self.network.named_modules())
        if path not in modules:
            raise BadInput(f"This model has no module {path!r}{nearest(path, modules)}")
        return Tap(modules[path], side)

    def _once(self, name: str, stack: Stack) -> Tap | Absence:
        if name == "logits":
            gone = Absence("it has no output head over a vocabulary", "final")
            return gone if self.head is None else Tap(self.network, "out", item="logits")
        if name == "embed":
            gone = Absence("no module looks its tokens up", "resid_pre")
            return gone if stack.embedding is None else Tap(stack.embedding, "out")
        if stack.final_norm is None:
            return Absence("no norm stands after its last block", "resid_post")
        if name == "final":
            return Tap(stack.final_norm, "out")
        if isinstance(stack.final_norm, nn.Identity):
            return Absence("no norm stands after its last block", "resid_post")
        return cast(Tap, scale_tap(stack.final_norm))


def n_heads(network: PreTrainedModel) -> int | None:
    """Return the number of query heads that the configuration states, or None."""
    config: Any = network.config.get_text_config()
    names = ("num_attention_heads", "n_heads", "n_head", "num_heads", "attention_heads")
    stated = (getattr(config, name, None) for name in names)
    return next((value for value in stated if isinstance(value, int)), None)
