"""Owners: whose a row is. Nothing is said of the command line's own tenant, so rows without one are its."""

from collections.abc import Mapping
from typing import Any

from policies.access.caller import LOCAL

TENANT = "tenant"
"""Under this key a row says whose it is."""


def tenant_of(row: Mapping[str, Any]) -> str:
    """Return whose a row is.

    >>> tenant_of({"tenant": "acme"}), tenant_of({})
    ('acme', 'local')
    """
    return str(row.get(TENANT, LOCAL))


def owned_by(tenant: str) -> dict[str, str]:
    """Return what a row says of a tenant.

    >>> owned_by("acme"), owned_by("local")
    ({'tenant': 'acme'}, {})
    """
    return {} if tenant == LOCAL else {TENANT: tenant}
