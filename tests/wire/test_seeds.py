"""A sample is asked for with a seed, and without one where an endpoint refuses it, which is learned."""

from pathlib import Path
from typing import Any

import pytest

from nodes.voices.wire.complaints import Complaint
from nodes.voices.wire.dialect import first_dialect, learned, weaker
from nodes.voices.wire.endpoint import Endpoint
from tests.harness import CHECKOUT_ROLES, run, settings_at, team_of
from tests.runs.stage import MODEL, script
from tests.scripted_server import Answer, Call, ScriptedServer, serve, served, status

CHECK = "stability={samples: 3, max_flip_rate: 0.2, max_messages: 9}"


class NoSeedServer(ScriptedServer):
    """Refuses a question that has a seed."""

    refused = 0

    def _next(self, method: str, call: Call) -> Answer | str:
        if "seed" in call.body:
            self.refused += 1
            return status(400, {"error": {"message": "Unrecognized request argument supplied: seed", "param": None}})
        return super()._next(method, call)


def seeds_in(calls: list[Call]) -> list[Any]:
    return [call.body.get("seed") for call in calls]


@pytest.mark.slow
def test_each_sample_is_sent_a_seed_of_its_own_and_the_round_and_the_brief_none(tmp_path: Path) -> None:
    with serve(script()) as server:
        settings = settings_at(tmp_path, server.base_url)
        record = run(team_of(settings, "checkout_launch", CHECK), settings)
    assert (record["final_decision"], record["stability"]["completed"], server.unscripted) == ("go", 3, [])
    sent = [seed for seed in seeds_in(server.calls) if seed is not None]
    assert (len(sent), len({*sent})) == (9, 3)
    assert [sent.count(seed) for seed in {*sent}] == [3, 3, 3]
    assert len(server.calls) == 3 + 9 + 1
    assert "endpoints" not in record


@pytest.mark.slow
def test_an_endpoint_that_refuses_a_seed_is_asked_without_and_the_record_says_so(tmp_path: Path) -> None:
    with served(NoSeedServer(script())) as server:
        settings = settings_at(tmp_path, server.base_url)
        record = run(team_of(settings, "checkout_launch", CHECK), settings)
    assert (record["final_decision"], record["stability"]["completed"]) == ("go", 3)
    assert record["endpoints"] == {MODEL: {"seed": "omit"}}
    assert 1 <= server.refused <= 3 * len(CHECKOUT_ROLES)


def test_only_a_question_with_a_seed_leaves_it_out() -> None:
    first = first_dialect(Endpoint("k", None, "m"))
    refused = Complaint("llm_error:400", "", 400, "Unknown field: seed")

    assert weaker(first, refused) is None
    found = weaker(first, refused, is_seeded=True)
    assert found is not None
    assert (found.sends_seed, learned(first, found)) == (False, {"seed": "omit"})
    assert weaker(found, refused, is_seeded=True) is None
    assert weaker(first, Complaint("llm_error:400", "", 400, "reseeded, seeds"), is_seeded=True) is None
