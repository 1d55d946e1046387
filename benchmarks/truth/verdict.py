"""Does NeuronScope say the truth about one network? Its sites against the oracle, in value and in effect."""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from benchmarks.truth.graph import Node
from benchmarks.truth.oracle import Block, Oracle, blocks_of, observe, record
from neuronscope.instruments import Run, add, put, run, scale, zero
from neuronscope.models import SITES, Model
from neuronscope.words import BadInput

RESIDUAL = ("resid_pre", "resid_mid", "resid_post", "attn_add", "mlp_add")
ATTENTION = ("scores", "pattern", "z")
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
_MASKED = -1e30


@dataclass
class Verdict:
    """What was found about one class; ``wrong`` lists certified-exact sites that the oracle contradicts."""

    name: str
    opened: bool = False
    error: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    checks: dict[str, bool | None] = field(default_factory=dict)
    worst: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    residual: str = "refused"
    attention: str = "refused"

    def compare(self, site: str, gap: float, allowed: float, how: str) -> None:
        """Take in the gap between a site and the oracle; beyond what is allowed it is a finding."""
        name = site.partition(".")[0]
        self.worst[name] = max(self.worst.get(name, 0.0), gap / allowed if allowed else gap)
        if not gap <= allowed:
            found = f"{site} {how} is off by {gap:.1e} where {allowed:.1e} is allowed"
            (self.wrong if self.status.get(name) == "exact" else self.differs).append(found)


def judge(
    name: str,
    network: PreTrainedModel,
    tokens: Tensor,
    *,
    open_model: Callable[[PreTrainedModel], Model] = Model,
) -> Verdict:
    """Return the verdict on one network: what the engine claims, and what of it the oracle confirms."""
    verdict = Verdict(name)
    plain = copy.deepcopy(network)
    verdict.facts["attention"] = str(plain.config._attn_implementation)

    def call(target: Any) -> Any:
        return target(input_ids=tokens, use_cache=False)

    with torch.no_grad():
        logits = call(plain).logits
    stacks = blocks_of(plain, call)
    oracle = observe(plain, call, stacks[0], len(tokens)) if stacks else None
    _confirm_oracle(verdict, plain, tokens, oracle)
    try:
        model = open_model(network)
        rows = model.certificate.rows
    except Exception as error:  # whatever a family raises is the finding
        verdict.error = _first_line(error)
        return verdict
    verdict.opened = True
    verdict.status = {row.site: row.status for row in rows}
    verdict.reasons = {row.site: row.reason for row in rows if row.status != "exact"}
    seen = _Seen(model, tokens, verdict)
    verdict.checks["logits unchanged"] = torch.equal(seen.whole.logits, logits)
    _judge_identity_writes(seen, logits)
    _judge_laws(seen)
    if oracle is not None and len(oracle.blocks) == model.n_layers:
        _judge_values(seen, oracle)
        _judge_effects(seen, oracle, lambda edits: record(plain, call, stacks[0], edits)[2].logits)
    verdict.residual = _residual(verdict, oracle)
    verdict.attention = _attention(verdict, oracle)
    return verdict


class _Seen:
    """All that the engine shows of one network in one run."""

    def __init__(self, model: Model, tokens: Tensor, verdict: Verdict) -> None:
        self.model, self.tokens, self.verdict = model, tokens, verdict
        self.whole = self._read([site for name in model.sites() for site in self._addresses(name)])

    def _addresses(self, name: str) -> Iterable[str]:
        return [f"{name}.{layer}" for layer in range(self.model.n_layers)] if SITES[name].layered else [name]

    def _read(self, sites: list[str]) -> Run:
        try:
            return run(self.model, self.tokens, get=sites)
        except (BadInput, RuntimeError):  # a layer without the site, or a tensor that the model writes to
            return run(self.model, self.tokens, get=[site for site in sites if self._reads(site)])

    def _reads(self, site: str) -> bool:
        try:
            run(self.model, self.tokens, get=site)
        except (BadInput, RuntimeError) as error:
            self.verdict.reasons[f"read {site}"] = _first_line(error)
            return False
        return True

    def __call__(self, name: str, layer: int) -> Tensor | None:
        """Return what the engine shows at a site of a layer, None where it shows nothing."""
        address = f"{name}.{layer}"
        return self.whole[address] if address in self.whole.sites else None


def _confirm_oracle(
    verdict: Verdict, plain: PreTrainedModel, tokens: Tensor, oracle: Oracle | None
) -> None:
    """Check the oracle itself against what Hugging Face collects: hidden states and attention weights."""
    verdict.checks["oracle agrees with hidden_states"] = None
    verdict.checks["oracle agrees with attentions"] = None
    if oracle is None:
        return
    try:
        with torch.no_grad():
            said = plain(
                input_ids=tokens, use_cache=False, output_hidden_states=True, output_attentions=True
            )
    except Exception:  # a class that cannot say it leaves the question open
        return
    states, weights = getattr(said, "hidden_states", None), getattr(said, "attentions", None)
    if states is not None and len(states) == len(oracle.blocks) + 1:
        entering = [oracle.value(block.enters) for block in oracle.blocks]
        verdict.checks["oracle agrees with hidden_states"] = all(
            torch.equal(state, stream) for state, stream in zip(states, entering, strict=False)
        )
    heads = [block.heads for block in oracle.blocks if block.heads is not None]
    if weights is not None and heads and len(weights) == len(heads) and all(w is not None for w in weights):
        verdict.checks["oracle agrees with attentions"] = all(
            _gap(weight[..., : head.keys], head.square(head.softmax.value, len(tokens)))[0] <= 1e-6
            for weight, head in zip(weights, heads, strict=True)
        )


def _judge_identity_writes(seen: _Seen, logits: Tensor) -> None:
    whole = seen.whole
    writable = [site for site in whole.sites if not SITES[site.partition(".")[0]].derived]
    changed = []
    for name in {site.partition(".")[0] for site in writable}:
        own = [put(site, whole) for site in writable if site.partition(".")[0] == name]
        try:
            same = torch.equal(run(seen.model, seen.tokens, do=own).logits, logits)
        except Exception as error:  # a write that crashes is no identity
            same = False
            seen.verdict.reasons.setdefault(f"write {name}", _first_line(error))
        if not same:
            changed.append(name)
    claimed = [name for name in changed if seen.verdict.status[name] == "exact"]
    seen.verdict.checks["identity writes exact"] = not claimed
    seen.verdict.wrong += [f"{name}: writing back what was read changes the logits" for name in claimed]


def _judge_laws(seen: _Seen) -> None:
    """Check the identities between what the engine itself shows, with no regard to the oracle."""
    checks = seen.verdict.checks
    sums, passed, softmaxes, averages = [], [], [], []
    for layer in range(seen.model.n_layers):
        pre, attention, mlp, post = (
            seen(name, layer) for name in ("resid_pre", "attn_add", "mlp_add", "resid_post")
        )
        if pre is not None and attention is not None and mlp is not None and post is not None:
            sums.append(_close(pre + attention + mlp, post))
        before = seen("resid_post", layer - 1) if layer else None
        if before is not None and pre is not None:
            passed.append(_close(before, pre))
        scores, pattern, v, z = (seen(name, layer) for name in ("scores", "pattern", "v", "z"))
        if scores is not None and pattern is not None:
            softmaxes.append(_close(scores.float().softmax(-1), pattern.float(), 1e-4))
        if pattern is not None and v is not None and z is not None:
            shared = v.repeat_interleave(pattern.shape[1] // v.shape[2], dim=2)
            averages.append(_close(torch.einsum("bhqk,bkhd->bqhd", pattern.to(shared.dtype), shared), z))
    checks["resid_pre + attn_add + mlp_add = resid_post"] = all(sums) if sums else None
    checks["resid_post = next resid_pre"] = all(passed) if passed else None
    checks["softmax(scores) = pattern"] = all(softmaxes) if softmaxes else None
    checks["pattern @ v = z"] = all(averages) if averages else None
    layers = [i for i in range(seen.model.n_layers) if seen("pattern", i) is not None]
    checks["zero pattern = zero z"] = None
    if layers and all(seen("z", layer) is not None for layer in layers):
        by_pattern, by_z = (
            run(seen.model, seen.tokens, do=[zero(f"{name}.{layer}.1") for layer in layers]).logits
            for name in ("pattern", "z")
        )
        checks["zero pattern = zero z"] = _close(by_pattern, by_z)


def _expected(oracle: Oracle, block: Block) -> dict[str, list[Tensor]]:
    """Return by site name what a block's sites must hold; several where either is rightly called so."""
    sums = {"attn_add": block.attention, "mlp_add": block.mlp}
    if not block.attention and not block.n_softmax and len(block.mlp) > 1:
        sums = {"attn_add": block.mlp[:1], "mlp_add": block.mlp[1:]}
    shape = oracle.value(block.enters).shape
    expected = {
        name: [sum(node.value.reshape(shape) for node in nodes)]  # pyright: ignore[reportArgumentType]
        for name, nodes in sums.items()
        if nodes
    }
    expected |= {"resid_pre": [oracle.value(block.enters)], "resid_post": [oracle.value(block.leaves)]}
    if block.middles:
        expected["resid_mid"] = [node.value.reshape(shape) for node in block.middles]
    heads, rows = block.heads, oracle.rows
    if heads is not None:
        scores = oracle.value(heads.softmax.parents[0])
        expected["scores"] = [heads.square(scores, rows)]
        expected["pattern"] = [heads.square(heads.softmax.value, rows)]
        if heads.z is not None and heads.v is not None:
            for name, node in (("z", heads.z), ("v", heads.v)):
                split = node.value.reshape(rows, -1, *node.value.shape[-2:])
                expected[name] = [split.transpose(1, 2)]
    return expected  # pyright: ignore[reportReturnType]


def _judge_values(seen: _Seen, oracle: Oracle) -> None:
    for layer, block in enumerate(oracle.blocks):
        expected = _expected(oracle, block)
        for name in (*RESIDUAL, *ATTENTION, "v"):
            value = seen(name, layer)
            if value is None:
                continue
            if name not in expected:
                if name == "resid_mid" and block.parallel:
                    seen.verdict.compare(f"{name}.{layer}", float("inf"), 1.0, "in a parallel block")
                else:
                    seen.verdict.facts.setdefault("unverified", []).append(f"{name}.{layer}")
                continue
            if name == "v" and value.dim() == 4 and expected[name][0].shape[2] % value.shape[2] == 0:
                value = value.repeat_interleave(expected[name][0].shape[2] // value.shape[2], dim=2)
            gap, allowed = min((_gap(value, truth) for truth in expected[name]), key=lambda pair: pair[0])
            seen.verdict.compare(f"{name}.{layer}", gap, allowed, "read")


def _judge_effects(
    seen: _Seen, oracle: Oracle, replay: Callable[[dict[int, Callable[[Tensor], Tensor]]], Tensor]
) -> None:
    """Write through the engine and, apart from it, into the recorded operation; the logits must agree."""
    layers = [layer for layer, block in enumerate(oracle.blocks) if block.heads is not None]
    layer = layers[len(layers) // 2] if layers else len(oracle.blocks) // 2
    block = oracle.blocks[layer]
    coarse = any(node.value.dtype == torch.float32 for node in oracle.graph.nodes)
    tolerance = TOLERANCE[torch.float32 if coarse else torch.float64]
    for name, (node, edit, op) in _edits(seen, oracle, block, layer).items():
        if node.step < 0 or seen(name, layer) is None:
            continue
        truth = replay({node.step: edit})
        try:
            ours = run(seen.model, seen.tokens, do=op).logits
        except BadInput as error:
            seen.verdict.compare(f"{name}.{layer}", float("inf"), 1.0, f"written ({_first_line(error)})")
            continue
        gap = (ours - truth).abs().max().item()
        seen.verdict.compare(f"{name}.{layer}", gap, tolerance * max(1.0, truth.abs().max().item()), "written")


def _edits(seen: _Seen, oracle: Oracle, block: Block, layer: int) -> dict[str, tuple[Node, Any, Any]]:
    """Return by site name the recorded operation that makes it, how it is edited there, and the same op."""
    stream = oracle.value(block.enters)
    delta = torch.randn(stream.shape, generator=torch.Generator().manual_seed(5)).to(stream.dtype)

    def added(tensor: Tensor) -> Tensor:
        return tensor + delta.reshape(tensor.shape).to(tensor.dtype)

    def head(factor: float, keys: int | None = None) -> Callable[[Tensor], Tensor]:
        def edit(tensor: Tensor) -> Tensor:
            split = tensor.reshape(oracle.rows, -1, *tensor.shape[-2:]).clone()
            split[:, 1, :, :keys] *= factor
            return split

        return edit

    edits: dict[str, tuple[Node, Any, Any]] = {
        "resid_post": (oracle.graph.nodes[block.leaves], added, add(f"resid_post.{layer}", delta))
    }
    for name, nodes in (("attn_add", block.attention), ("mlp_add", block.mlp)):
        if nodes and (block.attention or name != "mlp_add"):
            edits[name] = (nodes[-1], added, add(f"{name}.{layer}", delta))
    shown = seen("resid_mid", layer)
    for node in block.middles:
        if shown is not None and _close(shown, node.value.reshape(shown.shape)):
            edits["resid_mid"] = (node, added, add(f"resid_mid.{layer}", delta))
    if block.heads is not None and (block.heads.softmax.value.shape[-1] >= block.heads.keys):
        softmax, keys = block.heads.softmax, block.heads.keys
        before = oracle.graph.nodes[softmax.parents[0]]
        edits["scores"] = (before, head(0.5, keys), scale(f"scores.{layer}.1", 0.5))
        edits["pattern"] = (softmax, head(0.0, keys), zero(f"pattern.{layer}.1"))
        if block.heads.z is not None:
            edits["z"] = (block.heads.z, head(0.0), zero(f"z.{layer}.1"))
    return edits


def _residual(verdict: Verdict, oracle: Oracle | None) -> str:
    if any(found.startswith(RESIDUAL) for found in verdict.wrong):
        return "WRONG"
    if "refused" in (verdict.status.get("resid_pre"), verdict.status.get("resid_post")):
        return "refused"
    blocks = [] if oracle is None else oracle.blocks
    needed = {"resid_pre", "resid_post"}
    if not blocks or any(block.attention for block in blocks) or any("not a sum" in b.flags for b in blocks):
        needed |= {"attn_add", "mlp_add"}
    if any(block.middles and block.attention for block in blocks):
        needed.add("resid_mid")
    return _rank(verdict, needed)


def _attention(verdict: Verdict, oracle: Oracle | None) -> str:
    if any(found.startswith((*ATTENTION, "v.")) for found in verdict.wrong):
        return "WRONG"
    if all(verdict.status.get(name) == "refused" for name in ATTENTION):
        none = oracle is not None and not any(block.n_softmax for block in oracle.blocks)
        return "absent" if none else "refused"
    return _rank(verdict, set(ATTENTION))


def _rank(verdict: Verdict, needed: set[str]) -> str:
    if any(verdict.status.get(name) != "exact" for name in needed):
        return "reduced"
    open_questions = {site.partition(".")[0] for site in verdict.facts.get("unverified", ())}
    confirmed = needed <= verdict.worst.keys() and not (needed & open_questions)
    return "exact" if confirmed else "unverified"


def _gap(ours: Tensor, truth: Tensor) -> tuple[float, float]:
    """Return the largest difference and what the coarser of the two number formats allows."""
    tolerance = TOLERANCE[torch.float64 if ours.dtype == truth.dtype == torch.float64 else torch.float32]
    if ours.shape != truth.shape:
        return float("inf"), tolerance
    left, right = ours.double(), truth.double()
    hidden = right < _MASKED
    if not torch.equal(hidden, left < _MASKED):
        return float("inf"), tolerance
    left, right = left[~hidden], right[~hidden]
    if left.numel() == 0:
        return 0.0, tolerance
    return (left - right).abs().max().item(), tolerance * max(right.abs().max().item(), 1e-3)


def _close(left: Tensor, right: Tensor, tolerance: float | None = None) -> bool:
    gap, allowed = _gap(left, right)
    return gap <= (allowed if tolerance is None else max(allowed, tolerance))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].strip()[:200] if lines else ''}"
