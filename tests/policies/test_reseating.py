"""Reseating: who sits after rows have convened and released roles."""

from collections.abc import Sequence

from policies.run.seats import Reseating, effect_of, open_seats


def roles_after(*changes: Reseating, joining: Sequence[str] = ("legal", "audit")) -> list[str]:
    return [seat.role for seat in open_seats(("risk", "ops"), changes, joining)]


def test_a_role_that_was_released_is_not_asked_until_it_is_convened_again() -> None:
    assert roles_after(Reseating("legal"), Reseating(release="legal")) == ["risk", "ops"]
    assert roles_after(Reseating("legal"), Reseating(release="legal"), Reseating("legal")) == ["risk", "ops", "legal"]
    assert roles_after(Reseating("legal", "risk"), Reseating("audit", "legal")) == ["ops", "audit"]


def test_whoever_comes_again_sits_behind_those_who_stayed() -> None:
    assert roles_after(Reseating("legal"), Reseating("audit"), Reseating(release="legal"), Reseating("legal"))[2:] == [
        "audit",
        "legal",
    ]


def test_a_role_of_the_sequence_that_was_released_does_not_come_again() -> None:
    assert roles_after(Reseating(release="risk"), Reseating("risk")) == ["ops"]


def test_the_last_one_at_the_table_stays_unless_somebody_comes() -> None:
    alone = Reseating(release="ops")
    assert roles_after(alone, Reseating(release="risk")) == ["risk"]
    assert roles_after(alone, Reseating("legal", "risk")) == ["legal"]
    assert roles_after(alone, Reseating("stranger", "risk")) == ["risk"]


def test_nobody_leaves_who_does_not_sit_and_nobody_comes_who_does() -> None:
    assert roles_after(Reseating("legal", "audit"), Reseating("legal", "nobody")) == ["risk", "ops", "legal"]
    assert effect_of(Reseating("legal", "audit"), ("risk", "legal"), ("legal", "audit")) == Reseating()
    assert effect_of(Reseating("legal", "risk"), ("risk",), ("legal",)) == Reseating("legal", "risk")
