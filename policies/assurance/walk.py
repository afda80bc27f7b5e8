"""The walk: every place that a run can reach, round by round from the first one, each by a vote that leads there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from policies.assurance.electorate import Place
from policies.assurance.rulings import Rulings, Turn
from policies.decision.vote import Cast
from policies.language import say

Layer = dict[tuple[object, ...], "WalkNode"]


@dataclass(frozen=True)
class WalkNode:
    """A place, and how a run got there: the place before it, and the vote cast there."""

    place: Place
    before: "WalkNode | None" = None
    step: Turn | None = None

    def votes(self, rulings: Rulings) -> list[tuple[Place, dict[str, Cast]]]:
        """Return the votes that lead to this place, the first round's first."""
        found = []
        node = self
        while node.before is not None and node.step is not None:
            at = replace(node.before.place, marks=node.step.place.marks, confidence=node.step.place.confidence)
            found.append((at, rulings.bench(at.seating).casts[node.step.number]))
            node = node.before
        return found[::-1]


@dataclass(frozen=True)
class Reached:
    """A place that a run can reach: by its votes alone, or after a human asked for more, or a resume raised a limit."""

    node: WalkNode
    asked: bool = False
    raised: bool = False

    @property
    def place(self) -> Place:
        """The place."""
        return self.node.place

    @property
    def is_resumed(self) -> bool:
        """Whether no run gets there without a resume."""
        return self.asked or self.raised

    @property
    def how(self) -> str | None:
        """What must happen besides the votes, or None."""
        limit = self.place.max_rounds
        if self.asked and self.raised:
            return say("after a human asked for another round and a resume raised max_rounds to {limit}", limit=limit)
        if self.raised:
            return say("after a resume raised max_rounds to {limit}", limit=limit)
        return say("after a human asked for another round") if self.asked else None


def walk(rulings: Rulings, floor: int = 0, bound: int | None = None) -> Iterator[Reached]:
    """Yield every place that rows can tell apart and a run can reach, those first that need no resume.

    Without a resume, each round is a place of its own. A resume raises `max_rounds` to any number up to `bound`; of the
    rounds that may be left one number stands for all that rows cannot tell apart. A `floor` is the limit from which on
    two runs that are compared can have the same: one number from there on stands for all, too.

    Raises:
        TooManyVotesError: the team casts more kinds of votes, or has more rulings, than a proof goes through.
    """
    plain = layers_of(rulings, may_ask=False)
    yield from (Reached(node) for layer in plain for node in layer.values())
    if rulings.electorate.is_vote:
        return
    own = rulings.electorate.max_rounds
    highest = bound or rulings.lens.bound([own, floor])
    asked = layers_of(rulings, may_ask=True)
    yield from (Reached(node, asked=True) for layer in asked for node in layer.values())
    for layers, may_ask in ((plain, False), (asked, True)):
        for node in _Raised(rulings, floor, highest, may_ask).walk(layers):
            yield Reached(node, asked=may_ask, raised=floor > 0 or node.place.max_rounds != own)


def layers_of(rulings: Rulings, may_ask: bool) -> list[Layer]:
    """Return the places of each round that a run reaches under the limit it began with.

    `may_ask`: a human who was asked may have the team asked again.
    """
    own = rulings.electorate.max_rounds
    layers: list[Layer] = [{(): WalkNode(Place(1, max_rounds=own))}]
    while len(layers) < own and layers[-1]:
        layer: Layer = {}
        for node in layers[-1].values():
            for after in _nexts(rulings, node, may_ask, own):
                _keep(layer, _standing(rulings, after.place), after)
        layers.append(layer)
    return layers


def _nexts(rulings: Rulings, node: WalkNode, may_ask: bool, max_rounds: int) -> Iterator[WalkNode]:
    for step in rulings.steps(node.place):
        if may_ask or not step.asks:
            rulings.count_step()
            yield WalkNode(_after(node.place, step, max_rounds), node, step)


def _after(place: Place, step: Turn, max_rounds: int) -> Place:
    """Return the place of the round that follows on a step."""
    joined, released = step.seating
    blocked = place.rounds_blocked + 1 if step.blocked else 0
    return Place(place.round + 1, blocked, joined, max_rounds, released=released)


def _keep(layer: Layer, standing: tuple[object, ...], node: WalkNode) -> None:
    """Keep the node, where none is kept yet that has as few rounds, and of those the shortest streak of blocks."""
    least = layer.get(standing, node).place
    if (node.place.max_rounds, node.place.rounds_blocked) <= (least.max_rounds, least.rounds_blocked):
        layer[standing] = node


def _standing(rulings: Rulings, place: Place) -> tuple[object, ...]:
    """Return what matters of a place in its round, now and later."""
    return (place.seating, rulings.lens.blocked.level(place.rounds_blocked))


@dataclass(frozen=True)
class _Raised:
    """The places that a run can reach under a limit that was raised.

    A resume may raise the limit at any time, so at a place where some number of rounds may be left, any greater one
    may be left as well: it is enough to keep the smallest.
    """

    rulings: Rulings
    floor: int
    highest: int
    may_ask: bool

    def walk(self, layers: Iterable[Layer]) -> Iterator[WalkNode]:
        """Yield the places, beginning from those of each round under the limit of before."""
        waiting = self._seeds(list(layers))
        fewest: dict[tuple[object, ...], int] = {}
        for number in range(1, self.highest + 1):
            layer = waiting.pop(number, {})
            for standing, node in layer.items():
                left = node.place.max_rounds - number
                key = (self._round(number), *standing)
                if fewest.get(key, left + 1) > left:
                    fewest[key] = left
                    yield from self._at(node, left, waiting)

    def _round(self, number: int) -> int:
        """Return the round, or the one from which on rounds are all alike."""
        top = self.rulings.lens.round.top
        return number if top is None else min(number, max(top, self.floor, self.rulings.electorate.max_rounds))

    def _seeds(self, layers: list[Layer]) -> dict[int, Layer]:
        waiting: dict[int, Layer] = {}
        for node in (node for layer in layers for node in layer.values()):
            self._wait(waiting, replace(node, place=self._limited(node.place, 0)))
        if len(layers) == self.rulings.electorate.max_rounds:
            for node in layers[-1].values():
                self._follow(waiting, node)
        return waiting

    def _at(self, node: WalkNode, left: int, waiting: dict[int, Layer]) -> Iterator[WalkNode]:
        """Yield a place with each number of rounds that may be left, and keep what follows on it."""
        number = node.place.round
        lowest, samples = max(left, self.floor - number), self.rulings.lens.left.samples
        for rest in sorted({*samples(left, self.highest - number), *samples(lowest, self.highest - number)}):
            here = replace(node, place=replace(node.place, max_rounds=number + rest))
            yield here
            self._follow(waiting, here)

    def _follow(self, waiting: dict[int, Layer], node: WalkNode) -> None:
        for after in _nexts(self.rulings, node, self.may_ask, node.place.max_rounds):
            self._wait(waiting, replace(after, place=self._limited(after.place, after.place.max_rounds)))

    def _limited(self, place: Place, limit: int) -> Place:
        """Return the place under the lowest limit that is left to raise it to."""
        return replace(place, max_rounds=max(place.round, limit, self.rulings.electorate.max_rounds))

    def _wait(self, waiting: dict[int, Layer], node: WalkNode) -> None:
        _keep(waiting.setdefault(node.place.round, {}), _standing(self.rulings, node.place), node)


def find_way(rulings: Rulings, place: Place) -> Reached | None:
    """Return how a run gets to exactly this place, or None where none does; the lens of the rulings is onto it.

    Raises:
        TooManyVotesError: the team casts more kinds of votes, or has more rulings, than a proof goes through.
    """
    own, standing = rulings.electorate.max_rounds, (place.round, place.rounds_blocked, place.seating)
    # A limit may be raised further at any place, but for a vote.
    highest = own if rulings.electorate.is_vote else place.max_rounds
    found = [
        each
        for each in walk(rulings, bound=max(rulings.lens.bound([own]), highest))
        if (each.place.round, each.place.rounds_blocked, each.place.seating) == standing
        and own <= each.place.max_rounds <= highest
    ]
    first = min(found, key=lambda each: each.asked, default=None)
    if first is None:
        return None
    node = replace(first.node, place=replace(first.place, max_rounds=place.max_rounds))
    return Reached(node, first.asked, raised=place.max_rounds != own)
