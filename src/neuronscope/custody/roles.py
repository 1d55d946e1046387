"""Who may do what? Three roles, and the least of them that each sort of act needs."""

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["viewer", "analyst", "admin"]
Scope = Literal["read", "export", "run", "manage"]

ROLES: tuple[Role, ...] = get_args(Role)
SCOPES: tuple[Scope, ...] = get_args(Scope)
LEAST: dict[Scope, Role] = {"read": "viewer", "export": "viewer", "run": "analyst", "manage": "admin"}


def scopes_of(role: Role) -> tuple[Scope, ...]:
    """Return every scope that a role may have.

    >>> scopes_of("analyst")
    ('read', 'export', 'run')
    """
    return tuple(scope for scope in SCOPES if ROLES.index(LEAST[scope]) <= ROLES.index(role))


@dataclass(frozen=True)
class Actor:
    """Whoever asks: by which name, in which role, how far, and with which models."""

    name: str
    role: Role
    scopes: tuple[Scope, ...]
    models: str | None = None
    """Pattern of the names of models that it may run, such as ``builtin:*``; any model where none."""
    token: str | None = None
    """Id of the token in the table by which it came, if it came by one."""

    def may(self, scope: Scope) -> bool:
        """Say whether both the role and the token reach so far.

        >>> Actor("ann", "viewer", ("read", "run")).may("run")
        False
        """
        return scope in self.scopes and scope in scopes_of(self.role)
