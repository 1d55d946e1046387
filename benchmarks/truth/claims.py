"""What does NeuronScope show of a network, and do its own sites fit together? No oracle takes part here."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from benchmarks.truth.findings import Verdict, close, first_line, name_of, outcome_of
from neuronscope.instruments import Op, Run, put, run, zero
from neuronscope.models import SITES, Model
from neuronscope.words import BadInput

Inputs = Mapping[str, Any]


class Claims:
    """All that the engine shows of one stack of a network in one run."""

    def __init__(self, model: Model, inputs: Inputs, verdict: Verdict, layers: int, stack: str = "") -> None:
        self.model, self.verdict = model, verdict
        self.inputs = inputs["input_ids"] if list(inputs) == ["input_ids"] else inputs
        self.n_layers, self.prefix = layers, f"{stack}/" if stack else ""
        self.outcome = torch.empty(0)
        names = [name for name in SITES if verdict.claimed(f"{self.prefix}{name}") != "refused"]
        self.whole = self._read([site for name in names for site in self._addresses(name)])

    def run(self, **options: Any) -> Run:
        """Run the model on the inputs and keep what the network itself gave as its outcome."""

        def keep(network: Any, args: Any, output: Any) -> None:
            self.outcome = outcome_of(output)

        hook = self.model.hf.register_forward_hook(keep)
        try:
            return run(self.model, self.inputs, **options)  # pyright: ignore[reportArgumentType]
        finally:
            hook.remove()

    def changed(self, *ops: Op) -> Tensor:
        """Return the outcome under some changes."""
        self.run(do=list(ops))
        return self.outcome

    def address(self, name: str, layer: int) -> str:
        """Return the address of a site in a layer of this stack."""
        return f"{self.prefix}{name}.{layer}"

    def __call__(self, name: str, layer: int) -> Tensor | None:
        """Return what the engine shows at a site of a layer, None where it shows nothing."""
        address = self.address(name, layer)
        return self.whole[address] if address in self.whole.sites else None

    def _addresses(self, name: str) -> list[str]:
        if SITES[name].layered:
            return [self.address(name, layer) for layer in range(self.n_layers)]
        return [f"{self.prefix}{name}"]

    def _read(self, sites: list[str]) -> Run:
        try:
            return self.run(get=sites)
        except (BadInput, RuntimeError):  # a layer without the site, or a tensor that the model writes to
            return self.run(get=[site for site in sites if self._reads(site)])

    def _reads(self, site: str) -> bool:
        try:
            self.run(get=site)
        except (BadInput, RuntimeError) as error:
            self.verdict.reasons[f"read {site}"] = first_line(error)
            return False
        return True


def judge_identity_writes(claims: Claims) -> None:
    """Check that writing back what was read changes no bit, for every site that is certified exact."""
    whole, verdict = claims.whole, claims.verdict
    outcome = claims.changed()
    writable = [site for site in whole.sites if not SITES[name_of(site)].derived]
    for name in sorted({name_of(site) for site in writable}):
        own = [put(site, whole) for site in writable if name_of(site) == name]
        try:
            same = torch.equal(claims.changed(*own), outcome)
        except Exception as error:  # a write that crashes is no identity
            same = False
            verdict.reasons.setdefault(f"write {name}", first_line(error))
        if not same:
            verdict.blame(f"{claims.prefix}{name}", "written back as it was read changes the logits")
    broken = any(found.endswith("changes the logits") for found in verdict.wrong)
    verdict.checks["identity writes exact"] = not broken


def judge_laws(claims: Claims) -> None:
    """Check the identities between the sites that the engine itself shows."""
    held: dict[str, list[bool]] = {
        "resid_pre + attn_add + mlp_add = resid_post": [],
        "resid_post = next resid_pre": [],
        "softmax(scores) = pattern": [],
        "pattern @ v = z": [],
    }
    for layer in range(claims.n_layers):
        for law, sides in _laws(claims, layer).items():
            if sides is not None:
                held[law].append(close(*sides, 1e-4 if law.startswith("softmax") else 0.0))
    for law, outcomes in held.items():
        claims.verdict.check(law, all(outcomes) if outcomes else None)
    claims.verdict.check("zero pattern = zero z", _zeroed_heads_agree(claims))


def _laws(claims: Claims, layer: int) -> dict[str, tuple[Tensor, Tensor] | None]:
    sides: dict[str, tuple[Tensor, Tensor] | None] = {}
    pre, attention, mlp, post = (
        claims(name, layer) for name in ("resid_pre", "attn_add", "mlp_add", "resid_post")
    )
    if pre is not None and attention is not None and mlp is not None and post is not None:
        sides["resid_pre + attn_add + mlp_add = resid_post"] = (pre + attention + mlp, post)
    before = claims("resid_post", layer - 1) if layer else None
    if before is not None and pre is not None:
        sides["resid_post = next resid_pre"] = (before, pre)
    scores, pattern, v, z = (claims(name, layer) for name in ("scores", "pattern", "v", "z"))
    if scores is not None and pattern is not None:
        sides["softmax(scores) = pattern"] = (scores.float().softmax(-1), pattern.float())
    if pattern is not None and v is not None and z is not None and pattern.shape[1] % v.shape[2] == 0:
        shared = v.repeat_interleave(pattern.shape[1] // v.shape[2], dim=2)
        sides["pattern @ v = z"] = (torch.einsum("bhqk,bkhd->bqhd", pattern.to(shared.dtype), shared), z)
    return sides


def _zeroed_heads_agree(claims: Claims) -> bool | None:
    layers = [layer for layer in range(claims.n_layers) if claims("pattern", layer) is not None]
    if not layers or any(claims("z", layer) is None for layer in layers):
        return None
    by_pattern, by_z = (
        claims.changed(*(zero(f"{claims.address(name, layer)}.1") for layer in layers))
        for name in ("pattern", "z")
    )
    return close(by_pattern, by_z)
