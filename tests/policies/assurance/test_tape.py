"""The tape: worked out from the events of a record alone, kept as plain values, and read back as they were."""

import json
from collections.abc import Mapping
from typing import Any

from policies.assurance.tape import Exchange, Pause, RoundEnd, Ruled, Start, Tape, tape_from
from policies.assurance.taping import taped
from policies.contracts.answers import Accepted, Refusal
from policies.decision.marks import Marks
from policies.run.budgets import Spent
from policies.run.seats import Failure, Reply, Reseating
from policies.team.team import Budget

Event = dict[str, Any]
LIMITS = Budget().model_dump(mode="json")


def event(kind: str, **body: Any) -> Event:
    return {"event": kind, **body}


def admitted(pattern: str = "rounds", **limits: Any) -> Event:
    return event("admitted", pattern=pattern, limits=LIMITS | limits, max_repairs=2)


def resumed(after: str | None, moved: str | None = None, rounds: int = 0, messages: int = 0, **limits: Any) -> Event:
    ruled = {"pattern": "rounds", "limits": LIMITS | limits, "max_repairs": 3}
    return event("resumed", after=after, moved=moved, spent={"messages": messages, "rounds": rounds}, **ruled)


def said(role: str, stance: str, confidence: float) -> Accepted:
    return Accepted(role, "contribution", {"stance": stance, "confidence": confidence})


def asked(number: int, *roles: str) -> list[Event]:
    return [event("asked", round=number, role=role, attempt=1) for role in roles]


def accepted(number: int, role: str, stance: str = "go", confidence: float = 0.9, **more: Any) -> Event:
    said = {"agent": role, "stance": stance, "confidence": confidence}
    return event("accepted", round=number, role=role, contribution=said, **more)


def finished(reason: str, phase: str | None = None) -> Event:
    return event("finished", stop_reason=reason, phase=phase)


def outcome(number: int, final: str, convene: str | None = None, release: str | None = None, **casts: str) -> Event:
    sure = {role: 0.9 for role, cast in casts.items() if cast != "absent"}
    body = {
        "casts": casts,
        "confidences": sure,
        "final": final,
        "marks": {"open_questions": 2, "ungrounded": 0, "moved": 1},
    }
    body |= {"convene": convene, "release": release}
    return event("outcome", round=number, max_rounds=3, **body)


def tape_of(*events: Event) -> Tape:
    """The tape of a record, through JSON as a store keeps it."""
    plain: Mapping[str, Any] = json.loads(json.dumps(taped(events)))
    return tape_from(plain)


def test_a_tape_holds_who_was_asked_at_once_and_what_each_gave() -> None:
    tape = tape_of(
        admitted(max_rounds=2),
        *asked(1, "risk", "legal", "sales"),
        event("proposed", round=1, role="risk"),
        accepted(1, "risk", "caution", 0.25, offered=[{"to": ["legal"]}]),
        event("refused", round=1, role="legal", rule="invalid_contribution:stance"),
        event("failed", round=1, role="sales", reason="llm_timeout"),
        event("absent", round=1, role="sales", reason="llm_timeout"),
        *asked(1, "legal"),
        event("failed", round=1, role="legal", reason="max_messages", own_limit=True),
        event("conflict", round=1, conflict="no_contributions"),
        outcome(1, "go", risk="caution", legal="absent", sales="absent"),
        event("asked", round=1, role="brief", attempt=1),
        event("proposed", round=1, role="brief", text="Fine."),
        finished("success"),
    )
    limits = Budget(max_rounds=2)

    given = said("risk", "caution", 0.25)
    refused, late = Refusal("invalid_contribution:stance", None), Failure("llm_timeout")
    first: dict[str, Reply | None] = {"risk": given, "legal": refused, "sales": late}
    own = Failure("max_messages", is_own=True)
    assert tape.start == Start(limits, max_repairs=2)
    assert tape.steps == (
        Exchange(1, first, limits, frozenset({"risk"})),
        Exchange(1, {"legal": own}, limits),
        RoundEnd(1, {"risk": "caution", "legal": "absent", "sales": "absent"}, "go", Marks(2, 0, 1)),
    )
    assert (tape.changes_before(1), tape.changes_before(2)) == ((), (Reseating(),))
    assert [reply for reply, _ in tape.answers(1, "legal")] == [refused, own]
    assert tape.answers(2, "legal") == []
    assert (tape.offering(1), tape.offering(2)) == (frozenset({"risk"}), frozenset())
    assert tape.end_of(1) == (2, tape.steps[2])
    assert tape.end_of(2) is None


def test_a_tape_holds_where_the_run_stopped_and_which_limits_were_changed_when_it_was_resumed() -> None:
    tape = tape_of(
        admitted(),
        *(finished("needs_input:rate", "facts"), resumed("needs_input:rate")),
        *(*asked(1, "risk"), event("failed", round=1, role="risk", reason="llm_auth")),
        *(finished("llm_auth", "round_1:risk"), resumed("llm_auth", max_rounds=5, max_tokens=9)),
        *(*asked(1, "risk"), accepted(1, "risk"), finished("cancelled")),
    )

    more = Budget(max_rounds=5, max_tokens=9)
    assert [step for step in tape.steps if isinstance(step, Pause)] == [
        Pause("needs_input:rate", "facts", Budget(), Budget(), 3),
        Pause("llm_auth", "round_1:risk", Budget(), more, 3),
        Pause("cancelled", None, more),
    ]
    assert tape.steps[-2] == Exchange(1, {"risk": said("risk", "go", 0.9)}, Budget(max_rounds=5, max_tokens=9))
    assert [tape.is_resumed_from(place) for place in (0, 2, 3, 9)] == [True, True, False, False]


def test_work_that_was_cut_off_left_no_answers() -> None:
    """Somebody sent new limits meanwhile, or the same input again, which leaves no event."""
    tape = tape_of(
        admitted(),
        *asked(1, "risk", "legal"),
        resumed(None, max_messages=20),
        *asked(1, "risk", "legal"),
        *asked(1, "risk", "legal"),
        *(accepted(1, "risk"), accepted(1, "legal")),
    )
    cut = {"risk": None, "legal": None}

    assert [getattr(step, "replies", step) for step in tape.steps] == [
        cut,
        Pause(None, None, Budget(), Budget(max_messages=20), 3),
        cut,
        {role: said(role, "go", 0.9) for role in ("risk", "legal")},
    ]
    assert tape.answers(1, "risk")[0][1].limits == Budget(max_messages=20)


def recovered(*set_back: str) -> Event:
    return event("recovered", lost=[], set_back=[*set_back], made=1, in_a_row=1, answered=0)


def test_a_recovery_leaves_the_seats_that_it_asks_again_and_takes_out_those_it_sets_back() -> None:
    go = said("risk", "go", 0.9)
    asked_again = tape_of(admitted(), *asked(1, "risk"), recovered(), accepted(1, "risk"))
    assert asked_again.steps == (Exchange(1, {"risk": go}, Budget()),)
    partly = tape_of(admitted(), *asked(1, "risk", "legal"), recovered("legal"), accepted(1, "risk"))
    assert partly.steps == asked_again.steps
    stopped = tape_of(
        *(admitted(), *asked(1, "risk"), recovered("risk"), finished("recovery_exhausted", "round_1:risk")),
        *(resumed("recovery_exhausted", max_recoveries=9), *asked(1, "risk"), accepted(1, "risk")),
    )
    more = Budget(max_recoveries=9)
    pause = Pause("recovery_exhausted", "round_1:risk", Budget(), more, 3)
    assert stopped.steps == (pause, Exchange(1, {"risk": go}, more))


def test_ballots_are_the_stances_they_amount_to() -> None:
    def answered(number: int, seat: str, contract: str, **answer: str) -> Event:
        role = {"role": "chair", "seat": seat} if seat == "proposal" else {"role": seat}
        return event("accepted", round=number, **role, output={"contract": contract, "answer": answer})

    tape = tape_of(
        admitted(),
        event("asked", round=1, role="chair", seat="proposal"),
        answered(1, "proposal", "proposal", proposal="Ship."),
        *asked(2, "risk", "legal", "sales"),
        *(answered(2, role, "ballot", vote=vote) for role, vote in BALLOTS.items()),
    )

    assert tape.steps[0] == Exchange(1, {"proposal": Accepted("proposal", "proposal", {})})
    replies = [reply for reply, _ in (tape.answers(2, role)[0] for role in BALLOTS)]
    assert [reply.answer["stance"] for reply in replies if isinstance(reply, Accepted)] == ["go", "caution", "block"]


def people(kind: str, asked_for: str, **body: Any) -> Event:
    return {"event": kind, "round": 1, "role": "people", "question": "q", "kind": asked_for, **body}


def test_what_people_gave_is_kept_with_the_limits_of_then_and_what_they_were_asked_before_the_facts_is_not() -> None:
    tape = tape_of(
        *(
            admitted(),
            people("asked", "supply"),
            people("answered", "supply", outcome=1),
            people("ruled", "supply", outcome=""),
        ),
        *(resumed(None), *asked(1, "risk"), accepted(1, "risk", "block"), outcome(1, "escalate", risk="block")),
        *(people("asked", "decide"), people("declined", "decide"), resumed(None, max_rounds=5)),
        *(people("answered", "decide", by="cfo", outcome="again"), people("ruled", "decide", outcome="again")),
        *(*asked(2, "risk"), accepted(2, "risk"), outcome(2, "go", risk="go"), event("asked", round=2, role="brief")),
        *(people("asked", "sign_off"), people("ruled", "sign_off", outcome="go"), finished("success")),
    )
    more = Budget(max_rounds=5)

    assert tape.steps[0] == Pause(None, None, Budget(), Budget(), 3)
    assert tape.steps[3:5] == (Pause(None, "human", Budget(), more, 3), Ruled("decide", "again", 1, more, noted=True))
    assert tape.steps[-1] == Ruled("sign_off", "go", 1, more)
    assert len(tape.steps) == 8


def test_a_seat_that_somebody_left_empty_is_silent_and_an_answer_after_that_is_late() -> None:
    seats = [each | {"question": each["role"], "kind": "contribute"} for each in asked(1, "risk", "legal")]
    tape = tape_of(
        *(
            admitted(),
            *seats,
            people("answered", "contribute", outcome={}),
            people("ruled", "contribute", outcome="again"),
        ),
        *(accepted(1, "legal"), seats[0], resumed(None, max_messages=20), accepted(1, "risk")),
    )
    more, go = Budget(max_messages=20), {role: said(role, "go", 0.9) for role in ("risk", "legal")}

    assert tape.steps == (
        Exchange(1, {"risk": None, "legal": None}),
        Ruled("contribute", "again", 1),
        Exchange(1, {"legal": go["legal"]}, is_late=True),
        Exchange(1, {"risk": None}),
        Pause(None, "human", Budget(), more, 3),
        Exchange(1, {"risk": go["risk"]}, more, is_late=True),
    )
    assert (tape.was_silent(1), tape.was_silent(2)) == (True, False)


BALLOTS = {"risk": "approve", "legal": "abstain", "sales": "reject"}

# --- after accepted changes ------------------------------------------------------------------------------------------

FIRST = (*asked(1, "risk"), accepted(1, "risk", "block"))
SUPERSEDED = event("superseded", round=1)
QUESTION: Event = {"event": "asked", "round": 1, "role": "people", "question": "q", "kind": "decide"}
COUNTED: Event = {"final": "escalate", "casts": {"risk": "block"}, "confidences": {}, "convene": None, "release": None}


def start_of(*events: Event) -> Start:
    return tape_of(*events).start


def test_before_anybody_was_asked_there_is_nothing_to_go_on_from() -> None:
    moved = resumed("needs_input:rate", "team", max_rounds=4)

    assert start_of(admitted(), finished("needs_input:rate", "facts"), moved) == Start(
        Budget(max_rounds=4), max_repairs=3
    )


def test_after_a_finished_round_the_next_one_follows() -> None:
    talked = (*FIRST, outcome(1, "next_round", "people", "legal", risk="block"), *asked(2, "risk"))
    stopped = (event("failed", round=2, role="risk", reason="llm_auth"), finished("llm_auth", "round_2:risk"))
    moved = resumed("llm_auth", "facts", rounds=2, messages=2)
    open_round = event("superseded", round=2)

    assert start_of(admitted(), *talked[:-1], finished("cancelled"), moved) == Start(
        Budget(), 1, "next_round", Spent(2, 2), 1, (Reseating("people", "legal"),), 3, {"risk": "block"}
    )
    assert start_of(admitted(), *talked, *stopped, moved, open_round, *asked(2, "risk")) == Start(
        Budget(), 2, None, Spent(2, 2), 1, (Reseating("people", "legal"),), 3, {"risk": "block"}
    )
    assert start_of(admitted(), *talked, *stopped, moved, open_round) == Start(
        Budget(), 2, None, Spent(2, 2), 1, (Reseating("people", "legal"),), 3, {"risk": "block"}
    )


def test_the_stances_before_a_round_are_the_last_ones_those_before_the_changes_included() -> None:
    start = Start(round=1, outcome="next_round", stances={"risk": "block", "legal": "go"})
    tape = Tape(start, (RoundEnd(2, {"risk": "absent", "legal": "caution"}, "next_round"),))

    assert tape.stances_before(2) == {"risk": "block", "legal": "go"}
    assert tape.stances_before(3) == {"risk": "block", "legal": "caution"}


def test_a_decision_that_was_not_announced_is_talked_over_and_so_is_what_people_are_asked() -> None:
    moved = resumed("llm_timeout", "facts", rounds=1, messages=1)
    said = (admitted(), *FIRST)

    unwritten = (*asked(1, "brief"), finished("llm_timeout", "finalize"))
    decided = start_of(*said, outcome(1, "no_go", risk="block"), *unwritten, moved, SUPERSEDED)
    assert (decided.round, decided.outcome) == (1, "next_round")
    waiting = start_of(*said, outcome(1, "escalate", risk="block"), QUESTION, moved, SUPERSEDED)
    assert (waiting.round, waiting.outcome) == (1, "next_round")
    ruled = people("ruled", "decide", outcome="again")
    allowed = start_of(*said, outcome(1, "escalate", risk="block"), QUESTION, ruled, finished("cancelled"), moved)
    assert (allowed.round, allowed.outcome) == (1, "next_round")
    unsigned = people("ruled", "contribute", outcome="no_go")
    silent = start_of(*said, unsigned, finished("llm_auth", "finalize"), moved, SUPERSEDED)
    assert (silent.round, silent.outcome) == (1, "next_round")
    open_still = start_of(*said, people("ruled", "contribute", outcome="again"), finished("cancelled"), moved)
    assert (open_still.round, open_still.outcome) == (1, None)


def test_after_the_stages_of_another_pattern_a_new_round_follows() -> None:
    stage = (*asked(1, "risk"), event("failed", round=1, role="risk", reason="llm_auth"), finished("llm_auth", "risk"))
    moved = resumed("llm_auth", "team", messages=1)
    for seats in ((), asked(2, "legal")):
        begun = start_of(admitted("vote"), *stage, moved, SUPERSEDED, *seats)
        assert (begun.round, begun.outcome, begun.spent) == (1, "next_round", Spent(1, 0))


def test_what_a_vote_came_to_is_no_round_of_a_talk() -> None:
    voted = (*asked(1, "chair"), *asked(2, "risk"), event("outcome", round=2, **COUNTED), QUESTION)
    begun = start_of(admitted("vote"), *voted, resumed(None, "team", messages=2), event("superseded", round=2))

    assert (begun.round, begun.outcome, begun.rounds_blocked) == (2, "next_round", 0)


def test_a_vote_between_two_talks_does_not_break_the_row_of_blocks() -> None:
    talked = (*FIRST, outcome(1, "next_round", risk="block"), finished("cancelled"))
    to_vote = resumed("cancelled", "team", rounds=1) | {"pattern": "vote"}
    voted = (*asked(2, "chair"), *asked(3, "risk"), event("outcome", round=3, **COUNTED), QUESTION)
    back = (resumed(None, "team", rounds=1), event("superseded", round=3))
    begun = start_of(admitted(), *talked, to_vote, *voted, *back)

    assert (begun.round, begun.outcome, begun.rounds_blocked) == (3, "next_round", 1)
    assert begun.changes == (Reseating(), Reseating())


def test_stages_that_were_set_aside_stay_so_where_changes_are_accepted_once_more() -> None:
    voted = (*asked(1, "chair"), finished("cancelled"), resumed("cancelled", "team"), SUPERSEDED)
    again = (finished("needs_input:rate", "facts"), resumed("needs_input:rate", "facts"))
    begun = start_of(admitted("vote"), *voted, *again, *asked(2, "risk"))

    assert (begun.round, begun.outcome) == (1, "next_round")


def test_a_round_that_nobody_was_asked_in_was_open_all_the_same() -> None:
    stopped = (*FIRST, outcome(1, "next_round", risk="block"), finished("max_messages", "round_2:risk"))
    moved = resumed("max_messages", "facts", rounds=2, messages=1)
    begun = start_of(admitted(), *stopped, moved, event("superseded", round=2), *asked(2, "risk"))

    assert (begun.round, begun.outcome, begun.spent) == (2, None, Spent(1, 2))


def test_absent_roles_broke_the_row_of_blocks() -> None:
    rounds = (outcome(1, "next_round", risk="block"), outcome(2, "next_round", risk="absent"))
    moved = resumed("cancelled", "facts", rounds=2)

    assert start_of(admitted(), *FIRST, rounds[0], *asked(2, "risk"), rounds[1], moved).rounds_blocked == 0


def test_a_brief_that_was_asked_for_opens_no_round_again() -> None:
    tape = tape_of(
        admitted(),
        *asked(1, "risk"),
        accepted(1, "risk"),
        outcome(1, "go", risk="go"),
        event("asked", round=1, role="brief", attempt=1),
        event("failed", round=1, role="brief", reason="llm_timeout"),
        finished("llm_timeout", "finalize"),
        resumed("llm_timeout", "policy", rounds=1, messages=2),
        event("superseded", round=1),
        *asked(2, "risk"),
    )

    assert (tape.start.round, tape.start.outcome, tape.start.first) == (1, "next_round", 2)


def sent(number: int, outside: bool) -> Event:
    return event("sent", round=number, message={"id": "s-1", "outside": outside})


def test_a_tape_holds_which_rounds_came_with_messages_from_outside() -> None:
    tape = tape_of(
        admitted(),
        *asked(1, "risk"),
        accepted(1, "risk"),
        sent(1, outside=False),
        outcome(1, "next_round", risk="go"),
        sent(2, outside=True),
        sent(2, outside=True),
        *asked(2, "risk"),
        event("refused", round=2, role="risk", rule="invalid_contribution:stance"),
        *asked(2, "risk"),
        event("absent", round=2, role="risk", reason="llm_timeout"),
    )

    assert [step.heard for step in tape.steps if isinstance(step, Exchange)] == [False, True, False]
    assert [tape.heard(number) for number in (1, 2, 3)] == [False, True, False]


def test_a_round_that_is_asked_later_since_the_process_died_still_came_with_its_messages() -> None:
    begun = [admitted(), sent(1, outside=True), *asked(1, "risk", "legal")]
    all_back = tape_of(*begun, event("recovered", set_back=["risk", "legal"]), *asked(1, "risk"))
    one_back = tape_of(*begun, event("recovered", set_back=["risk"]), *asked(1, "risk"))

    assert [step.heard for step in all_back.steps if isinstance(step, Exchange)] == [True]
    assert [step.heard for step in one_back.steps if isinstance(step, Exchange)] == [True, False]
