"""A role reaches as far as it says, and a key never further than its role."""

from itertools import pairwise

import pytest

from neuronscope.custody import LEAST, ROLES, SCOPES, Actor, Role, scopes_of


def test_each_role_has_all_that_the_one_below_has_and_more() -> None:
    for below, above in pairwise(ROLES):
        assert set(scopes_of(below)) < set(scopes_of(above))
    assert scopes_of("admin") == SCOPES


def test_nobody_but_an_admin_manages_and_no_viewer_runs() -> None:
    assert LEAST == {"read": "viewer", "export": "viewer", "run": "analyst", "manage": "admin"}


@pytest.mark.parametrize("role", ROLES)
def test_a_key_with_every_scope_reaches_no_further_than_its_role(role: Role) -> None:
    actor = Actor("ann", role, SCOPES)
    assert [scope for scope in SCOPES if actor.may(scope)] == list(scopes_of(role))


def test_a_key_below_its_role_stays_there() -> None:
    actor = Actor("ann", "admin", ("read",))
    assert [scope for scope in SCOPES if actor.may(scope)] == ["read"]
