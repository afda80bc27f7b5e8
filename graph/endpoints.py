"""Where models answer, with the environment, which teams a server offers, and who is sent notices: of `accord.toml`."""

import re
from collections.abc import Mapping
from pathlib import Path

from graph.config.entries import NAMED, EndpointEntry
from graph.config.file import config_path, read_config
from graph.problems import UsageError
from graph.receivers import ENTRY, Notify, Receiver, usable_receiver
from graph.settings import Settings, variable
from nodes.voices.wire.endpoint import DEFAULT, Endpoint, Route
from policies.team.team import Price

NO_KEY = "-"
"""What is sent as the key where an endpoint needs none: the client is to send something."""


def load_entries(settings: Settings) -> dict[str, EndpointEntry]:
    """Return the endpoints that the file names; none where there is no file and none was asked for.

    Raises:
        UsageError: the file cannot be read, or has what is not allowed; every problem.
    """
    return dict(read_config(settings).endpoints)


def registered_teams(settings: Settings) -> dict[str, Path]:
    """Return the team files that a server offers besides the shipped ones, by name; a path starts at the file's folder.

    Raises:
        UsageError: as `load_entries`.
    """
    folder = config_path(settings).parent
    return {name: folder / Path(path).expanduser() for name, path in read_config(settings).teams.items()}


def load_notify(settings: Settings) -> Notify:
    """Return who is sent notices.

    Raises:
        UsageError: as `load_entries`, or a variable that `notify` names holds no address of a receiver.
    """
    file = read_config(settings)
    receivers = [Receiver(_address(entry, config_path(settings))) for entry in file.notify]
    return Notify([*{each.digest: each for each in receivers}.values()], file.public_url, file.notify_seconds)


def _address(entry: str, path: Path) -> str:
    named = re.fullmatch(NAMED, entry)
    if named is None:
        return entry
    try:
        return usable_receiver((variable(named[1]) or "").strip())
    except ValueError as error:
        told = error if variable(named[1]) else f"is not set; allowed: {ENTRY.partition(', or')[0]}"
        raise UsageError(f"{path}: `notify` names {named[1]}, which {told}") from None


def load_endpoints(settings: Settings) -> dict[str, Endpoint]:
    """Return the endpoints by name; `default` is the file's, else that of the `OPENAI_*` variables where a key is set.

    Raises:
        UsageError: as `load_entries`, or a key has a character that no key has.
    """
    entries = load_entries(settings)
    if DEFAULT not in entries and settings.openai_api_key is not None:
        entries[DEFAULT] = EndpointEntry()
    return {name: _endpoint(name, entry, settings) for name, entry in entries.items()}


def _endpoint(name: str, entry: EndpointEntry, settings: Settings) -> Endpoint:
    return Endpoint(
        api_key=_key(name, entry, settings),
        base_url=entry.base_url or (settings.openai_base_url if name == DEFAULT else None),
        default_model=entry.default_model or settings.openai_model,
        timeout_seconds=entry.timeout_seconds or settings.openai_timeout_seconds,
        max_retries=entry.max_retries,
        name=name,
        max_concurrency=entry.max_concurrency,
        schema=entry.form,
        temperature=entry.temperature,
        output_cap=entry.output_cap,
        headers=entry.headers,
        key_env=entry.key_env or "OPENAI_API_KEY",
    )


def _key(name: str, entry: EndpointEntry, settings: Settings) -> str:
    if entry.key_env is None:
        own = settings.openai_api_key if name == DEFAULT else None
        return own.get_secret_value() if own else NO_KEY
    key = (variable(entry.key_env) or "").strip()
    if key and not re.fullmatch(r"[!-~]+", key):
        raise UsageError(f"{entry.key_env} has a character that no key has; allowed: printable ASCII without spaces")
    return key


def prices_of(entries: Mapping[str, EndpointEntry]) -> dict[str, Price]:
    """Return the price of each model as teams name it: `model` at the default endpoint, else `endpoint/model`."""
    return {
        model if name == DEFAULT else f"{name}/{model}": price
        for name, entry in entries.items()
        for model, price in entry.prices.items()
    }


def route_of(settings: Settings) -> Route:
    """Return how endpoints are reached."""
    named = {"http": settings.http_proxy, "https": settings.https_proxy, "all": settings.all_proxy}
    proxies = {scheme: proxy for scheme, proxy in named.items() if proxy}
    without = tuple(host for host in re.split(r"[,\s]+", settings.no_proxy) if host)
    return Route(proxies, without, settings.ssl_cert_file, settings.ssl_cert_dir)
