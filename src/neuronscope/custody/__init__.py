"""Who holds a key, and what was done with it? Both are readable without the server."""

from neuronscope.custody.audit import AuditLog, Row, Verdict
from neuronscope.custody.files import FOLDER
from neuronscope.custody.roles import LEAST, ROLES, SCOPES, Actor, Role, Scope, scopes_of
from neuronscope.custody.tokens import Token, TokenTable

__all__ = [
    "FOLDER",
    "LEAST",
    "ROLES",
    "SCOPES",
    "Actor",
    "AuditLog",
    "Role",
    "Row",
    "Scope",
    "Token",
    "TokenTable",
    "Verdict",
    "scopes_of",
]
