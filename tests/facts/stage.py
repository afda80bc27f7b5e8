"""What the tests of facts over HTTP share: a source that is asked on loopback, and the sentence of one that fails."""

from collections.abc import Mapping
from typing import Any

import pytest

from graph.config.entries import HostEntry
from graph.facts.http import fetch
from graph.facts.settings import FactSettings
from graph.facts.source import Raw, SourceError
from nodes.voices.wire.endpoint import Route
from policies.team.sources import HttpSource
from tests.facts.network import Names, run
from tests.wire.raw import RawServer

HOST = "facts.test"
HERE = Names({HOST: [["127.0.0.1"]], "other.test": [["127.0.0.1"]]})


def fetched(
    url: str, hosts: Mapping[str, HostEntry] | None = None, names: Names = HERE, route: Route | None = None, **spec: Any
) -> Raw:
    """What a source gives; without a list of hosts, that of the URL may be asked and may be private."""
    place = url.split("/")[2]
    settings = FactSettings({place: HostEntry(private=True)} if hosts is None else hosts, {}, route or Route())
    return run(fetch(HttpSource(http=url, **spec), settings, names))


def refused(url: str, **changes: Any) -> str:
    """The sentence with which it gives nothing."""
    with pytest.raises(SourceError) as told:
        fetched(url, **changes)
    (said,) = told.value.problems
    assert "\n" not in said
    return said


def at(server: RawServer, path: str = "/prices?day=secret-day", host: str = HOST, scheme: str = "http") -> str:
    return f"{scheme}://{host}:{server.port}{path}"
