"""The OpenAPI document: schemathesis asks a started service what it allows and what not, and every answer fits."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.hostile.command import ROOT, process
from tests.service.process import Served, serving

pytestmark = pytest.mark.system

CONFIG = Path(__file__).with_name("schemathesis.toml")
HALT = "/v1/halt"
TABLE = "[serve]\nrequests_per_minute = 1_000_000\n"
EXAMPLES = 4
PATIENCE_SECONDS = 600
PROBLEMS = {
    "400",
    "401",
    "403",
    "404",
    "405",
    "406",
    "408",
    "409",
    "410",
    "413",
    "415",
    "421",
    "422",
    "429",
    "431",
    "500",
    "503",
}


def token_at(home: Path) -> str:
    """A token that may do all, of a person of this machine."""
    (home / "accord.toml").write_text(TABLE)
    given = ("token", "create", "--tenant", "local", "--person", "ada", "--scope", "admin")
    done = process(home, *given, env={"ACCORD_HOME": str(home)})
    assert done.code == 0, done
    return done.out.strip().splitlines()[-1]


def asked(served: Served, token: str, seed: int, examples: int, *which: str) -> subprocess.CompletedProcess[str]:
    """Let schemathesis ask a service, with all of its checks.

    One thread asks: two that draw at once fail in Python 3.11's `ast.parse` (gh-106905), which is reported as a
    failure without a cause.
    """
    options = ("--seed", seed, "--max-examples", examples, "--continue-on-failure", "--workers", 1)
    quiet = ("--no-color", "--generation-database", "none", "--request-timeout", 60)
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
            *("run", f"{served.url}/v1/openapi.json", "--header", f"Authorization: Bearer {token}"),
            *map(str, (*options, *quiet, *which)),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.service.hooks"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


def statuses_at(home: Path) -> Counter[int]:
    """How often each status was answered, as the log says; nothing failed that nobody foresaw."""
    log = [json.loads(line) for line in (home / "serve.log").read_text().splitlines()]
    assert not [line for line in log if line["event"] == "failed"]
    return Counter(line["status"] for line in log if line["event"] == "request")


def check_seed(seed: int, folder: Path, examples: int = 40) -> str:
    """Ask a service of its own by a seed; return in a word that no answer is at fault.

    Halts are asked for in the end: what runs is refused from then on.
    """
    token = token_at(folder)
    with serving(folder) as served:
        for which in ("--exclude-path", "--include-path"):
            done = asked(served, token, seed, examples, which, HALT)
            assert served.process.poll() is None, "the service ended"
            assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    statuses = statuses_at(folder)
    assert (statuses[500], statuses[503]) == (0, 0)
    assert min(statuses[200], statuses[202], statuses[404], statuses[422]) > 0
    return "fits"


@pytest.mark.timeout(PATIENCE_SECONDS)
def test_every_answer_fits_the_document_and_what_it_does_not_allow_is_refused(tmp_path: Path) -> None:
    assert check_seed(20, tmp_path, EXAMPLES) == "fits"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with serving(tmp_path_factory.mktemp("service")) as served, served.client() as client:
        yield client.get("/v1/openapi.json").json()


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in document["paths"].values() for operation in methods.values()]


def test_each_operation_has_a_name_a_sentence_and_every_problem(document: dict[str, Any]) -> None:
    names = [each["operationId"] for each in operations(document)]
    assert len(names) == len({*names})
    for each in operations(document):
        assert each["description"].endswith("."), each
        assert {*each["responses"]} >= PROBLEMS, each
        assert any(status < "300" for status in each["responses"]), each


def test_each_parameter_and_each_field_has_a_description(document: dict[str, Any]) -> None:
    parameters = [(each["operationId"], part) for each in operations(document) for part in each.get("parameters", [])]
    fields = [
        (schema, {"name": name, **field})
        for schema, told in document["components"]["schemas"].items()
        for name, field in told.get("properties", {}).items()
    ]
    assert min(len(parameters), len(fields)) > 20
    assert not [(where, part["name"]) for where, part in parameters + fields if not part.get("description")]


def test_only_what_balancers_ask_needs_no_token(document: dict[str, Any]) -> None:
    found = {path for path, methods in document["paths"].items() for each in methods.values() if not each["security"]}
    assert found == {"/health", "/ready"}
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_a_problem_is_what_the_document_says(document: dict[str, Any], tmp_path: Path) -> None:
    schemas = document["components"]["schemas"]
    schema = {"$ref": "#/components/schemas/Problem", "components": {"schemas": schemas}}
    with serving(tmp_path) as served, served.client() as client:
        bodies: list[Any] = [{"team": 5}, {"team": "no_such_team"}, [], {}]
        for body in bodies:
            jsonschema.validate(client.post("/v1/execute", json=body).json(), schema)
    assert "HTTPValidationError" not in schemas


def test_the_document_says_which_version_answers(document: dict[str, Any]) -> None:
    assert (document["info"]["title"], document["info"]["version"]) == ("Accord", "0.1.0")
