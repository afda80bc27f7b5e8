"""`accord.toml`: what it may say, what is refused and in which words, and that roles are asked where it says."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from graph import inputs
from tests.harness import CHECKOUT_ROLES
from tests.hostile.command import Captured, accord, refused
from tests.runs.stage import script
from tests.scripted_server import ScriptedServer, delayed, forever, says, serve, served, status

KEYS = (
    "base_url, key_env, default_model, timeout_seconds, max_retries, max_concurrency, schema, temperature, output_cap, "
    "headers, prices"
)
ADDRESS = "is not the address of an endpoint; allowed: http(s)://HOST[:PORT]/PATH, without a user"
TEXT = "has a character that is not allowed there, or is too long; allowed: "
NAME = f"{TEXT}a lower-case letter, then letters, digits, `-` and `_`, 40 in all"
VARIABLE = f"{TEXT}the name of a variable in capitals, not the key itself"
HEADER = f"{TEXT}letters, digits and `-` in a name, printable ASCII in a value"
SECRET = "sk-in-the-wrong-place"

X = "[endpoints.x]\n"
WRONG: dict[str, tuple[str | bytes, str]] = {
    "a section that is none": (
        "[endpoint.x]\n",
        "`endpoint` is an unknown key; did you mean `endpoints`?",
    ),
    "endpoints that are a number": ("endpoints = 3\n", "`endpoints` is not a table"),
    "an endpoint that is a number": ("[endpoints]\nx = 3\n", "`endpoints.x` is not a table"),
    "a key that is none": (f'{X}url = "http://h"\n', f"`endpoints.x.url` is an unknown key; allowed: {KEYS}"),
    "the key itself": (
        f'{X}key = "{SECRET}"\n',
        "`endpoints.x.key` is an unknown key; did you mean `key_env`?",
    ),
    "a key in place of its name": (f'{X}key_env = "{SECRET}"\n', f"`endpoints.x.key_env` {VARIABLE}"),
    "the name we have for `schema`": (f'{X}form = "none"\n', f"`endpoints.x.form` is an unknown key; allowed: {KEYS}"),
    "a name in brackets": ('[endpoints."[key]"]\n', f"`endpoints.[key]` {NAME}"),
    "a name with a space": ('[endpoints."Two words"]\n', f"`endpoints.Two words` {NAME}"),
    "no address": (f'{X}base_url = "nowhere"\n', f"`endpoints.x.base_url` {ADDRESS}"),
    "another scheme": (f'{X}base_url = "ftp://h/v1"\n', f"`endpoints.x.base_url` {ADDRESS}"),
    "an address with a user": (f'{X}base_url = "https://u:{SECRET}@h/v1"\n', f"`endpoints.x.base_url` {ADDRESS}"),
    "a port that there is none of": (f'{X}base_url = "http://h:99999/v1"\n', f"`endpoints.x.base_url` {ADDRESS}"),
    "an address that is a number": (f"{X}base_url = 3\n", "`endpoints.x.base_url` must be text"),
    "no time": (f"{X}timeout_seconds = 0\n", "`endpoints.x.timeout_seconds` must be more than 0"),
    "too much time": (
        f"{X}timeout_seconds = 3601\n",
        "`endpoints.x.timeout_seconds` must be at most 3600",
    ),
    "time without end": (
        f"{X}timeout_seconds = inf\n",
        "`endpoints.x.timeout_seconds` must be at most 3600",
    ),
    "time that is no number": (f"{X}timeout_seconds = nan\n", "`endpoints.x.timeout_seconds` must be"),
    "too many retries": (f"{X}max_retries = 11\n", "`endpoints.x.max_retries` must be at most 10"),
    "half a retry": (f"{X}max_retries = 1.5\n", "`endpoints.x.max_retries` must be a whole number"),
    "true retries": (f"{X}max_retries = true\n", "`endpoints.x.max_retries` must be a whole number"),
    "no call at once": (f"{X}max_concurrency = 0\n", "`endpoints.x.max_concurrency` must be at least 1"),
    "a form that is none": (
        f'{X}schema = "strict"\n',
        "`endpoints.x.schema` must be 'auto', 'json_schema', 'json_object' or 'none'",
    ),
    "a temperature in degrees": (
        f"{X}temperature = 0.2\n",
        "`endpoints.x.temperature` must be 'send', 'omit' or 'auto'",
    ),
    "a cap that is none": (
        f'{X}output_cap = "n_predict"\n',
        "`endpoints.x.output_cap` must be 'max_completion_tokens', 'max_tokens' or 'auto'",
    ),
    "a header's name with a space": (f'{X}headers = {{"x y" = "a"}}\n', f"`endpoints.x.headers.x y` {HEADER}"),
    "a header of two lines": (f'{X}headers = {{x = "a\\nb"}}\n', f"`endpoints.x.headers.x` {HEADER}"),
    "a header that is a number": (f"{X}headers = {{x = 3}}\n", "`endpoints.x.headers.x` must be text"),
    "a price below nothing": (
        f"{X}prices = {{m = {{prompt = -1, completion = 2}}}}\n",
        "`endpoints.x.prices.m.prompt` must be at least 0",
    ),
    "half a price": (f"{X}prices = {{m = {{prompt = 1}}}}\n", "`endpoints.x.prices.m.completion` is missing"),
    "a price of something else": (
        f"{X}prices = {{m = {{prompt = 1, completion = 1, image = 1}}}}\n",
        "`endpoints.x.prices.m.image` is an unknown key; allowed: prompt, completion",
    ),
    "a price that is a number": (f"{X}prices = {{m = 3}}\n", "`endpoints.x.prices.m` is not a table"),
    "a model without a name": (
        f'{X}default_model = ""\n',
        "`endpoints.x.default_model` must have at least 1",
    ),
    "no TOML": (
        "[endpoints.x\n",
        "cannot be read as TOML: expected ']' at the end of a table declaration at character 13",
    ),
    "a key twice": (
        f"{X}max_retries = 1\nmax_retries = 2\n",
        "cannot be read as TOML: cannot overwrite a value at",
    ),
    "no UTF-8": (b"\xff\xfe", "cannot be read: it is not UTF-8"),
    "too long": ("#" * 1_000_001, "cannot be read as TOML: it has more than 1,000,000 bytes"),
    "too deep": ("a = " + "[" * 20_000, "cannot be read: it nests too deep"),
}


@pytest.fixture
def file(accord_home: Path) -> Path:
    """The file, in the data directory."""
    accord_home.mkdir()
    return accord_home / "accord.toml"


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_place_and_what_is_allowed(name: str, file: Path, capsys: Captured) -> None:
    said, sentence = WRONG[name]
    file.write_bytes(said if isinstance(said, bytes) else said.encode())
    for command in (("endpoints",), ("run",), ("estimate", "checkout_launch")):
        (told,) = refused(capsys, *command)
        assert re.sub(r":\d+: ", ": ", told, count=1).startswith(f"{file}: {sentence}")
        assert SECRET not in told


def test_all_that_is_wrong_is_told_at_once(file: Path, capsys: Captured) -> None:
    file.write_text('[endpoints.x]\nmax_retries = -1\nurl = "a"\n[endpoints.y]\nschema = "all"\n')
    places = [sentence.split("`")[1] for sentence in refused(capsys, "endpoints")]
    assert places == ["endpoints.x.max_retries", "endpoints.x.url", "endpoints.y.schema"]


def test_a_file_that_was_asked_for_has_to_be_there(accord_home: Path, capsys: Captured, tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none.toml", "No such file or directory"), (tmp_path, "Is a directory")):
        assert refused(capsys, "--config", path, "endpoints") == [f"{path}: cannot be read: {why}"]


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(
    file: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "PATIENCE_SECONDS", 0.3)
    os.mkfifo(file)
    (said,) = refused(capsys, "endpoints")
    assert said.startswith(f"{file}: is not a regular file, and nothing was written to it")


def test_a_file_beside_a_team_file_is_not_read(accord_home: Path, capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "accord.toml").write_text("not = read\n")
    assert accord(capsys, "init", tmp_path / "team.yaml").code == 0
    assert accord(capsys, "run", tmp_path / "team.yaml", "--json").code == 0


GOOD = """\
[endpoints.default]
default_model = "large"
[endpoints.local]
base_url = "http://127.0.0.1:9/v1?api-version=secret"
key_env = "LOCAL_KEY"
default_model = "small"
timeout_seconds = 5
max_retries = 0
max_concurrency = 3
schema = "none"
temperature = "omit"
output_cap = "max_tokens"
headers = {x-token = "hidden"}
"""


def test_what_is_there_is_listed_without_secrets(file: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(GOOD)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    done = accord(capsys, "endpoints", "--json")
    default, local = json.loads(done.out)
    assert (default["address"], default["default_model"], default["lacks"]) == (
        "https://api.openai.com/v1",
        "large",
        None,
    )
    assert local == {
        "name": "local",
        "address": "http://127.0.0.1:9/v1",
        "default_model": "small",
        "timeout_seconds": 5.0,
        "max_retries": 0,
        "max_concurrency": 3,
        "schema": "none",
        "temperature": "omit",
        "output_cap": "max_tokens",
        "lacks": "LOCAL_KEY is not set; the endpoint `local` takes its key from there",
    }
    shown = accord(capsys, "endpoints").out
    assert "small at http://127.0.0.1:9/v1\n" in shown
    assert "LOCAL_KEY is not set" in shown
    assert not [secret for secret in ("secret", "hidden", "sk-0123456789") if secret in done.out + shown]


def test_without_any_the_list_says_how_to_name_one(accord_home: Path, capsys: Captured) -> None:
    assert accord(capsys, "endpoints").out.startswith("No endpoint: set OPENAI_API_KEY, or name some in ")
    assert json.loads(accord(capsys, "endpoints", "--json").out) == []


# --- runs ------------------------------------------------------------------------------------------------------------


def named(server: ScriptedServer, name: str, *lines: str) -> str:
    return "\n".join((f"[endpoints.{name}]", f'base_url = "{server.base_url}"', *lines, ""))


def test_one_team_asks_two_endpoints_each_with_its_own_key(
    file: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(script()) as one, serve(script()) as other:
        price = "prices = {small = {prompt = 1_000_000, completion = 2_000_000}}"
        file.write_text(
            named(one, "default", 'key_env = "ONE"')
            + named(other, "local", 'key_env = "OTHER"', 'headers = {x-team = "risk"}', price)
        )
        monkeypatch.setenv("ONE", "key-of-one")
        monkeypatch.setenv("OTHER", "key-of-other")
        sets = ("--set", "roles.risk_analyst.model=local/small", "--set", "brief.model=maker/large")
        record = json.loads(accord(capsys, "run", "--json", *sets).out)
    assert record["status"] == "ok"
    asked = {(call.role, call.body["model"], call.headers["authorization"]) for call in one.calls}
    assert asked == {
        ("demand_analyst", "gpt-4.1-mini", "Bearer key-of-one"),
        ("finance_analyst", "gpt-4.1-mini", "Bearer key-of-one"),
        ("brief", "maker/large", "Bearer key-of-one"),
    }
    (call,) = other.calls
    assert (call.role, call.body["model"], call.headers["authorization"]) == (
        *("risk_analyst", "small", "Bearer key-of-other"),
    )
    assert (call.headers["x-team"], [each for each in one.calls if "x-team" in each.headers]) == ("risk", [])
    assert record["usage"]["cost_usd"] == 100 * 1 + 20 * 2


def test_a_key_that_is_missing_is_named_before_anybody_is_asked(file: Path, capsys: Captured) -> None:
    with serve(script()) as server:
        file.write_text(named(server, "default") + named(server, "local", 'key_env = "LOCAL_KEY"'))
        told = refused(capsys, "run", "--set", "roles.risk_analyst.model=local/small")
        assert told == ["LOCAL_KEY is not set; the endpoint `local` takes its key from there"]
        assert server.calls == []
        assert accord(capsys, "run", "--json").code == 0  # nobody asks that endpoint


def test_forms_that_are_configured_are_used_and_nothing_is_learned(file: Path, capsys: Captured) -> None:
    with serve(script()) as server:
        file.write_text(
            named(server, "default", 'schema = "json_object"', 'temperature = "omit"', 'output_cap = "max_tokens"')
        )
        record = json.loads(accord(capsys, "run", "--json", "--set", "roles.risk_analyst.temperature=0.5").out)
    assert "endpoints" not in record
    (call,) = server.calls_of("risk_analyst")
    assert call.body["response_format"] == {"type": "json_object"}
    assert {"temperature", "max_completion_tokens"} & call.body.keys() == set()
    assert call.body["max_tokens"] > 0


def test_a_form_that_is_configured_is_not_given_up(file: Path, capsys: Captured) -> None:
    wrong = status(400, {"error": {"message": "response_format is not supported"}})
    with serve(script(risk_analyst=forever(wrong))) as server:
        file.write_text(named(server, "default", 'schema = "json_schema"'))
        record = json.loads(accord(capsys, "run", "--json").out)
    assert (record["stop_reason"], len(server.calls_of("risk_analyst"))) == ("llm_error:400", 1)


class Counting(ScriptedServer):
    """Counts how many requests are under way at once."""

    now = most = 0

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await super()._handle(request)
        finally:
            self.now -= 1


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "most"), [(1, 1), (2, 2), (None, 3)])
def test_no_more_calls_are_under_way_at_once_than_may_be(
    limit: int | None, most: int, file: Path, capsys: Captured
) -> None:
    slow: dict[str, Any] = {role: delayed(says("go"), 0.3) for role in CHECKOUT_ROLES}
    with served(Counting(script(**slow))) as server:
        file.write_text(named(server, "default", f"max_concurrency = {limit}" if limit else ""))
        assert accord(capsys, "run", "--json").code == 0
    assert server.most == most
