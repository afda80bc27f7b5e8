"""Vote, by whole runs: the proposal, the ballots nobody sees of the others, the table that counts them, the stops."""

from pathlib import Path
from typing import Any

import pytest

from policies.team.team import Team
from tests.harness import without_times
from tests.patterns.stage import Plain, ballot, go_on, play, proposed, refused, seat, team_of, usage
from tests.patterns.talk import (
    DEARLY,
    FAILURES,
    LIMITS,
    cut_and_gone_on,
    dear,
    events_of,
    finished,
    flying,
    halted,
    plain,
    repairs,
    said,
    same_end,
    slow,
    stop_of,
)
from tests.scripted_server import Answer, hangs, text

pytestmark = pytest.mark.slow

VOTERS = ("ann", "bob", "cid")
PROPOSAL = {"proposal": "Ship on Monday.", "reason": "All is ready."}
SHOWN = {"agent": "chair", **PROPOSAL}
YES, NO, ABSTAIN = "approve", "reject", "abstain"
CASTS = {YES: "go", NO: "block", ABSTAIN: "caution"}
Votes = tuple[str, str, str]


def vote(policy: Any = "majority", **changes: Any) -> Team:
    return team_of("vote", *VOTERS, policy=policy, **{"budget": {"max_messages": 50}, **changes})


def script(votes: Votes = (YES, YES, NO), **others: Any) -> dict[str, list[Answer]]:
    ballots = {voter: [ballot(cast)] for voter, cast in zip(VOTERS, votes, strict=True)}
    return {"chair": [proposed()], **ballots, **others}


def outputs_of(votes: Votes) -> list[Plain]:
    """The proposal and the ballots; a vote that is none is why the voter is absent."""
    cast = {
        voter: {"vote": each, "reason": "So it is."} if each in CASTS else each
        for voter, each in zip(VOTERS, votes, strict=True)
    }
    return [seat(1, "proposal", "proposal", PROPOSAL, "chair", "proposal"), *said(2, "ballots", "ballot", cast)]


def details_of(votes: Votes) -> Plain:
    tally = {word: votes.count(word) for word in (YES, NO, ABSTAIN)}
    return {"proposal": SHOWN, "tally": {**tally, "absent": 3 - sum(tally.values())}}


ADOPTED, RESERVED, REJECTED = "adopted", "adopted with reservations", "rejected"

DECIDED: list[tuple[str, Votes, str, int | str, str]] = [
    ("majority", (YES, YES, NO), "go", 1, ADOPTED),
    ("majority", (YES, ABSTAIN, ABSTAIN), "go_with_caution", 2, RESERVED),
    ("majority", (NO, YES, NO), "no_go", 3, REJECTED),
    ("unanimous", (YES, YES, YES), "go", 1, ADOPTED),
    ("unanimous", (YES, YES, ABSTAIN), "go_with_caution", 2, RESERVED),
    ("unanimous", (NO, NO, NO), "no_go", 3, REJECTED),
    ("quorum", (YES, YES, NO), "go", 2, ADOPTED),
    ("launch", (NO, NO, YES), "no_go", 1, REJECTED),
    ("median", (YES, ABSTAIN, YES), "go", 1, ADOPTED),
    ("median", (YES, ABSTAIN, NO), "no_go", "otherwise", REJECTED),
    ("median", (NO, NO, YES), "no_go", "otherwise", REJECTED),
]


@pytest.mark.parametrize(("policy", "votes", "decision", "row", "words"), DECIDED)
def test_the_table_decides_on_the_ballots_and_the_record_tells_how(
    policy: str, votes: Votes, decision: str, row: int | str, words: str, tmp_path: Path
) -> None:
    played = play(tmp_path, vote(policy), script(votes))
    expected = finished(
        played,
        outputs_of(votes),
        f"Decision: {decision}\n\nThe proposal is {words}.\n\nShip on Monday.",
        details_of(votes),
        usage(4),
        outcome={"vote": decision, "row": row, "guards": [], "final": decision},
    )

    assert without_times(played.record) == expected
    (outcome,) = events_of(tmp_path, "outcome")
    counted = {
        "round": 2,
        "max_rounds": 1,
        "casts": {voter: CASTS[cast] for voter, cast in zip(VOTERS, votes, strict=True)},
        "vote": decision,
        "final": decision,
        "confidences": {},
    }
    assert outcome.items() >= counted.items()


UNDECIDED: list[tuple[str, Votes, str, int | str]] = [
    ("unanimous", (YES, YES, NO), "escalate", "otherwise"),
    ("classic", (YES, YES, NO), "next_round", 2),
    ("classic", (YES, ABSTAIN, ABSTAIN), "next_round", "otherwise"),
    ("launch", (YES, ABSTAIN, ABSTAIN), "escalate", "otherwise"),
]


@pytest.mark.parametrize(("policy", "votes", "given", "row"), UNDECIDED)
def test_ballots_that_decide_nothing_end_it_without_a_quorum_for_good(
    policy: str, votes: Votes, given: str, row: int | str, tmp_path: Path
) -> None:
    played = play(tmp_path, vote(policy), script(votes))
    (event,) = events_of(tmp_path, "outcome")
    outcome: Plain = {"vote": given, "row": row, "guards": [], "final": None}

    assert (event["vote"], event["final"]) == (given, given)
    assert without_times(played.record) == halted(
        played, outputs_of(votes), "no_quorum", "ballots", usage(4), outcome=outcome
    )
    again = go_on(tmp_path, budget={"max_messages": 99})
    assert (again.record, again.order) == (played.record, [])


def test_the_voters_read_the_proposal_and_no_ballot_and_the_proposer_does_not_vote(tmp_path: Path) -> None:
    played = play(tmp_path, vote(), {**script(), **{voter: slow(ballot(YES)) for voter in VOTERS}})

    assert played.tasks("chair") == [{}]
    assert [played.tasks(voter) for voter in VOTERS] == [[{"proposal": SHOWN}]] * 3
    assert played.asked == {"chair": 1, "ann": 1, "bob": 1, "cid": 1}
    assert flying(played) == [1, 3]
    assert not any("So it is." in str(arrival.call.body) for arrival in played.floor.arrivals)


ABSENCES: list[tuple[str, Answer, str]] = [
    ("503", refused(503), "llm_error:503"),
    ("429", refused(429), "llm_rate_limited"),
    ("empty", text(""), "llm_empty"),
]


@pytest.mark.parametrize(("reply", "reason"), [each[1:] for each in ABSENCES], ids=[each[0] for each in ABSENCES])
def test_under_a_quorum_a_voter_who_cannot_be_heard_is_absent_and_no_vote_is_made_up(
    reply: Answer, reason: str, tmp_path: Path
) -> None:
    votes = (YES, reason, YES)
    played = play(tmp_path, vote("quorum"), script((YES, NO, YES), bob=[reply]))
    outcome = {"vote": "go", "row": 2, "guards": [], "final": "go"}

    assert (played.record["final_decision"], played.record["outcome"]) == ("go", outcome)
    assert played.record["outputs"] == outputs_of(votes)
    assert played.record["absent"] == [{"round": 2, "role": "bob", "reason": reason}]
    assert played.record["details"] == details_of(votes)
    assert events_of(tmp_path, "outcome")[0]["casts"] == {"ann": "go", "bob": "absent", "cid": "go"}


def test_under_a_quorum_a_voter_who_breaks_the_contract_for_good_is_absent(tmp_path: Path) -> None:
    wrong = ballot("maybe")
    played = play(tmp_path, vote("quorum"), script((YES, NO, YES), bob=[wrong, wrong]))

    assert played.record["outputs"] == outputs_of((YES, "invalid_output:bob", YES))
    assert repairs(played, "bob") == [None, "invalid_output:bob:vote"]


@pytest.mark.parametrize(
    ("away", "ending"), [(("bob", "cid"), ("no_quorum", "ballots", False)), (VOTERS, ("no_quorum", "ballots", False))]
)
def test_too_few_voters_are_no_quorum(away: tuple[str, ...], ending: tuple[str, str, bool], tmp_path: Path) -> None:
    played = play(tmp_path, vote("quorum"), script() | {voter: [refused(503)] for voter in away})

    assert stop_of(played) == ending
    assert [each["role"] for each in played.record["absent"]] == list(away)


def test_where_absences_do_not_count_a_voter_who_cannot_be_heard_is_asked_again(tmp_path: Path) -> None:
    before = play(tmp_path, vote(), script(bob=[refused(503)]))
    after = go_on(tmp_path, {"bob": ballot(YES)})

    assert stop_of(before) == ("llm_error:503", "ballots:bob", True)
    assert after.order == ["bob"]
    assert after.record["outputs"] == outputs_of((YES, YES, NO))


WRONG_BALLOTS = [
    (text("I approve."), "vote", "I approve."),
    (text("[]"), "not_object", []),
    (ballot("yes"), "vote", {"vote": "yes", "reason": "So it is."}),
    (ballot("go"), "vote", {"vote": "go", "reason": "So it is."}),
    (ballot([YES]), "vote", {"vote": [YES], "reason": "So it is."}),
    (ballot(YES, "  "), "reason", {"vote": YES, "reason": "  "}),
    (ballot(YES, 7), "reason", {"vote": YES, "reason": 7}),
]


@pytest.mark.parametrize(("wrong", "check", "offered"), WRONG_BALLOTS)
def test_a_ballot_that_breaks_its_contract_twice_stops_the_run_with_the_voter_named(
    wrong: Answer, check: str, offered: Any, tmp_path: Path
) -> None:
    played = play(tmp_path, vote(), script(bob=[wrong, wrong]))

    assert stop_of(played) == ("invalid_output:bob", "ballots:bob", True)
    assert played.record["raw_contribution"] == offered
    assert repairs(played, "bob") == [None, f"invalid_output:bob:{check}"]
    assert (played.record["outcome"], played.asked["ann"]) == (None, 1)


@pytest.mark.parametrize(("wrong", "check"), [(proposed(""), "proposal"), (proposed("Ship.", ""), "reason")])
def test_a_proposal_that_breaks_its_contract_stops_the_run_before_anybody_votes(
    wrong: Answer, check: str, tmp_path: Path
) -> None:
    played = play(tmp_path, vote(), {"chair": [wrong, wrong]})
    expected = halted(played, [], "invalid_output:chair", "proposal:chair", usage(2), resumable=True, raw=plain(wrong))

    assert without_times(played.record) == expected
    assert repairs(played, "chair") == [None, f"invalid_output:chair:{check}"]


def test_a_ballot_that_is_mended_is_counted_and_the_others_are_not_asked_again(tmp_path: Path) -> None:
    played = play(tmp_path, vote(), script(bob=[ballot("yes"), ballot(YES)]))

    assert played.record["outputs"] == outputs_of((YES, YES, NO))
    assert played.asked == {"chair": 1, "ann": 1, "bob": 2, "cid": 1}
    assert played.record["usage"] == usage(5)


GUARDS = [
    {"name": "stock", "fact": "orders", "above": 10_000, "cap": "no_go"},
    {"name": "idle", "fact": "orders", "below": 5, "cap": "no_go"},
]


def test_a_guard_on_the_facts_beats_the_ballots_and_the_record_names_it(tmp_path: Path) -> None:
    played = play(tmp_path, vote(guards=GUARDS), script((YES, YES, YES)))

    assert played.record["final_decision"] == "no_go"
    assert played.record["outcome"] == {"vote": "go", "row": 1, "guards": ["stock"], "final": "no_go"}
    heading, told, what = played.record["answer"].split("\n\n")
    assert heading == "Decision: no_go (capped by stock; the vote alone gave go)"
    assert (told, what) == ("The proposal is rejected.", "Ship on Monday.")
    findings = {each["name"]: each["tripped"] for each in events_of(tmp_path, "outcome")[0]["findings"]}
    assert findings == {"stock": True, "idle": False}


def test_weights_and_vetoes_of_the_team_count(tmp_path: Path) -> None:
    heavy = play(tmp_path / "a", vote("weighted", roles={"cid": {"weight": 5}}), script((YES, YES, NO)))
    veto = play(tmp_path / "b", vote("veto", roles={"cid": {"veto": True}}), script((YES, YES, NO)))

    assert [played.record["final_decision"] for played in (heavy, veto)] == ["no_go", "no_go"]


def test_with_another_number_of_votes_that_a_go_needs_it_goes_on_only_where_that_is_accepted_and_all_is_asked_again(
    tmp_path: Path,
) -> None:
    votes = (YES, ABSTAIN, YES)
    before = play(tmp_path, vote("launch"), script(votes, bob=[refused(503)]))
    stale = go_on(tmp_path, {}, budget={"min_go_votes": 3})
    after = go_on(tmp_path, script(votes), budget={"min_go_votes": 3}, accept_changes=True)

    assert before.asked["chair"] == 1
    assert stale.record["stop_reason"] == "stale_thread:policy"
    assert stop_of(after) == ("no_quorum", "ballots", False)
    assert after.asked == {"chair": 1, "ann": 1, "bob": 1, "cid": 1}
    assert [each["agent"] for each in after.record["outputs"]] == ["chair", *VOTERS]
    assert [event["min_go_votes"] for event in events_of(tmp_path, "outcome")] == [3]


@pytest.mark.parametrize(("budget", "raised", "reason"), LIMITS)
def test_a_budget_stops_it_before_the_next_call_and_raised_it_goes_on_as_if_nothing_had_happened(
    budget: Plain, raised: Plain, reason: str, tmp_path: Path
) -> None:
    lines = script()
    lines = {role: [dear(each) for each in answers] for role, answers in lines.items()}
    team = vote(**DEARLY)
    whole = play(tmp_path / "whole", team, lines)
    before, after = cut_and_gone_on(tmp_path / "cut", team, lines, budget, raised)

    assert stop_of(before) == (reason, "ballots:bob", True)
    assert before.order == ["chair", "ann"]
    assert sorted(after.order) == ["bob", "cid"]
    assert same_end(after.record, whole.record)
    assert after.record["usage"] == whole.record["usage"]


def test_the_ballot_that_the_deadline_cuts_is_asked_again_and_no_other(tmp_path: Path) -> None:
    before = play(tmp_path, vote(budget={"max_seconds": 2}), script(cid=[hangs(20)]))
    after = go_on(tmp_path, {"cid": ballot(NO)}, budget={"max_seconds": 60})

    assert stop_of(before) == ("max_seconds", "ballots:cid", True)
    assert after.order == ["cid"]
    assert after.record["outputs"] == outputs_of((YES, YES, NO))


@pytest.mark.parametrize(("failure", "reason", "calls"), FAILURES)
def test_a_provider_that_fails_the_proposer_stops_it_and_nobody_votes_before_there_is_a_proposal(
    failure: Answer, reason: str, calls: int, tmp_path: Path
) -> None:
    before = play(tmp_path, vote("quorum"), {"chair": failure})
    after = go_on(tmp_path, script())

    assert stop_of(before) == (reason, "proposal:chair", True)
    assert before.asked == {"chair": calls}
    assert after.order[0] == "chair"
    assert sorted(after.order[1:]) == list(VOTERS)
    assert after.record["usage"]["calls"] == 4 + calls
