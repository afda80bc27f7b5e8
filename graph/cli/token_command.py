"""`accord token`: who may call the HTTP service."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, TypeVar

import click

from graph.cli.exits import Exit
from graph.cli.session import WholeHelpGroup, database_option, json_option, print_json, run_async, settings_for
from policies.language import phrase, say

T = TypeVar("T")

CREATE = """Create a token and print it once, alone on stdout; nothing keeps it.

The first token closes the service to everybody who has none. What a token allows, each with --scope: `read` reads,
`run` runs teams and says things to threads, `decide` answers what people are asked, `admin` does all.

\b
accord token create --tenant acme --person ada --scope read --scope decide --expires 90d
curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8200/v1/runs
"""


@click.group("token", cls=WholeHelpGroup)
def command() -> None:
    """Create, list and revoke the tokens of those who may call the HTTP service."""


@command.command("create", help=CREATE)
@click.option("--tenant", required=True, metavar="NAME", help="On whose behalf it calls: a company, a department.")
@click.option("--person", required=True, metavar="NAME", help="Who holds it: a person or a program.")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="read, run, decide or admin. Default: read.")
@click.option("--expires", metavar="DURATION", help="When it ends: 30m, 48h, 90d from now. Default: never.")
@database_option
@json_option
def create(
    tenant: str, person: str, scopes: tuple[str, ...], expires: str | None, db: str | None, as_json: bool
) -> Exit:
    """Create a token and print it once."""
    from graph.problems import neutral

    token = _wanted(tenant, person, scopes or ("read",), expires)
    text = _with_tokens(db, lambda tokens: tokens.create(token), reads=False)
    if as_json:
        print_json({"token": text, **asdict(token)})
        return Exit.DONE
    told = phrase("Token {id} of {person}, tenant {tenant}, for {scopes}, {until}. It is shown this once.")
    click.echo(neutral(say(told, **_said(token))), err=True)
    click.echo(text)
    return Exit.DONE


@command.command("list")
@database_option
@json_option
def list_(db: str | None, as_json: bool) -> Exit:
    """List the tokens, the oldest first; none of them can be read back."""
    from graph.problems import neutral
    from nodes.services import utc_now

    tokens = _with_tokens(db, lambda kept: kept.listed())
    if as_json:
        print_json([asdict(each) for each in tokens])
    elif not tokens:
        click.echo(say("There are no tokens: the service is open to this machine, and to it alone."))
    for each in [] if as_json else tokens:
        said = _said(each, is_good=each.is_good(utc_now()))
        click.echo(neutral("  ".join(said[name] for name in ("id", "tenant", "person", "scopes", "until"))))
    return Exit.DONE


@command.command("revoke")
@click.argument("name", metavar="ID")
@database_option
@json_option
def revoke(name: str, db: str | None, as_json: bool) -> Exit:
    """Refuse a token from now on, by the ID that `accord token list` shows; every process refuses it at once."""
    from graph.problems import neutral
    from nodes.services import utc_now

    token = _with_tokens(db, lambda tokens: tokens.revoke(name, utc_now()))
    if as_json:
        print_json(asdict(token))
    else:
        told = phrase("Token {id} of {person}, tenant {tenant}, is refused.")
        click.echo(neutral(say(told, **_said(token))))
    return Exit.DONE


def _wanted(tenant: str, person: str, scopes: tuple[str, ...], expires: str | None) -> Any:
    """Return what is to be kept of a token.

    Raises:
        UsageError: an option has a value that is not allowed; all of them.
    """
    from graph.problems import UsageError
    from graph.store.tokens import new_id
    from nodes.services import utc_now
    from policies.access.caller import SCOPES
    from policies.access.names import find_misnamed
    from policies.access.scopes import find_unknown
    from policies.access.tokens import Token, time_after

    found = {
        "--tenant": [find_misnamed(tenant)],
        "--person": [find_misnamed(person)],
        "--scope": [*map(find_unknown, scopes)],
        "--expires": [expires and _no_duration(expires)],
    }
    problems = [f"{option}: {told}" for option, each in found.items() for told in each if told]
    if problems:
        raise UsageError(*problems)
    now = utc_now()
    until = None if expires is None else time_after(now, expires)
    kept = tuple(scope for scope in SCOPES if scope in scopes)
    return Token(new_id(), tenant, person, kept, now, until)


def _no_duration(text: str) -> str | None:
    from policies.team.people import check_duration

    try:
        check_duration(text)
    except ValueError as error:
        return f"{text!r}: {error}"
    return None


def _said(token: Any, *, is_good: bool = True) -> dict[str, str]:
    """Return the values of a sentence about a token."""
    if token.revoked_at:
        until = say("revoked at {when}", when=token.revoked_at)
    elif token.expires_at and not is_good:
        until = say("expired at {when}", when=token.expires_at)
    elif token.expires_at:
        until = say("until {when}", when=token.expires_at)
    else:
        until = say("without an end")
    scopes = ", ".join(token.scopes)
    return {"id": token.id, "tenant": token.tenant, "person": token.person, "scopes": scopes, "until": until}


def _with_tokens(db: str | None, work: Callable[[Any], Awaitable[T]], *, reads: bool = True) -> T:
    from graph.store.database import open_database
    from graph.store.location import located, storage_errors
    from graph.store.tokens import Tokens

    settings = settings_for(db)

    async def opened(_: Any) -> T:
        where = located(settings, reads=reads)
        async with open_database(where, settings.accord_sqlite_synchronous) as database:
            with storage_errors(settings.database):
                return await work(Tokens(database.store))

    return run_async(opened)
