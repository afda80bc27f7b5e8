"""What sources of facts may use: the hosts and databases that `accord.toml` allows, and whom TLS trusts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graph.config.entries import DatabaseEntry, HostEntry
from graph.config.file import config_path, read_config
from graph.endpoints import route_of
from graph.settings import Settings
from nodes.voices.wire.endpoint import Route


@dataclass(frozen=True, slots=True)
class FactSettings:
    """The hosts and databases that facts may come from, by name; what is not listed is not asked.

    Credentials are not in it: an entry names the variables, which are read when a source is asked.
    """

    hosts: Mapping[str, HostEntry] = field(default_factory=dict)
    databases: Mapping[str, DatabaseEntry] = field(default_factory=dict)
    route: Route = field(default_factory=Route)
    """Whom TLS trusts; proxies are not used for facts."""
    folder: Path = Path()
    """The folder of `accord.toml`, at which the path of a SQLite file starts that is not absolute."""

    @property
    def variables(self) -> list[str]:
        """The variables that hold credentials, each once."""
        named = [name for host in self.hosts.values() for name in (host.token_env, *host.headers_env.values())]
        named += [database.url_env for database in self.databases.values()]
        return list(dict.fromkeys(name for name in named if name))


def load_fact_settings(settings: Settings) -> FactSettings:
    """Return what the settings allow.

    Raises:
        UsageError: `accord.toml` cannot be read, or has what is not allowed; every problem.
    """
    tables = read_config(settings).facts
    return FactSettings(tables.http, tables.sql, route_of(settings), config_path(settings).parent)
