"""What do the routes about keys and their record take and reply?"""

from typing import Any, Literal

from pydantic import BaseModel, Field

from neuronscope.custody import Role, Scope
from neuronscope.custody.tokens import LONGEST_DAYS, LONGEST_PATTERN


class Me(BaseModel):
    """Whoever asks: name, role and what the key reaches."""

    name: str
    role: Role
    scopes: list[Scope]
    models: str | None = Field(description="Pattern of the models that may be run; null for any.")
    session: bool = Field(description="Whether it came by a browser's session, which can be signed out.")


class TokenEntry(BaseModel):
    """One token without its secret."""

    id: str
    name: str
    role: Role
    scopes: list[Scope]
    models: str | None = Field(description="Pattern of the models that may be run; null for any.")
    state: Literal["active", "expired", "revoked"]
    created: str = Field(description="ISO 8601 in UTC, as all times here.")
    expires: str | None
    last_used: str | None = Field(description="To within a minute.")
    revoked: str | None


class TokenWanted(BaseModel):
    """A token to be made: a name, a role, and how far below the role it stays."""

    name: str = Field(description="1 to 64 letters, digits, spaces and . _ @ -, unlike any active token's.")
    role: Role = "viewer"
    scopes: list[Scope] | None = Field(None, description="All of the role's where it is left out.")
    models: str | None = Field(
        None, max_length=LONGEST_PATTERN, description="Pattern of names of models, such as builtin:*."
    )
    days: float | None = Field(
        None, gt=0, le=LONGEST_DAYS, description="Days until it expires; never where it is left out."
    )


class NewToken(BaseModel):
    """A token that was made, with its secret, which is told this once."""

    secret: str
    token: TokenEntry


class SessionEntry(BaseModel):
    """One open session of a browser."""

    id: str
    name: str
    role: Role
    created: str
    last_used: str
    expires: str
    address: str = Field(description="Where it signed in from.")
    here: bool = Field(description="Whether it is the session that asks.")


class AuditRow(BaseModel):
    """One thing that was done or refused, with the digest that chains it to the row before."""

    number: int
    time: str
    actor: str
    role: str | None
    action: str
    outcome: str
    facts: dict[str, Any]
    digest: str


class AuditPage(BaseModel):
    """Rows of the record, newest first, and the ``before`` that gives the page after."""

    rows: list[AuditRow]
    before: int | None = Field(description="Null on the last page.")


class AuditVerdict(BaseModel):
    """Whether the record is as it was written; if not, the first wrong row and what is wrong."""

    whole: bool
    rows: int = Field(description="Rows that are sound, from the first.")
    head: str = Field(description="Digest of the last sound row; note it down elsewhere.")
    number: int | None
    trouble: str | None
