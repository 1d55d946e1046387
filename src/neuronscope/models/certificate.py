"""Can the named parts of this model be trusted? A certificate answers site by site."""

from dataclasses import asdict, dataclass
from typing import Any

EXACT, REDUCED, REFUSED = "exact", "reduced", "refused"


@dataclass(frozen=True)
class Row:
    """What the probe found for one site name, over all layers.

    ``worst`` is the largest absolute difference between the two sides of the laws that the site takes part
    in.
    """

    site: str
    status: str
    reason: str
    worst: float | None = None
    instead: str = ""


@dataclass(frozen=True)
class Certificate:
    """The verdict on every site of one model: exact, reduced or refused, each with its reason."""

    architecture: str
    n_tokens: int
    tolerance: float
    rows: tuple[Row, ...]

    def row(self, name: str) -> Row:
        """Return the row of one site name."""
        return next(row for row in self.rows if row.site == name)

    def of(self, status: str) -> list[str]:
        """Return the site names of one status, in the order in which a token passes them."""
        return [row.site for row in self.rows if row.status == status]

    def summary(self) -> str:
        """Return one paragraph: how many sites are exact, reduced and refused, and why."""
        worst = max(
            (row.worst for row in self.rows if row.worst is not None and row.status != REFUSED), default=0.0
        )
        lines = [
            f"{self.architecture}: {len(self.of(EXACT))} sites exact, {len(self.of(REDUCED))} reduced, "
            f"{len(self.of(REFUSED))} refused; worst difference {worst:.1e} on {self.n_tokens} random tokens."
        ]
        lines += [f"{row.site} is {row.status}: {row.reason}." for row in self.rows if row.status != EXACT]
        return "\n".join(lines)

    def verdicts(self) -> dict[str, Any]:
        """Return the sites that are exact, and the others with their reasons, as provenance holds them."""
        short: dict[str, Any] = {
            "n_tokens": self.n_tokens,
            "tolerance": self.tolerance,
            EXACT: self.of(EXACT),
        }
        for status in (REDUCED, REFUSED):
            short[status] = {row.site: row.reason for row in self.rows if row.status == status}
        return short

    def to_dict(self) -> dict[str, Any]:
        """Return the certificate as plain data."""
        return {**asdict(self), "rows": [asdict(row) for row in self.rows]}
