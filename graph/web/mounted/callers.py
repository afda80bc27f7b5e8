"""Callers as the LangGraph server has them: a user with an identity and permissions."""

from collections.abc import Mapping
from typing import Any

from langgraph_sdk import Auth

from policies.access.caller import SCOPES, Caller, Scope, identity_of

Value = Mapping[str, Any]


def user_of(caller: Caller) -> dict[str, Any]:
    """Return the user that a caller is to the server. It is stored with each run, so it holds no token.

    Nobody without a token is authenticated: an answer is then what somebody says to be.
    """
    return {
        "identity": identity_of(caller),
        "display_name": caller.person,
        "is_authenticated": caller.is_proved,
        "permissions": sorted(caller.scopes),
        "tenant": caller.tenant,
        "person": caller.person,
    }


def caller_of(ctx: Auth.types.AuthContext) -> Caller:
    """Return who asks, from what `user_of` gave the server."""
    user: Any = ctx.user
    scopes: frozenset[Scope] = frozenset(each for each in SCOPES if each in ctx.permissions)
    return Caller(str(user["tenant"]), str(user["person"]), scopes, bool(user["is_authenticated"]))
