"""The panel: those who decide a question together, and what their answers give, by the function that decides votes.

Words that give no decision never help one: for permission, `again` and `stop` count as blocks; for a refusal, as go.
So there is a go only where there is one whatever they would have said, and so with a no.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import cast

from policies.decision.guards import Finding
from policies.decision.outcome import Ruling, decide
from policies.decision.table import PASSING, Decision, Policy, Row
from policies.decision.vote import Cast, Vote
from policies.language import phrase
from policies.people.question import AGAIN, STOP, Word
from policies.team.people import Deciders

SOLE = Policy(
    name="sole",
    title=phrase("One person decides."),
    rules=(
        Row(when="go == 1", then="go", because=phrase("the approver says go")),
        Row(when="caution == 1", then="go_with_caution", because=phrase("the approver says go with caution")),
    ),
    otherwise="no_go",
)
"""The table of a single approver."""

PERMITS: Mapping[str, Cast] = {
    "go": "go",
    "go_with_caution": "caution",
    "no_go": "block",
    AGAIN: "block",
    STOP: "block",
}
REFUSES: Mapping[str, Cast] = {**PERMITS, AGAIN: "go", STOP: "go"}


@dataclass(frozen=True, slots=True)
class Panel:
    """Those who are asked, and the table over their answers; a place that nobody fills is absent."""

    seats: tuple[str, ...]
    policy: Policy = SOLE
    min_go_votes: int = 1
    vetoers: frozenset[str] = frozenset()
    weights: Mapping[str, int] = field(default_factory=dict)

    def vote(self, casts: Mapping[str, Cast]) -> Vote:
        """Return the vote that these casts make; there is one round only."""
        return Vote(casts, self.min_go_votes, 1, 1, weights=self.weights, vetoers=self.vetoers)


@dataclass(frozen=True, slots=True)
class PanelRuling:
    """What the answers give: a decision, `again` or `stop`; with the casts and the ruling behind it."""

    outcome: Word
    casts: Mapping[str, Cast]
    ruling: Ruling


def panel_of(deciders: Deciders | None) -> Panel:
    """Return the panel that a team file declares; one place for whoever answers, where it names nobody.

    A table asks no further: what it would escalate at the end of the rounds is not granted, so it is a no.

    >>> panel_of(None).seats
    ('anybody',)
    """
    if deciders is None or deciders.rule is None:
        return Panel(deciders.by if deciders else ("anybody",))
    rule, table = deciders.rule, deciders.rule.policy
    ends = "no_go" if table.when_rounds_end == "escalate" else table.when_rounds_end
    policy = table.model_copy(update={"on_absent": "count", "when_rounds_end": ends})
    needed = rule.min_go_votes or len(deciders.by) // 2 + 1
    return Panel(deciders.by, policy, needed, frozenset(rule.veto), rule.weights)


def rule_panel(
    panel: Panel, said: Mapping[str, Word], options: Sequence[Word], findings: Sequence[Finding] = ()
) -> PanelRuling | None:
    """Return what the answers by seat give; None while those still missing could give something else.

    >>> three = panel_of(Deciders(by=("cfo", "cto", "coo"), rule={"policy": _TWO_OF_THREE}))
    >>> rule_panel(three, {"cfo": "go"}, ("go", "no_go", "stop")) is None
    True
    >>> rule_panel(three, {"cfo": "go", "cto": "go"}, ("go", "no_go", "stop")).outcome
    'go'
    """
    found: PanelRuling | None = None
    for completed in _completions(panel, said, options):
        ruled = _rule_all(panel, completed, findings)
        if found is not None and ruled.outcome != found.outcome:
            return None
        found = found or ruled
    if found is None or len(said) == len(panel.seats):
        return found
    casts = {seat: PERMITS[said[seat]] if seat in said else "absent" for seat in panel.seats}
    return PanelRuling(found.outcome, casts, found.ruling)


def _completions(panel: Panel, said: Mapping[str, Word], options: Sequence[Word]) -> Iterator[Mapping[str, Word]]:
    """Yield every way in which the missing answers may come, each with those that are there."""
    missing = [seat for seat in panel.seats if seat not in said]
    for words in product(options, repeat=len(missing)):
        given = {**said, **dict(zip(missing, words, strict=True))}
        yield {seat: given[seat] for seat in panel.seats}


def _rule_all(panel: Panel, said: Mapping[str, Word], findings: Sequence[Finding]) -> PanelRuling:
    """Return what the answers of a whole panel give."""
    permits: dict[str, Cast] = {seat: PERMITS[word] for seat, word in said.items()}
    permitted = decide(panel.policy, panel.vote(permits), findings)
    if permitted.final in PASSING:
        return PanelRuling(cast(Decision, permitted.final), permits, permitted)
    refuses: dict[str, Cast] = {seat: REFUSES[word] for seat, word in said.items()}
    refused = decide(panel.policy, panel.vote(refuses), findings)
    is_no = refused.vote == "no_go"  # by what they said: a guard may leave them nothing else to decide
    return PanelRuling("no_go" if is_no else _undecided([*said.values()]), refuses, refused)


def _undecided(words: Sequence[Word]) -> Word:
    """Return what those give who took no decision: another round or a stop, whichever more of them said."""
    again = words.count("again")
    return "again" if again and again >= words.count("stop") else "stop"


_TWO_OF_THREE = Policy(
    name="two_of_three", rules=(Row(when="go >= 2", then="go"),), otherwise="no_go", on_absent="count"
)
