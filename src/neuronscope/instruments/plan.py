"""How much memory will a run take, and is there enough, before it runs?

The very code of `run` goes once over a copy of the network on the meta device, where tensors have shapes but
no numbers, while the bytes of every tensor are counted. Nothing is computed and no weight is touched, so ten
billion parameters are planned in seconds on a laptop that could not load them.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from neuronscope.instruments.live_bytes import LiveBytes, held_bytes
from neuronscope.instruments.ops import Op
from neuronscope.instruments.run import run
from neuronscope.models.certificate import EXACT, REFUSED, Certificate, Row
from neuronscope.models.model import Model
from neuronscope.models.parts.anatomy import Absence, Anatomy
from neuronscope.models.sites import SITES, Site
from neuronscope.words import BadInput

_MEMORY_FACTS = Path("/proc/meminfo")


class _Paper(LiveBytes):
    """Where the network asks its numbers a yes-or-no question, such as whether nothing is padded: yes."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default and args[0].dtype == torch.bool:
            return True
        if func is torch.ops.aten._grouped_mm.default:
            func = _product_of_groups
        return super().__torch_dispatch__(func, types, args, kwargs)


def _product_of_groups(rows: Tensor, matrices: Tensor, *_: Any, **__: Any) -> Tensor:
    """Return what experts make of their rows; on the meta device torch knows its shape for bfloat16 only."""
    return rows.new_empty(*rows.shape[:-1], matrices.shape[-1])


@dataclass(frozen=True)
class Plan:
    """What a run will take, in bytes.

    ``sites`` is what each reading keeps, by address, wildcards spelt out, and ``total`` their sum, gradients
    included. ``peak`` is the most that the pass holds at any moment beside the weights: the network's own
    tensors, the readings, and the logits. ``weights`` is what the weights take where they are not in memory
    yet, else 0. ``free`` is what the device has left, None where it does not say.
    """

    sites: Mapping[str, int]
    total: int
    peak: int
    weights: int
    free: int | None
    device: str

    @property
    def needed(self) -> int:
        """Return what must be free before the run starts."""
        return self.weights + self.peak

    @property
    def fits(self) -> bool:
        """Return whether there is room; a device that does not say what is free counts as having it."""
        return self.free is None or self.needed <= self.free

    def check(self) -> "Plan":
        """Return the plan itself where the run fits; raises `BadInput` with both numbers where not."""
        if not self.fits:
            raise BadInput(
                f"This run needs {_said(self.needed)} at its peak, but {self.device} has "
                f"{_said(self.free or 0)} free: ask for fewer sites, positions or rows."
            )
        return self


def plan(
    model: Model,
    shape: tuple[int, int] | Mapping[str, Tensor],
    *,
    get: str | Site | Iterable[str | Site] = (),
    do: Op | Iterable[Op] = (),
    grad: bool | Callable[[Tensor], Tensor] = False,
    stop: bool = False,
    device: str | torch.device | None = None,
) -> Plan:
    """Return what `run` with the same request will hold in memory, counted without running it.

    ``shape`` is how many rows and positions of token ids, or tensors shaped like the network's own arguments
    by name. The model may lie on the meta device, weights and all; then ``device`` says where it is to run
    (cpu unless given). ``grad`` is the score, or True for one that every logit enters. What a kernel needs
    for a moment inside itself is not counted. Raises `BadInput` as `run` does, and for a network whose path
    depends on its numbers, which cannot be followed without them.
    """
    shadow = _shadow(model)
    inputs = _inputs(shape)
    score = (lambda logits: logits.sum()) if grad is True else (grad or None)
    try:
        with _Paper():
            run(shadow, inputs, get=get, do=do, grad=score, stop=stop)  # finds what is found on first use
        with _Paper() as live:
            seen = run(shadow, inputs, get=get, do=do, grad=score, stop=stop)
    except (NotImplementedError, RuntimeError) as error:
        first = str(error).strip().partition("\n")[0]
        raise BadInput(
            f"{type(model.hf).__name__} cannot be planned, since its path depends on numbers: {first:.80}"
        ) from error
    sites = {site: held_bytes(seen[site]) for site in seen.sites}
    if score is not None:
        sites = {site: size + held_bytes(seen.grad[site]) for site, size in sites.items()}
    at, born = torch.device(device or ("cpu" if model.device.type == "meta" else model.device)), 0
    if model.device.type == "meta":
        born = held_bytes(*model.hf.parameters(), *model.hf.buffers())
    return Plan(sites, sum(sites.values()), live.peak, born, free_bytes(at), str(at))


def free_bytes(device: str | torch.device = "cpu") -> int | None:
    """Return the bytes that a device can still give, or None where it does not say."""
    at = torch.device(device)
    if at.type == "cuda":
        return torch.cuda.mem_get_info(at)[0]
    if at.type != "cpu" or not _MEMORY_FACTS.exists():
        return None
    facts = dict(line.split(":", 1) for line in _MEMORY_FACTS.read_text(encoding="ascii").splitlines())
    return int(facts["MemAvailable"].split()[0]) * 1024


def _inputs(shape: tuple[int, int] | Mapping[str, Tensor]) -> Any:
    if isinstance(shape, Mapping):
        return {name: torch.empty_like(value, device="meta") for name, value in shape.items()}
    rows, positions = shape
    if rows < 1 or positions < 1:
        raise BadInput(f"A shape is rows and positions, each at least 1, not {shape}.")
    return [[0] * positions] * rows


def _shadow(model: Model) -> Model:
    """Return a model of the same code and shapes, without numbers."""
    tensors = (*model.hf.parameters(), *model.hf.buffers())
    without = {id(tensor): _without_numbers(tensor) for tensor in tensors}
    shadow = Model(copy.deepcopy(model.hf, without), name=model.name)
    on_paper = model.device.type == "meta"
    vars(shadow)["certificate"] = _trusted(shadow.anatomy) if on_paper else model.certificate
    return shadow


def _without_numbers(tensor: Tensor) -> Tensor:
    empty = torch.empty_like(tensor, device="meta")
    return nn.Parameter(empty, requires_grad=False) if isinstance(tensor, nn.Parameter) else empty


def _trusted(anatomy: Anatomy) -> Certificate:
    """Return what the rules propose, for a network that no probe can run."""
    rows = []
    for name in SITES:
        found = [anatomy.tap(name, layer) for layer in anatomy.layers(name)]
        absent = next((tap for tap in found if isinstance(tap, Absence)), None)
        if absent is None:
            rows.append(Row(name, EXACT, "proposed by its name; there are no numbers to probe"))
        else:
            rows.append(Row(name, REFUSED, absent.reason, instead=absent.instead))
    return Certificate(type(anatomy.network).__name__, 0, 0.0, tuple(rows))


def _said(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"
