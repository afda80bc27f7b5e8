"""Checks in a past run: its samples decided again under other rules, where their answers are known."""

from policies.assurance.past import Verdict
from policies.assurance.reenactment import FINALIZE, Reenactment, means
from policies.assurance.tape import Checked, Pause
from policies.assurance.unknowns import OTHER_MEANS
from policies.decision.stability import decide_samples, weigh
from policies.decision.table import DECISIONS
from policies.language import say
from policies.run.stop import Stop, stop_reason
from policies.team.stability import Stability


def is_due(now: Reenactment) -> bool:
    """Return whether the decision of the last vote is to be checked before it is announced."""
    return now.outcome in DECISIONS and not now.checked and now.rules.checks(now.run) is not None


def check(now: Reenactment) -> Verdict | None:
    """Check the decision by the samples that the run asked for; return the verdict where that ends the run."""
    stability, pause, step = now.rules.checks(now.run), now.pause(), now.step()
    assert stability is not None, "nothing is checked without it"
    if pause is not None and _comes_again(now, pause):
        return now.passed(pause)
    if not isinstance(step, Checked) or stability.samples != step.samples:
        told = say("round {round} would have been asked again, to see whether its decision holds", round=now.round)
        return now.unknown(told)
    if means(step.limits) != means(now.limits):
        return now.unknown(say(OTHER_MEANS))
    now.at += 1
    return _checked(now, step, stability)


def _comes_again(now: Reenactment, pause: Pause) -> bool:
    """Return whether the run was stopped, or cut off, from outside while its decision was checked."""
    if pause.phase == FINALIZE:
        return False
    is_within = pause.reason is not None and Stop.parse(pause.reason).rule.follows_from is None
    return is_within or now.comes_again(pause)


def _checked(now: Reenactment, step: Checked, stability: Stability) -> Verdict | None:
    """Continue with what the samples make of the decision."""
    assert now.vote is not None, "a decision rests on a vote"
    assert now.outcome is not None, "there is a decision"
    outcomes = decide_samples(now.rules.policy, now.vote, now.findings, [*step.completed.values()])
    acts, now.checked = weigh(now.outcome, outcomes, stability).acts, True
    if acts == "stop":
        now.checked = False  # it is checked once more where somebody resumes the run
        return now.stopped(Stop(stop_reason("unstable_decision"), f"round_{now.round}"))
    now.outcome = "escalate" if acts == "escalate" else now.outcome
    return None
