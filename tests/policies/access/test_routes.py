"""Which route a request asks for, and which paths are refused: against a reading of paths that shares no code."""

import posixpath
from random import Random
from urllib.parse import unquote

import pytest

from policies.access.routes import Routes, is_plain

TABLE = {
    "GET /": "root",
    "GET /threads/{thread_id}": "one",
    "DELETE /threads/{thread_id}": "gone",
    "POST /threads/search": "search",
    "GET /threads/{thread_id}/runs/{run_id}": "run",
    "POST /threads/{thread_id}/runs/stream": "stream",
    "GET /v1/runs.json": "dotted",
}


def expected(method: str, path: str) -> set[str]:
    """Return what the table has of a path, part by part, in no order."""
    found = set()
    for line, right in TABLE.items():
        each, template = line.split(" ")
        parts, asked = template.split("/"), path.split("/")
        fits = len(parts) == len(asked) and all(
            (part.startswith("{") and value != "") or part == value for part, value in zip(parts, asked, strict=True)
        )
        if fits and each == ("GET" if method == "HEAD" else method):
            found.add(right)
    return found


def test_a_route_is_found_as_its_parts_say() -> None:
    random, routes = Random(23), Routes(TABLE)
    words = ("threads", "search", "runs", "stream", "v1", "runs.json", "runsxjson", "7", "", "x y", "Threads")
    hits = 0
    for _ in range(20_000):
        path = "/" + "/".join(random.choice(words) for _ in range(random.randrange(6)))
        method = random.choice(("GET", "POST", "DELETE", "HEAD", "get", "TRACE", "*"))
        found, wanted = routes.find(method, path), expected(method, path)
        hits += bool(wanted)
        assert (found is None) == (not wanted), (method, path)
        if found is not None:
            assert found.right in wanted
            assert TABLE[f"{'GET' if method == 'HEAD' else method} {found.path}"] == found.right
            assert set(found.values.values()) <= {*path.split("/")}
    assert hits > 500


def test_a_path_without_values_goes_first() -> None:
    routes = Routes({"GET /a/{b}": 1, "GET /a/c": 2, "GET /{x}/c": 3})
    assert [routes.find("GET", path).right for path in ("/a/c", "/a/d", "/z/c")] == [2, 1, 3]  # type: ignore[union-attr]


def test_the_methods_of_a_path_are_those_of_the_table() -> None:
    routes = Routes(TABLE)
    assert [routes.methods(path) for path in ("/threads/7", "/threads/search", "/", "/ui")] == [
        ("DELETE", "GET"),
        ("DELETE", "GET", "POST"),
        ("GET",),
        (),
    ]


TRICKS = (
    *(
        "",
        "//",
        "//health",
        "/health/",
        "/v1//runs",
        "/./health",
        "/v1/../health",
        "/..",
        "/.",
        "/v1/runs/..",
        "/a/./b",
    ),
    *(
        "health",
        "*",
        "http://a/health",
        "/health;x",
        "/hea\\lth",
        "/health\x00",
        "/health\n",
        "/health ",
        "/é",
        "/a%2fb",
    ),
    *("/health\r", "/v1/runs/\u2025", "/\uff0fhealth", "/a?b", "/a#b", "/a\tb", "/<x>", '/"', "/a{b}"),
)


@pytest.mark.parametrize("path", TRICKS)
def test_a_path_that_somebody_may_read_differently_is_refused(path: str) -> None:
    assert not is_plain(path)


@pytest.mark.parametrize("raw", ["%2F", "%2f", "%2E%2e", "%5c", "%3b", "%00", "%252e", "%25", "%", "%2", "%zz", "%2E"])
def test_a_path_is_refused_that_encodes_what_it_need_not(raw: str) -> None:
    sent = f"/v1/runs/a{raw}z"
    assert not is_plain("/v1/runs/az", sent.encode()), sent


def test_the_root_is_plain() -> None:
    assert is_plain("/", b"/")


def test_a_plain_path_is_read_alike_decoded_normed_and_split() -> None:
    random, plain = Random(24), 0
    for _ in range(30_000):
        sent = "".join(random.choice(("/", "a", ".", "%2e", "%41", "%7C", ":", "-", "%2F", "@")) for _ in range(7))
        path = unquote(sent)
        if is_plain(path, sent.encode()):
            plain += 1
            assert path == posixpath.normpath(path) == unquote(path)
            assert path.count("/") == sent.count("/")
    assert plain > 100
