"""Receivers: where notices are sent, as `accord.toml` names them; what is shown or kept of one is never a secret."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from policies.nearest import allowed_names

ENTRY = "an address such as mailto://…, jsons://HOST/PATH or slack://…, or $NAME of a variable that holds one"
BARRED = {
    **dict.fromkeys(("template", "pgp", "pgppub", "pgpprv", "wkd"), "it reads files of this machine"),
    "format": "notices are plain text",
}
"""Options of an address that are refused, each with the reason."""

_SECRET = re.compile(r"\+|.*(pass|pwd|secret|token|key|auth)", re.IGNORECASE)
"""How the name of an option begins whose value may be a secret: a header, or what says so."""
_USER = re.compile(r"(?P<user>[^@]*@)?(?P<host>\w[\w.-]*|\[[0-9A-Fa-f:.]+\])(?P<port>:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Service:
    """A kind of receiver: what it is called, and how it is addressed and written to.

    `names_host` says that its address begins with a host, which is not secret. `takes_fields` says that it reads fields
    and headers, so that the key of a notice travels there. `has_markup` says that it gives characters a meaning.
    """

    title: str
    names_host: bool = False
    takes_fields: bool = False
    has_markup: bool = True


_HTTP = {"names_host": True, "takes_fields": True, "has_markup": False}
SERVICES = {
    **dict.fromkeys(("mailto", "mailtos"), Service("mail", names_host=True, has_markup=False)),
    **dict.fromkeys(("json", "jsons"), Service("a webhook that takes JSON", **_HTTP)),
    **dict.fromkeys(("form", "forms"), Service("a webhook that takes a form", **_HTTP)),
    **dict.fromkeys(("xml", "xmls"), Service("a webhook that takes XML", **_HTTP)),
    "slack": Service("Slack"),
    **dict.fromkeys(("workflow", "workflows"), Service("Microsoft Teams")),
    "discord": Service("Discord"),
    **dict.fromkeys(("mmost", "mmosts"), Service("Mattermost", names_host=True)),
    **dict.fromkeys(("rocket", "rockets"), Service("Rocket.Chat", names_host=True)),
    **dict.fromkeys(("matrix", "matrixs"), Service("Matrix")),
    "tgram": Service("Telegram"),
    "gchat": Service("Google Chat"),
    **dict.fromkeys(("webex", "wxteams"), Service("Webex")),
    "zulip": Service("Zulip"),
    **dict.fromkeys(("nctalk", "nctalks"), Service("Nextcloud Talk", names_host=True)),
    **dict.fromkeys(("signal", "signals"), Service("Signal", names_host=True)),
    **dict.fromkeys(("ntfy", "ntfys"), Service("ntfy")),
    **dict.fromkeys(("gotify", "gotifys"), Service("Gotify", names_host=True)),
    "pover": Service("Pushover"),
    "pagerduty": Service("PagerDuty"),
    "opsgenie": Service("Opsgenie"),
    "splunk": Service("Splunk On-Call"),
    **dict.fromkeys(("o365", "azure"), Service("mail by Microsoft 365")),
    "ses": Service("mail by Amazon SES"),
    "sendgrid": Service("mail by SendGrid"),
    "mailgun": Service("mail by Mailgun"),
    "twilio": Service("text messages by Twilio"),
}
"""The kinds of receivers by the scheme of their addresses: all are reached over the network.

What apprise also offers and would run or touch something on this machine (syslog, dbus, windows, …) is not among them.
"""

OTHER_NAMES = {"msteams": "workflows", "telegram": "tgram", "mattermost": "mmosts", "http": "json", "https": "jsons"}
"""What people write, and the scheme that they mean."""


@dataclass(frozen=True, slots=True, repr=False)
class Receiver:
    """One receiver; its address is a secret, so that nothing but whoever sends reads it."""

    address: str

    @property
    def service(self) -> Service:
        """Its kind."""
        return SERVICES[_scheme(self.address)]

    @property
    def shown(self) -> str:
        """Its address without user, password, path and options; without the host where that may be a secret."""
        scheme, place = _scheme(self.address), _place(self.address)
        found = _USER.fullmatch(place)
        # A mail address, or a password with a slash: in doubt nothing is shown.
        is_clear = found is not None and ("@" in place or "@" not in self.address)
        if found is None or not is_clear or not self.service.names_host:
            return f"{scheme}://…"
        return f"{scheme}://{found['host']}{found['port'] or ''}/…"

    @property
    def digest(self) -> str:
        """What the database knows it by; it leaves out passwords, so nobody who reads it can try them out."""
        head, _, query = self.address.partition("?")
        user, at, rest = _place(head).rpartition("@")
        options = sorted(each for each in query.split("&") if not _SECRET.match(unquote(each.partition("=")[0])))
        named = [_scheme(head), user.partition(":")[0], at + rest, head.partition("://")[2].partition("/")[2], *options]
        return hashlib.sha256("\n".join(named).encode()).hexdigest()[:32]

    def __repr__(self) -> str:
        return f"Receiver({self.shown})"


@dataclass(frozen=True, slots=True)
class Notify:
    """What `accord.toml` says of notices: to whom, the address of the board, how long a command waits at its end."""

    receivers: Sequence[Receiver] = ()
    public_url: str | None = None
    seconds: float = 5.0


def usable_receiver(address: str) -> str:
    """Return the address of a receiver, whole; no part of a wrong one is repeated but its scheme.

    >>> usable_receiver("json://hooks.example.org/accord")
    'json://hooks.example.org/accord'

    Raises:
        ValueError: it is none, or of a kind that is not allowed.
    """
    scheme, found, rest = address.partition("://")
    if not found or not re.fullmatch(r"[A-Za-z0-9]{1,20}", scheme):
        raise ValueError(f"is not the address of a receiver; allowed: {ENTRY}")
    if scheme.lower() not in SERVICES:
        meant = OTHER_NAMES.get(scheme.lower())
        names = f"; did you mean `{meant}`?" if meant else allowed_names(scheme.lower(), SERVICES)
        raise ValueError(f"`{scheme}://` is not a kind of receiver{names}")
    if not re.fullmatch(r"[!-~]+", rest):
        raise ValueError("has a character that an address cannot have, or ends after `://`; percent-encode others")
    _check_place(Receiver(address))
    for option in rest.partition("?")[2].split("&"):
        name = unquote(option.partition("=")[0]).strip().lower()
        if name in BARRED:
            raise ValueError(f"has the option `{name}`, which is refused: {BARRED[name]}; leave it out")
    return address


def _check_place(receiver: Receiver) -> None:
    """Raise ValueError where a host should begin the address and does not, as with a password that is not encoded."""
    place = _place(receiver.address)
    found = _USER.fullmatch(place)
    if not receiver.service.names_host:
        return
    has_port = found is not None and 0 < int((found["port"] or ":1")[1:]) < 65_536
    is_mail = _scheme(receiver.address).startswith("mailto")
    is_split = "@" in receiver.address.partition("?")[0] and "@" not in place and not is_mail
    if not has_port or is_split:
        raise ValueError(
            "names no host after `://`; allowed: USER:PASSWORD@HOST:PORT/PATH, of which all but HOST may be missing, "
            "special characters in USER and PASSWORD percent-encoded"
        )


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower()


def _place(address: str) -> str:
    return re.split(r"[/?#]", address.partition("://")[2], maxsplit=1)[0]
