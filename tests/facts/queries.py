"""A query that is asked for facts, of the database whose address is in a variable."""

import asyncio
from typing import Any

import pytest

from graph.config.entries import DatabaseEntry
from graph.facts.settings import FactSettings
from graph.facts.source import Reading, SourceError
from graph.facts.sql import read
from policies.team.sources import SqlSource

VARIABLE = "SHOP_URL"
KINDS = ("sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres")))

SETTINGS = FactSettings(databases={"shop": DatabaseEntry(url_env=VARIABLE)})


def facts(query: str, settings: FactSettings = SETTINGS, **more: Any) -> Any:
    """What a query gives as facts."""
    source = SqlSource(**{"sql": "shop", "query": query, "into": "shop", **more})
    return asyncio.run(read(source, Reading(settings))).value


def said(query: str, settings: FactSettings = SETTINGS, **more: Any) -> str:
    """Why a query gives none."""
    with pytest.raises(SourceError) as caught:
        facts(query, settings, **more)
    assert len(caught.value.problems) == 1
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix("database `shop`: ")
