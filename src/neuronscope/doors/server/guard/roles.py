"""Which role and scope does a request need? Told by its method and path alone."""

import re

from neuronscope.custody import LEAST, Actor, Scope

API = "/api"
ADMIN = "/api/v1/admin"
METRICS = "/metrics"
HEALTH = "/api/v1/health"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
ONLY_ASKED = {
    ("POST", "/api/v1/tokens"),
    ("POST", "/api/v1/recipes/read"),
    ("POST", "/api/v1/recipes/fill"),
    ("POST", "/api/v1/recipes/check"),
}
"""What changes nothing and runs nothing though it has a body: pages ask there at every pause of typing."""
EXPORTS = re.compile(r"/api/v1/results/[^/]+/export")


def is_guarded(path: str) -> bool:
    """Say whether a path needs a key: all that is below ``/api`` but health, and the metrics."""
    return (is_api(path) and path != HEALTH) or path == METRICS


def is_api(path: str) -> bool:
    """Say whether a path is the API's or below it."""
    return path == API or path.startswith(f"{API}/")


def needed(method: str, path: str) -> Scope:
    """Return the scope that a request needs; the role follows from it.

    >>> needed("GET", "/api/v1/jobs"), needed("POST", "/api/v1/jobs"), needed("GET", "/api/v1/admin/audit")
    ('read', 'run', 'manage')
    >>> needed("POST", "/api/v1/tokens")
    'read'
    """
    if path == ADMIN or path.startswith(f"{ADMIN}/"):
        return "manage"
    if method not in SAFE_METHODS and (method, path) not in ONLY_ASKED:
        return "run"
    return "export" if EXPORTS.fullmatch(path) else "read"


def changes(method: str, path: str) -> bool:
    """Say whether a request may change something, so that it belongs on record."""
    return is_api(path) and method not in SAFE_METHODS and (method, path) not in ONLY_ASKED


def refusal(actor: Actor, method: str, path: str) -> str | None:
    """Return why an actor may not ask this, in one sentence, or nothing where it may."""
    scope = needed(method, path)
    if actor.may(scope):
        return None
    role = LEAST[scope]
    article = "a" if role == "viewer" else "an"
    return (
        f"{actor.name} is {'a' if actor.role == 'viewer' else 'an'} {actor.role} whose key reaches "
        f"{', '.join(actor.scopes)}; this needs {scope}, which {article} {role}'s key can have."
    )
