"""What is kept of one class while it is judged, and when are two tensors alike?"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from neuronscope.models import Certificate

RESIDUAL = ("resid_pre", "resid_mid", "resid_post", "attn_add", "mlp_add")
ATTENTION = ("scores", "pattern", "z")
PROJECTED = ("q", "k", "v")
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
_MASKED = -1e30


@dataclass
class Verdict:
    """What was found about one class; ``wrong`` lists certified-exact sites that the oracle contradicts.

    ``differs`` lists the same of reduced sites, ``unverified`` the addresses on which the oracle is silent.
    """

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
    unverified: list[str] = field(default_factory=list)
    residual: str = "refused"
    attention: str = "refused"
    attention_with_projections: str = "refused"

    def certify(self, certificate: Certificate) -> None:
        """Take in what the engine claims of each site."""
        self.opened = True
        self.status = {row.site: row.status for row in certificate.rows}
        self.reasons = {row.site: row.reason for row in certificate.rows if row.status != "exact"}

    def compare(self, address: str, gap: float, allowed: float, how: str) -> None:
        """Take in the gap between a site and the oracle; beyond what is allowed it is a finding."""
        name = name_of(address)
        self.worst[name] = max(self.worst.get(name, 0.0), gap / allowed if allowed else gap)
        if not gap <= allowed:
            self.blame(address, f"{how} is off by {gap:.1e} where {allowed:.1e} is allowed")

    def blame(self, address: str, complaint: str) -> None:
        """Note that the oracle contradicts a site: wrong where it is certified exact."""
        exact = self.claimed(address) == "exact"
        (self.wrong if exact else self.differs).append(f"{address} {complaint}")

    def check(self, name: str, held: bool | None) -> None:
        """Note whether a law held in one stack; it must in all, and None says that it was not asked."""
        before = self.checks.get(name)
        self.checks[name] = held if before is None else before if held is None else before and held

    def claimed(self, address: str) -> str:
        """Return what the certificate says of a site: of its stack where it tells stacks apart."""
        stack = f"{address.partition('/')[0]}/" if "/" in address else ""
        name = name_of(address)
        return self.status.get(f"{stack}{name}", self.status.get(name, "refused"))


def name_of(address: str) -> str:
    """Return the site name of an address or of a complaint that begins with one, without its stack."""
    return address.split(" ", maxsplit=1)[0].rpartition("/")[2].partition(".")[0]


def gap(ours: Tensor, truth: Tensor) -> tuple[float, float]:
    """Return the largest difference and what the coarser of the two number formats allows.

    Where a mask has put its huge negative number, both must have it; how huge it is plays no part.
    """
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


def close(left: Tensor, right: Tensor, tolerance: float = 0.0) -> bool:
    """Return whether two tensors agree to what their number format allows, or to a wider tolerance."""
    found, allowed = gap(left, right)
    return found <= max(allowed, tolerance)


def outcome_of(output: Any) -> Tensor:
    """Return what a network is asked for: logits, the match of images and texts, or its last states."""
    names = ("logits", "logits_per_image", "last_hidden_state")
    return next(found for name in names if (found := getattr(output, name, None)) is not None)


def first_line(error: Exception) -> str:
    """Return an error's class and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].strip()[:200] if lines else ''}"
