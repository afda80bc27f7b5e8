"""People in a past run: what they gave counts where they would have been asked the same; else nobody can know.

That is the same people after the same round and the same casts, with the same answers to choose from.
"""

from policies.assurance.past import People, Verdict
from policies.assurance.reenactment import Reenactment
from policies.assurance.tape import Asked, Checked, Ruled
from policies.decision.guards import cap_of, examine
from policies.decision.table import DECISIONS
from policies.language import say
from policies.run.budgets import refuse_round
from policies.run.stop import stop_reason


def waits(now: Reenactment) -> bool:
    """Return whether people are asked at this moment: to decide, to sign, or to fill a seat and are silent."""
    step = now.step()
    return now.outcome == "escalate" or now.outcome in DECISIONS or (isinstance(step, Ruled) and now.is_open)


def heard(now: Reenactment) -> Verdict | None:
    """Replay what people gave, or what their silence gave; return the verdict where that ends the run."""
    if now.outcome in DECISIONS and not _people(now).signers:
        return now.decided(now.outcome)
    while isinstance(now.step(), Checked):  # which these rules leave out here
        now.at += 1
    change = _find_change(now)
    if change is not None:
        return now.unknown(change)
    pause, step = now.pause(), now.step()
    if pause is not None and now.comes_again(pause):
        return now.passed(pause)
    if not isinstance(step, Ruled) or step.kind != _kind(now):
        return now.unknown(_unasked(now))
    if not now.is_open and refuse_round(step.limits, now.spent) != refuse_round(now.limits, now.spent):
        return now.unknown(
            say(
                "the run had other limits by then, so that people could not answer as in round {round}", round=now.round
            )
        )
    return _done(now, step)


def _people(now: Reenactment) -> People:
    """Return whom the team asks whose rules are tried."""
    return now.rules.people or now.run.people


def _kind(now: Reenactment) -> Asked:
    """Return what people are asked for."""
    if now.is_open:
        return "contribute"
    return "decide" if now.outcome == "escalate" else "sign_off"


def _find_change(now: Reenactment) -> str | None:
    """Return why people would have been asked something else, or others would, or None."""
    kind, end = _kind(now), now.run.tape.end_of(now.round)
    if _people(now).asked_for(kind) != now.run.people.asked_for(kind):
        return say("other people would have been asked in round {round}, or for another time", round=now.round)
    if kind == "sign_off" and (end is None or end[1].final != now.outcome):
        return _unasked(now)
    if kind == "decide" and cap_of(now.findings) != cap_of(examine(now.run.guards, now.run.facts)):
        return say("people would have been offered other decisions after round {round}", round=now.round)
    return None


def _unasked(now: Reenactment) -> str:
    if now.outcome in DECISIONS:
        return say(
            "people would have been asked to sign {outcome} after round {round}", outcome=now.outcome, round=now.round
        )
    return say("a human would have been asked after round {round}", round=now.round)


def _done(now: Reenactment, step: Ruled) -> Verdict | None:
    """Continue with what was given."""
    now.at += 1
    if step.ruled == "again" and now.outcome == "escalate" and _was_otherwise(now):
        return now.unknown(say("the round after round {round} was asked in other words", round=now.round))
    if step.ruled == "again":
        now.outcome = now.outcome and "next_round"  # a seat that is asked once more leaves its round open
        return None
    ended = stop_reason("human_stopped") if step.ruled == "stop" else step.ruled
    return now.verdict(ended, _why(now, step), is_ruled=not now.is_open)


def _was_otherwise(now: Reenactment) -> bool:
    """Return whether the policy gave another outcome in the run before people were asked: the next round read that."""
    end, ruling = now.run.tape.end_of(now.round), now.ruling
    return end is not None and ruling is not None and end[1].final != ruling.final


def _why(now: Reenactment, step: Ruled) -> str | None:
    """Return why the run ends; None where the policy's own reason says it, and people signed that."""
    if step.ruled == "stop":
        return say("whoever was asked ended the run without a decision")
    if step.kind == "decide":
        return say("people decided")
    return None if step.ruled == now.outcome else say("nobody answered in time")
