"""The rounds: every role of the sequence says its stance, and the decision table decides."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from nodes.border import budget_from, plain_seat, plain_spent, plain_stop, spent_from
from nodes.events import called, capping_guards, decided, decision_line
from nodes.mail import open_count
from nodes.pattern import Asked, Closing, Ending, Update
from nodes.prompting import brief_prompt, role_prompt
from nodes.state import State
from policies.checks import find_flags
from policies.conflicts import find_conflicts
from policies.contracts.answers import Task
from policies.contracts.contribution import Contribution, contribution_of
from policies.contracts.table import judge
from policies.guards import examine
from policies.outcome import decide
from policies.routing import refuse_next_round
from policies.seats import Seat, casts_of, open_seats
from policies.stop import ESCALATED
from policies.table import DECISIONS
from policies.team import Team
from policies.vote import Vote, rounds_blocked


class Rounds:
    """The pattern of the rounds, for one team."""

    def __init__(self, team: Team) -> None:
        self._team = team

    def where(self, state: State) -> int:
        """Return the number of the open round."""
        return state["round"]

    def opens(self, state: State) -> Update:
        """Return the next round with its empty seats, or why there is none."""
        if state.get("round") and state.get("outcome") is None:
            return {} if state["seats"] else {"seats": self._empty(state)}
        spent = spent_from(state)
        stop = refuse_next_round(state.get("outcome"), budget_from(state), spent)
        if stop:
            return {"pending": plain_stop(stop)}
        spent = replace(spent, rounds=spent.rounds + 1)
        return {
            "round": state.get("round", 0) + 1,
            "seats": self._empty(state),
            "outcome": None,
            "spent": plain_spent(spent),
        }

    def forgives(self, state: State) -> Update:
        """Return nothing: an empty seat is asked again in any case."""
        return {}

    def question(self, state: State, seat: str, repair: str | None) -> Asked:
        """Return what a role is asked for: its contribution."""
        prompt = role_prompt(self._team, seat, state, repair)
        task = Task(seat, seat, "contribution")
        return Asked(prompt, task, lambda said: judge(said, task, self._team))

    def counts_absent(self, state: State) -> bool:
        """Tell whether the policy counts absences."""
        return self._team.policy.on_absent == "count"

    def closes(self, state: State, seats: Sequence[Seat]) -> Closing:
        """Return what the policy decides on a full round."""
        team, facts = self._team, state["case"]["facts"]
        said = _said(seats)
        conflicts = find_conflicts([each.stance for each in said])
        vote, findings = self._vote(state, seats), examine(team.guards, facts)
        ruling = decide(team.policy, vote, findings)
        line = {"round": state["round"], "conflicts": conflicts, "decision": ruling.final}
        update: Update = {"outcome": ruling.final, "history": [_entry(line, said)], "trace": [line]}
        if ruling.final == "escalate":
            update["pending"] = plain_stop(ESCALATED)
        outcome = decided(vote, findings, ruling, {each.agent: each.confidence for each in said})
        flags = [flag for each in said for flag in find_flags(each, team.roles[each.agent], facts)]
        named = [{"event": "conflict", "round": state["round"], "conflict": name} for name in conflicts]
        return Closing(update, [*named, {**outcome, "flags": flags}], {"event": "round", **line})

    def accepted(self, state: State, seat: Seat) -> dict[str, Any]:
        """Return {round, agent, stance, confidence, accepted}."""
        kept = {
            key: value for key, value in asdict(_said([seat])[0]).items() if key in ("agent", "stance", "confidence")
        }
        return {"round": state["round"], **kept, "accepted": True}

    def ending(self, state: State) -> Ending:
        """Return the question for the brief, under the decision that code states."""
        capping = capping_guards(state)
        return Ending(None, brief_prompt(self._team, state, capping), decision_line(state, state["outcome"]), capping)

    def _empty(self, state: State) -> list[dict[str, Any]]:
        team = self._team
        return [plain_seat(seat) for seat in open_seats(team.sequence, called(state), team.joining)]

    def _vote(self, state: State, seats: Sequence[Seat]) -> Vote:
        limits = budget_from(state)
        earlier = [[said["stance"] for said in entry["contributions"]] for entry in state.get("history", [])]
        return Vote(
            casts=casts_of(seats),
            min_go_votes=limits.min_go_votes,
            round=state["round"],
            max_rounds=limits.max_rounds,
            rounds_blocked=rounds_blocked(earlier),
            open_questions=open_count(state),
            weights=self._team.weights,
            vetoers=self._team.vetoers,
            confidences=tuple(each.confidence for each in _said(seats)),
        )


def _said(seats: Sequence[Seat]) -> list[Contribution]:
    return [contribution_of(seat.accepted) for seat in seats if seat.accepted]


def _entry(line: dict[str, Any], said: Sequence[Contribution]) -> dict[str, Any]:
    contributions = [_shown(each) for each in said]
    decision = line["decision"] if line["decision"] in DECISIONS else None
    return {
        "round": line["round"],
        "contributions": contributions,
        "conflicts": line["conflicts"],
        "decision": decision,
    }


def _shown(said: Contribution) -> dict[str, Any]:
    """Return a contribution as the history shows it: {agent, stance, summary, confidence, actions}."""
    return {key: value for key, value in said.accepted.answer.items() if key != "evidence"}
