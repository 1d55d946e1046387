"""Does each site show what its name says, and does looking leave the model as it was?"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from neuronscope.models.attention import KEY, Place, Visit
from neuronscope.models.certificate import EXACT, REDUCED, REFUSED, Certificate, Row
from neuronscope.models.forward import forward, fresh
from neuronscope.models.laws import LAWS, Law, NotChecked, Probed
from neuronscope.models.parts.anatomy import Absence, Anatomy
from neuronscope.models.parts.experts import GIVEN
from neuronscope.models.parts.stacks import Stack
from neuronscope.models.parts.towers import specimen
from neuronscope.models.parts.wiring import TERM
from neuronscope.models.sites import SITES

_TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}
_RANK = {EXACT: 0, REDUCED: 1, REFUSED: 2}
_ROWS, _LENGTH = 2, 8
_READ_ONLY = "worked out from its neighbours, so it can be read but not written"
_UNCHECKED = "not checked: no law that speaks of it could be tried on this model"
Inputs = Mapping[str, Any]


class Verdict:
    """What is known so far about one site; the worst news wins, and of equals the first."""

    def __init__(self, name: str) -> None:
        self.name, self.status, self.worst = name, EXACT, None
        self.reason = "reads and writes leave every other number alone"
        self.instead = ""
        self.here: set[int | None] = set()
        self.missing: dict[int | None, Absence] = {}
        self.remarks: list[str] = []
        if SITES[name].derived:
            self.status, self.reason = REDUCED, _READ_ONLY

    def learn(self, status: str, reason: str, instead: str = "") -> None:
        """Take in one finding."""
        if _RANK[status] > _RANK[self.status] or (status == REDUCED and self.reason == _READ_ONLY):
            self.status, self.reason, self.instead = status, reason, instead

    def measure(self, gap: float) -> None:
        """Remember the largest difference."""
        self.worst = gap if self.worst is None else max(self.worst, gap)

    def row(self, stack: str | None) -> Row:
        """Return the certificate's row."""
        if not self.here:
            absence = next(
                iter(self.missing.values()),
                Absence("this model has no blocks: read its modules, such as module.NAME:out", ""),
            )
            self.learn(REFUSED, absence.reason, absence.instead)
        elif self.worst is None:
            self.learn(REDUCED, _UNCHECKED)
        reason = "; ".join([self.reason, *self.remarks[:1]])
        if self.here and self.missing:
            layers = ", ".join(str(layer) for layer in sorted(self.here, key=str))
            reason = f"in layers {layers} only; {reason}"
        name = self.name if stack is None or self.name == "logits" else f"{stack}/{self.name}"
        worst = self.worst if self.here else None
        return Row(name, self.status, reason, worst, self.instead)


def certify(anatomy: Anatomy, n_tokens: int) -> Certificate:
    """Run a few passes over seeded random inputs and return the verdict on every site name of every stack."""
    network = anatomy.network
    tolerance = _TOLERANCE.get(next(network.parameters()).dtype, 1e-4)
    inputs = specimen(network, rows=_ROWS, length=min(_LENGTH, n_tokens))
    tokens = inputs.get("input_ids")
    verdicts = {
        name: {site: Verdict(site) for site in SITES if site != "logits" or stack is anatomy.main}
        for name, stack in anatomy.stacks.items()
    }
    with torch.no_grad():
        try:
            plain = _outcome(anatomy, inputs, {})
            if not _same_as_eager(anatomy, inputs, plain, tolerance):
                told = RuntimeError("its attention gives other numbers through the registry than by itself")
                return _failed(anatomy, verdicts, tolerance, told)
        except Exception as error:  # whatever a family raises on plain inputs is the reason
            return _failed(anatomy, verdicts, tolerance, error)
        probe = _Probe(anatomy, inputs, plain, tolerance)
        probe.certify(verdicts)
    rows = tuple(verdict.row(name) for name, own in verdicts.items() for verdict in own.values())
    n_shown = next(iter(inputs.values())).shape[:2].numel() if tokens is None else tokens.numel()
    return Certificate(type(network).__name__, n_shown, tolerance, rows)


def _failed(
    anatomy: Anatomy, verdicts: Mapping[str | None, Mapping[str, Verdict]], tolerance: float, error: Exception
) -> Certificate:
    told = f"the probe could not run this model ({type(error).__name__}: {str(error).strip()[:80]})"
    for own in verdicts.values():
        for verdict in own.values():
            verdict.missing = {None: Absence(told, "")}
    rows = tuple(verdict.row(name) for name, own in verdicts.items() for verdict in own.values())
    return Certificate(type(anatomy.network).__name__, 0, tolerance, rows)


def _same_as_eager(anatomy: Anatomy, inputs: Inputs, plain: Tensor, tolerance: float) -> bool:
    """Return whether the family's own eager attention gives the same numbers as ours."""
    network: Any = anatomy.network
    if network.config._attn_implementation != KEY:
        return True
    if not torch.equal(_outcome(anatomy, inputs, {}), plain):
        return True  # a network that answers differently each time is found out site by site
    with anatomy.lock:
        try:
            network.set_attn_implementation("eager")
            own = _outcome(anatomy, inputs, {})
        finally:
            network.set_attn_implementation(KEY)
    gap = (own - plain).abs().max().item()
    return own.shape == plain.shape and gap <= tolerance * max(1.0, own.abs().max().item())


def _outcome(anatomy: Anatomy, inputs: Inputs, visits: Mapping[Place, Visit]) -> Tensor:
    """Return what the network gives in the end: its logits, or its first tensor where it has none."""
    output = forward(anatomy, inputs, visits).output
    logits = getattr(output, "logits", None)
    if isinstance(logits, Tensor):
        return logits
    values = list(output.values()) if isinstance(output, Mapping) else list(output)
    return torch.cat([value.flatten() for value in values if isinstance(value, Tensor)])


class _Probe:
    def __init__(self, anatomy: Anatomy, inputs: Inputs, plain: Tensor, tolerance: float) -> None:
        self.anatomy, self.inputs, self.plain, self.tolerance = anatomy, inputs, plain, tolerance
        self.values: dict[Place, Tensor] = {}

    def certify(self, verdicts: Mapping[str | None, Mapping[str, Verdict]]) -> None:
        present = [
            place
            for name, stack in self.anatomy.stacks.items()
            for place in self._present(stack, verdicts[name])
        ]
        of = {place: verdicts[self._stack(place).name][place.name] for place in present}
        self._read(present, of)
        writes: dict[Place, Visit] = {
            place: fresh for place in present if place in self.values and not SITES[place.name].derived
        }
        self._judge_change(writes, of, "writing back what was read changes the logits")
        for place in present:
            if place in self.values:
                of[place].here.add(place.layer)
            else:
                of[place].missing[place.layer] = Absence(
                    "its module is never reached in a forward pass", "resid_post"
                )
        for name, stack in self.anatomy.stacks.items():
            tokens = self.inputs.get("decoder_input_ids" if name == "decoder" else "input_ids")
            seen = Probed(self.anatomy, stack, tokens, self.values)
            self._judge_shapes(verdicts[name], stack)
            for law in LAWS:
                self._judge_law(law, seen, verdicts[name])
            self._judge_extras(stack, verdicts[name])
            self._judge_zeroed_head(stack, verdicts[name])

    def _stack(self, place: Place) -> Stack:
        return self.anatomy.main if place.name == "logits" else self.anatomy.stacks[place.stack]

    def _present(self, stack: Stack, verdicts: Mapping[str, Verdict]) -> Iterable[Place]:
        for name, verdict in verdicts.items():
            for layer in self.anatomy.layers(name, stack.name):
                found = self.anatomy.tap(name, layer, stack.name)
                if isinstance(found, Absence):
                    verdict.missing[layer] = found
                else:
                    yield Place(name, layer, None if name == "logits" else stack.name)

    def _read(self, present: list[Place], of: Mapping[Place, Verdict]) -> None:
        reads = {place: self._reader(place) for place in present}
        try:
            self._judge_repeats(present, of)
            if beside := self._beside():
                _outcome(self.anatomy, self.inputs, beside)
            self._judge_change(reads, of, "reading it changes the logits")
        except Exception:  # one site that cannot be read must not hide the others
            self.values.clear()
            good: dict[Place, Visit] = {}
            for name in dict.fromkeys((place.name, place.stack) for place in present):
                alone = {p: visit for p, visit in reads.items() if (p.name, p.stack) == name}
                try:
                    self._judge_change(alone, of, "reading it changes the logits")
                except Exception as error:  # the reason is told in the certificate
                    told = f"reading it fails: {str(error).strip()[:80]}"
                    for place in alone:
                        of[place].learn(REFUSED, told, "resid_post")
                        self.values.pop(place, None)
                else:
                    good |= alone

    def _judge_repeats(self, present: list[Place], of: Mapping[Place, Verdict]) -> None:
        """Refuse what passes several times in one pass, for an address could not say which time is meant."""
        times: Counter[Place] = Counter()

        def counted(place: Place) -> Visit:
            def count(tensor: Tensor) -> Tensor:
                times[place] += 1
                return tensor

            return count

        _outcome(self.anatomy, self.inputs, {place: counted(place) for place in present})
        for place, count in times.items():
            if count > 1:
                of[place].learn(REFUSED, f"it passes {count} times in one pass, so no address is one of them")

    def _beside(self) -> dict[Place, Visit]:
        """Return readers of what has no site but is asked by laws: further terms, and what experts give."""
        places = [
            Place(f"{TERM}#{number}", layer, name)
            for name, stack in self.anatomy.stacks.items()
            for layer in range(len(stack.blocks))
            for number in range(len(stack.wiring(layer).extras))
        ]
        places += [Place(GIVEN, *at) for at in self.anatomy.experts.values()]
        return {place: self._reader(place) for place in places}

    def _judge_extras(self, stack: Stack, verdicts: Mapping[str, Verdict]) -> None:
        """Reduce what a block adds where it adds further terms, unless each has a module site of its own."""
        names = {module: name for name, module in self.anatomy.network.named_modules()}
        for layer in range(len(stack.blocks)):
            count = len(stack.wiring(layer).extras)
            across = stack.across(layer) if count else []
            for name in ("attn_add", "mlp_add") if count else ():
                if Place(name, layer, stack.name) not in self.values:
                    continue
                if len(across) == count:
                    also = ", ".join(f"module.{names[module]}:out" for module in across)
                    told = f"in layer {layer} the stream also gains attention to another stack, {also}"
                    verdicts[name].remarks.append(told)
                    continue
                told = f"block {layer} adds {count} more terms to its stream, which this site leaves out"
                verdicts[name].learn(REDUCED, told)

    def _reader(self, place: Place) -> Visit:
        def read(tensor: Tensor) -> Tensor:
            self.values[place] = tensor.clone()
            return tensor

        return read

    def _judge_change(
        self, visits: Mapping[Place, Visit], of: Mapping[Place, Verdict], complaint: str
    ) -> None:
        """Run with all visits at once; only if the logits move, find out which site moved them."""
        if torch.equal(_outcome(self.anatomy, self.inputs, visits), self.plain):
            return
        for verdict in {id(of[place]): of[place] for place in visits}.values():
            alone = {place: visit for place, visit in visits.items() if of[place] is verdict}
            gap = (_outcome(self.anatomy, self.inputs, alone) - self.plain).abs().max().item()
            if gap > 0:
                verdict.learn(REDUCED, f"{complaint} by {gap:.1e}")

    def _judge_shapes(self, verdicts: Mapping[str, Verdict], stack: Stack) -> None:
        for place, value in self.values.items():
            if place.name not in SITES:
                continue
            axes = len(SITES[place.name].words)
            if place.stack == stack.name and place.name in verdicts and value.dim() != axes:
                told = f"its tensor has {value.dim()} axes where the site has {axes}"
                if place.name.startswith("resid") and value.dim() > axes:
                    told = f"the block keeps several copies of its stream side by side: {told}"
                verdicts[place.name].learn(REFUSED, told, "resid_post")

    def _judge_law(self, law: Law, seen: Probed, verdicts: Mapping[str, Verdict]) -> None:
        layers = range(len(seen.stack.blocks)) if law.layered else [None]
        for layer in layers:
            try:
                left, right = law.sides(seen, layer)
            except (NotChecked, AttributeError, TypeError, RuntimeError, ValueError, IndexError):
                continue  # a site or part that this law speaks of is absent, or is of another kind
            self._judge_sides(law, left, right, verdicts)

    def _judge_sides(self, law: Law, left: Tensor, right: Tensor, verdicts: Mapping[str, Verdict]) -> None:
        alike = left.shape == right.shape
        gap = (left - right).abs().max().item() if alike and left.numel() else float("inf")
        allowed = self.tolerance * max(1.0, right.abs().max().item()) if right.numel() else 0.0
        for name in law.sites:
            if name not in verdicts:
                continue
            verdicts[name].measure(gap)
            if not gap <= allowed:
                verdicts[name].learn(law.broken, f"the law '{law.states}' is off by {gap:.1e}", "resid_post")

    def _judge_zeroed_head(self, stack: Stack, verdicts: Mapping[str, Verdict]) -> None:
        def zeroed(axis: int) -> Callable[[Tensor], Tensor]:
            def visit(tensor: Tensor) -> Tensor:
                changed = fresh(tensor)
                changed.select(axis, 0).zero_()
                return changed

            return visit

        layers = [
            layer
            for layer in range(len(stack.blocks))
            if {Place("pattern", layer, stack.name), Place("z", layer, stack.name)} <= self.values.keys()
        ]
        if not layers or "refused" in (verdicts["pattern"].status, verdicts["z"].status):
            return
        by_pattern, by_z = (
            _outcome(
                self.anatomy, self.inputs, {Place(name, layer, stack.name): zeroed(axis) for layer in layers}
            )
            for name, axis in (("pattern", 1), ("z", 2))
        )
        law = Law(
            "a head with a zero pattern writes nothing",
            ("pattern", "z"),
            lambda seen, layer: (by_pattern, by_z),
            broken=REDUCED,
        )
        self._judge_sides(law, by_pattern, by_z, verdicts)
