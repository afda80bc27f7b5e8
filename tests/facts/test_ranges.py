"""Which addresses may be connected to, judged by the registries; and every spelling that could stand for one."""

import ipaddress
import re
import socket
from random import Random

import pytest

from graph.config.entries import HostEntry
from graph.facts.source import SourceError
from graph.facts.wire.hosts import Hop, Host
from graph.facts.wire.peers import find_peers
from graph.facts.wire.ranges import range_of
from policies.team.addresses import Address, read_address
from tests.facts.network import Names, run
from tests.facts.registries import METADATA, REFUSED_4, draw, number, verdict

SEED, CASES = 20_260_302, 500


def address_of(value: int, bits: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.IPv4Address(value) if bits == 32 else ipaddress.IPv6Address(value)


def check_seed(seed: int) -> str:
    """Judge addresses drawn at random, one by one and as what a name is looked up to."""
    random, counted = Random(seed), {True: 0, False: 0}
    for _ in range(CASES):
        drawn = [draw(random) for _ in range(random.randint(1, 3))]
        wanted = [verdict(*each) for each in drawn]
        addresses = [address_of(*each) for each in drawn]
        for address, is_refused in zip(addresses, wanted, strict=True):
            assert is_refused is None or (range_of(address) is not None) == is_refused, address
        if None not in wanted:
            counted[any(wanted)] += 1
            assert (fault_of("facts.test", False, *map(str, addresses)) is not None) == any(wanted), addresses
    return f"{counted[True]} refused, {counted[False]} taken"


def test_the_registries_agree_on_addresses_at_random() -> None:
    refused, taken = map(int, re.findall(r"\d+", check_seed(SEED)))
    assert min(refused, taken) > CASES / 20


# --- what a table opens ----------------------------------------------------------------------------------------------

OPENED = {
    "private": ("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "::1",
                "fd12::1", "fe80::1", "64:ff9b::10.0.0.1"),
    "name": METADATA,
    "nothing": ("0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "ff02::1",
                "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "64:ff9b:1::1",
                "2001:db8::1", "fec0::1"),
}  # fmt: skip


def hop(host: str, private: bool) -> Hop:
    return Hop(Address("http", host, 80), Host(host, HostEntry(private=private)), f"http://{host}/")


def peers_of(host: str, private: bool, *answers: str) -> list[str]:
    found = run(find_peers(hop(host, private), Names({"facts.test": [answers]})))
    return [str(each) for each in found]


def fault_of(host: str, private: bool, *answers: str) -> str | None:
    try:
        peers_of(host, private, *answers)
    except SourceError as error:
        return str(error)
    return None


@pytest.mark.parametrize(("opening", "address"), [(kind, each) for kind, all_ in OPENED.items() for each in all_])
def test_what_is_not_public_is_refused_unless_its_table_opens_it(opening: str, address: str) -> None:
    literal = f"[{ipaddress.ip_address(address)}]" if ":" in address else address
    said: dict[tuple[bool, bool], str | None] = {}
    for private in (False, True):
        for host in ("facts.test", literal):
            said[private, host == literal] = fault_of(host, private, address)
    assert None not in (said[False, False], said[False, True])
    assert (said[True, False] is None) == (opening == "private")
    assert (said[True, True] is None) == (opening in ("private", "name"))


def test_one_address_that_is_not_public_refuses_the_whole_answer() -> None:
    assert peers_of("facts.test", False, "8.8.8.8", "2a00::1", "8.8.8.8") == ["8.8.8.8", "2a00::1"]
    for bad in ("10.0.0.7", "::ffff:8.8.8.8", "fe80::1%lo"):
        with pytest.raises(SourceError, match="was not asked"):
            peers_of("facts.test", False, "8.8.8.8", bad, "2a00::1")


def test_the_sentence_says_which_kind_it_is_and_how_to_allow_it() -> None:
    with pytest.raises(SourceError) as told:
        peers_of("facts.test", False, "10.0.0.7")
    assert str(told.value) == (
        "http://facts.test/ was not asked, since 10.0.0.7 is a private address; if that is meant, write "
        '`private = true` under [facts.http."facts.test"] in accord.toml'
    )
    with pytest.raises(SourceError) as told:
        peers_of("facts.test", True, "169.254.169.254")
    assert str(told.value) == (
        "http://facts.test/ was not asked, since 169.254.169.254 is where a cloud gives out credentials; if that is "
        "meant, name this address itself in the team file and in accord.toml, with `private = true`"
    )
    with pytest.raises(SourceError) as told:
        peers_of("facts.test", True, "0.0.0.0")
    assert str(told.value).endswith("since 0.0.0.0 is an unspecified address; facts cannot come from there")


# --- spellings -------------------------------------------------------------------------------------------------------


def spelled(value: int, random: Random) -> str:
    """An IPv4 address as C's `inet_aton` reads it: one to four parts, each decimal, octal or hexadecimal."""
    count = random.randint(1, 4)
    parts = [value >> (24 - 8 * each) & 0xFF for each in range(count - 1)]
    parts.append(value & (2 ** (8 * (5 - count)) - 1))
    forms = ("{}", "0{:o}", "0x{:x}", "0X{:X}", "00{:o}", "0x0{:x}")
    return ".".join(random.choice(forms).format(part) for part in parts)


def test_no_spelling_of_an_ipv4_address_passes_for_a_name() -> None:
    random = Random(SEED)
    for _ in range(5_000):
        first, last = map(number, random.choice([*REFUSED_4.values()]))
        address = ipaddress.IPv4Address(random.randint(first, last))
        text = spelled(int(address), random)
        assert socket.inet_aton(text) == address.packed  # the system takes it for this very address
        assert host_of(text) in (None, str(address)), text


def test_no_spelling_of_an_ipv6_address_has_two_hosts() -> None:
    random = Random(SEED)
    for _ in range(2_000):
        first, last = map(number, random.choice([*REFUSED_4.values()]))
        inner = ipaddress.IPv4Address(random.randint(first, last))
        address = ipaddress.IPv6Address(
            random.choice((0xFFFF00000000, 0, TRANSLATED, 0xFFFF0000_00000000)) + int(inner)
        )
        forms = (address.compressed, address.exploded, address.exploded.upper(), with_dots(address))
        assert {host_of(f"[{form}]") for form in forms} == {f"[{address.compressed}]"}
        assert range_of(address) is not None


TRANSLATED = int(ipaddress.IPv6Address("64:ff9b::"))


def with_dots(address: ipaddress.IPv6Address) -> str:
    inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return f"{address.exploded[:29]}:{inner}"


def host_of(text: str) -> str | None:
    try:
        return read_address(f"http://{text}/").host
    except ValueError:
        return None


@pytest.mark.parametrize(
    "text",
    [
        *("2130706433", "127.1", "0177.0.0.1", "0x7f.1", "127.0.0.1.", "127.0.0.01", "0", "1.2.3.4.5", "256.1.1.1"),
        *("%31%32%37.0.0.1", "127。0。0。1", "１２７.0.0.1", "①②⑦.0.0.1", "127.0.0.1%00", "127.0.0.1\t", "loc\\alhost"),  # noqa: RUF001
        *("[::1%25lo]", "[::1%lo]", "[127.0.0.1]", "[::1", "::1", "[]", "", ".", "a..b", "-a", "a-", "localhost."),
        *("user@127.0.0.1", "a:b@c", "@a", "a@", "a:", "a:0", "a:65536", "a:80:80", "a:8o", "\u00fc.de"),
    ],
)
def test_what_is_no_host_is_refused_before_anything_is_looked_up(text: str) -> None:
    assert host_of(text) is None
