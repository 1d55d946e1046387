"""Does NeuronScope say the truth about one network? Its certificate against the oracle, and what follows."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from benchmarks.truth.agreement import judge_effects, judge_values
from benchmarks.truth.claims import Claims, judge_identity_writes, judge_laws
from benchmarks.truth.experts import judge_experts
from benchmarks.truth.findings import (
    ATTENTION,
    PROJECTED,
    RESIDUAL,
    Verdict,
    close,
    first_line,
    name_of,
    outcome_of,
)
from benchmarks.truth.oracle import Call, Oracle, blocks_of, observe, record
from benchmarks.truth.tiny import without_cache
from neuronscope.models import Model

LOGITS = 1e-4
"""Beyond this, other logits than those of the plain network are wrong whatever the certificate says."""
Opener = Callable[[PreTrainedModel], Model]


def judge(
    name: str, network: PreTrainedModel, inputs: Mapping[str, Tensor], *, open_model: Opener = Model
) -> Verdict:
    """Return the verdict on one network: what the engine claims, and what of it the oracle confirms.

    The oracle works on a copy of the network, with the attention that the network came with.
    """
    verdict = Verdict(name)
    plain = copy.deepcopy(network)
    verdict.facts["attention"] = str(plain.config._attn_implementation)
    asked = without_cache(plain, inputs)

    def call(target: Any) -> Any:
        return target(**asked)

    with torch.no_grad():
        outcome = outcome_of(network(**asked))
    seen = {_dotted(plain, blocks[0]): blocks for blocks in blocks_of(plain, call)}
    rows = len(next(iter(inputs.values())))
    try:
        model = open_model(network)
        verdict.certify(model.certificate)
        stacks = _running(_stacks(model), plain, call, verdict)
    except Exception as error:  # whatever a family raises is the finding
        verdict.error = first_line(error)
        return verdict
    oracles = {
        stack: observe(plain, call, seen[first], rows) if first in seen else None
        for stack, (first, _) in stacks.items()
    }
    verdict.checks |= _against_hugging_face(plain, asked, oracles)
    for stack, (first, size) in stacks.items():
        try:
            claims = Claims(model, inputs, verdict, size, stack)
        except Exception as error:  # a site that breaks the pass is the finding
            verdict.error = first_line(error)
            break
        _judge_stack(claims, oracles[stack], outcome, plain, call, seen.get(first))
    _rank(verdict, oracles)
    return verdict


def _dotted(network: nn.Module, wanted: nn.Module) -> str:
    return next((name for name, module in network.named_modules() if module is wanted), "")


def _stacks(model: Model) -> dict[str, tuple[str, int]]:
    """Return by stack prefix the dotted name of its first block and its number of blocks."""
    anatomy: Any = model.anatomy
    lists = getattr(anatomy, "stacks", None)
    named = {name or "": stack.blocks for name, stack in lists.items()} if lists else {"": anatomy.blocks}
    return {name: (_dotted(model.hf, blocks[0]), len(blocks)) for name, blocks in named.items() if blocks}


def _running(
    stacks: dict[str, tuple[str, int]], plain: nn.Module, call: Call, verdict: Verdict
) -> dict[str, tuple[str, int]]:
    """Return the stacks that a pass on these inputs runs through; of an image's tower text says nothing."""
    ran: set[str] = set()

    def note(stack: str) -> Any:
        return lambda *_: ran.add(stack)

    hooks = [plain.get_submodule(first).register_forward_hook(note(at)) for at, (first, _) in stacks.items()]
    with torch.no_grad():
        call(plain)
    for hook in hooks:
        hook.remove()
    verdict.facts["idle stacks"] = sorted(set(stacks) - ran)
    return {stack: found for stack, found in stacks.items() if stack in ran or not ran}


def _judge_stack(
    claims: Claims,
    oracle: Oracle | None,
    outcome: Tensor,
    plain: PreTrainedModel,
    call: Call,
    blocks: list[nn.Module] | None,
) -> None:
    verdict = claims.verdict
    unchanged = torch.equal(claims.outcome, outcome)
    verdict.check("outcome unchanged by reading", unchanged)
    if not close(claims.outcome, outcome, LOGITS):
        verdict.wrong.append(f"{claims.prefix}logits differ from those of the plain network")
    judge_identity_writes(claims)
    judge_laws(claims)
    if oracle is None or blocks is None or len(oracle.blocks) != claims.n_layers:
        verdict.facts.setdefault("no oracle", []).append(claims.prefix)
        return
    judge_values(claims, oracle)
    judge_effects(claims, oracle, lambda edits: outcome_of(record(plain, call, blocks, edits)[2]))
    with torch.no_grad():
        judge_experts(claims, blocks, lambda: outcome_of(call(plain)))


def _against_hugging_face(
    plain: PreTrainedModel, asked: Mapping[str, Any], oracles: Mapping[str, Oracle | None]
) -> dict[str, bool | None]:
    """Check the oracle itself against what Hugging Face collects: hidden states and attention weights."""
    found: dict[str, bool | None] = {"oracle has hidden_states": None, "oracle has attentions": None}
    try:
        with torch.no_grad():
            said = plain(**{**asked, "output_hidden_states": True, "output_attentions": True})
    except Exception:  # a class that cannot say it leaves the question open
        return found
    states, weights = _collected(said, "hidden_states"), _collected(said, "attentions")
    blocks = [block for oracle in oracles.values() if oracle is not None for block in oracle.blocks]
    if states and blocks:
        values = [o.value(block.enters) for o in oracles.values() if o is not None for block in o.blocks[1:]]
        found["oracle has hidden_states"] = all(
            any(torch.equal(state, stream) for state in states) for stream in values
        )
    heads = [block.heads for block in blocks if block.heads is not None]
    if weights and heads:
        found["oracle has attentions"] = all(_among(_square(head), weights) for head in heads)
    return found


def _among(square: Tensor, weights: list[Tensor]) -> bool:
    return any(close(weight[..., : square.shape[-1]].float(), square) for weight in weights)


def _square(head: Any) -> Tensor:
    pattern = head.softmax.value
    return head.square(pattern, len(pattern) if pattern.dim() == 4 else 2).float()


def _collected(said: Any, name: str) -> list[Tensor]:
    parts = [said, *(getattr(said, part, None) for part in ("text_model_output", "vision_model_output"))]
    names = (name, f"encoder_{name}", f"decoder_{name}")
    lists = [getattr(part, each, None) or () for part in parts if part is not None for each in names]
    return [tensor for each in lists for tensor in each if isinstance(tensor, Tensor)]


def _rank(verdict: Verdict, oracles: Mapping[str, Oracle | None]) -> None:
    """Say for the residual stream and for attention whether they are exact, reduced, refused or wrong."""
    blocks = [block for oracle in oracles.values() if oracle is not None for block in oracle.blocks]
    verdict.facts["flags"] = sorted(set().union(*(block.flags for block in blocks)))
    verdict.facts["parallel"] = any(block.parallel for block in blocks)
    known = bool(blocks) and None not in oracles.values()
    taken_apart = known and not any("not a sum" in block.flags for block in blocks)
    needed = {"resid_pre", "resid_post"}
    if not taken_apart or any(block.attention for block in blocks):
        needed |= {"attn_add", "mlp_add"}
    if any(block.middles for block in blocks):
        needed.add("resid_mid")
    everywhere = [f"{stack}/" if stack else "" for stack in oracles]
    verdict.residual = _ranked(verdict, needed, RESIDUAL, everywhere)
    streams = [f"{at}{name}" for at in everywhere for name in ("resid_pre", "resid_post")]
    if verdict.residual != "WRONG" and any(verdict.claimed(stream) == "refused" for stream in streams):
        verdict.residual = "refused"
    all_heads = (*ATTENTION, *PROJECTED)
    verdict.attention = _ranked(verdict, set(ATTENTION), ATTENTION, everywhere)
    verdict.attention_with_projections = _ranked(verdict, set(all_heads), all_heads, everywhere)
    if all(verdict.claimed(f"{at}{name}") == "refused" for at in everywhere for name in ATTENTION):
        none = known and not any(block.n_softmax for block in blocks)
        verdict.attention = verdict.attention_with_projections = "absent" if none else "refused"


def _ranked(verdict: Verdict, needed: set[str], all_sites: tuple[str, ...], everywhere: list[str]) -> str:
    if any(name_of(found) in (*all_sites, "logits") for found in verdict.wrong):
        return "WRONG"
    if any(verdict.claimed(f"{at}{name}") != "exact" for at in everywhere for name in needed):
        return "reduced"
    silent = {name_of(address) for address in verdict.unverified}
    confirmed = needed <= verdict.worst.keys() and not needed & silent and "no oracle" not in verdict.facts
    return "exact" if confirmed else "unverified"
