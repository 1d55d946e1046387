"""Does NeuronScope say the truth about one network? Its certificate against the oracle, and what follows."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from benchmarks.truth.agreement import judge_effects, judge_values
from benchmarks.truth.claims import Claims, judge_identity_writes, judge_laws
from benchmarks.truth.findings import ATTENTION, PROJECTED, RESIDUAL, Verdict, first_line, gap, name_of
from benchmarks.truth.oracle import Oracle, blocks_of, observe, record
from neuronscope.models import Model

Opener = Callable[[PreTrainedModel], Model]


def judge(name: str, network: PreTrainedModel, tokens: Tensor, *, open_model: Opener = Model) -> Verdict:
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
    if oracle is not None:
        verdict.facts["flags"] = sorted(set().union(*(block.flags for block in oracle.blocks)))
        verdict.facts["additive"] = all(block.additive for block in oracle.blocks)
        verdict.facts["parallel"] = any(block.parallel for block in oracle.blocks)
    verdict.checks |= _oracle_against_hugging_face(plain, tokens, oracle)
    try:
        model = open_model(network)
        rows = model.certificate.rows
        verdict.opened = True
        verdict.status = {row.site: row.status for row in rows}
        verdict.reasons = {row.site: row.reason for row in rows if row.status != "exact"}
        claims = Claims(model, tokens, verdict, model.n_layers)
    except Exception as error:  # whatever a family raises is the finding
        verdict.error = first_line(error)
        return verdict
    verdict.checks["logits unchanged"] = torch.equal(claims.whole.logits, logits)
    if not verdict.checks["logits unchanged"]:
        verdict.blame("logits", "change when every site is read")
    judge_identity_writes(claims, logits)
    judge_laws(claims)
    if oracle is not None and len(oracle.blocks) == model.n_layers:
        judge_values(claims, oracle)
        judge_effects(claims, oracle, lambda edits: record(plain, call, stacks[0], edits)[2].logits)
    _rank(verdict, oracle)
    return verdict


def _oracle_against_hugging_face(
    plain: PreTrainedModel, tokens: Tensor, oracle: Oracle | None
) -> dict[str, bool | None]:
    """Check the oracle itself against what Hugging Face collects: hidden states and attention weights."""
    found: dict[str, bool | None] = {"oracle has hidden_states": None, "oracle has attentions": None}
    if oracle is None:
        return found
    asked = {"output_hidden_states": True, "output_attentions": True, "use_cache": False}
    try:
        with torch.no_grad():
            said = plain(input_ids=tokens, **asked)
    except Exception:  # a class that cannot say it leaves the question open
        return found
    states, weights = getattr(said, "hidden_states", None), getattr(said, "attentions", None)
    if states:
        entering = [oracle.value(block.enters) for block in oracle.blocks[1:]]
        found["oracle has hidden_states"] = all(
            any(torch.equal(state, stream) for state in states) for stream in entering
        )
    heads = [block.heads for block in oracle.blocks if block.heads is not None]
    if weights and heads and len(weights) == len(heads) and all(weight is not None for weight in weights):
        pairs = [
            gap(weight[..., : head.keys].float(), head.square(head.softmax.value, len(tokens)).float())
            for weight, head in zip(weights, heads, strict=True)
        ]
        found["oracle has attentions"] = all(found <= allowed for found, allowed in pairs)
    return found


def _rank(verdict: Verdict, oracle: Oracle | None) -> None:
    """Say for the residual stream and for attention whether they are exact, reduced, refused or wrong."""
    blocks = [] if oracle is None else oracle.blocks
    taken_apart = bool(blocks) and not any("not a sum" in block.flags for block in blocks)
    needed = {"resid_pre", "resid_post"}
    if not taken_apart or any(block.attention for block in blocks):
        needed |= {"attn_add", "mlp_add"}
    if any(block.middles for block in blocks):
        needed.add("resid_mid")
    verdict.residual = _ranked(verdict, needed, RESIDUAL)
    if "refused" in (verdict.status.get("resid_pre"), verdict.status.get("resid_post")):
        verdict.residual = "refused"
    verdict.attention = _ranked(verdict, set(ATTENTION), ATTENTION)
    verdict.attention_with_projections = _ranked(verdict, {*ATTENTION, *PROJECTED}, (*ATTENTION, *PROJECTED))
    if all(verdict.status.get(name) == "refused" for name in ATTENTION):
        none = bool(blocks) and not any(block.n_softmax for block in blocks)
        verdict.attention = verdict.attention_with_projections = "absent" if none else "refused"


def _ranked(verdict: Verdict, needed: set[str], all_sites: tuple[str, ...]) -> str:
    if any(name_of(found) in all_sites for found in verdict.wrong):
        return "WRONG"
    if any(verdict.status.get(name) != "exact" for name in needed):
        return "reduced"
    silent = {name_of(address) for address in verdict.unverified}
    return "exact" if needed <= verdict.worst.keys() and not needed & silent else "unverified"
