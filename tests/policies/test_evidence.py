"""Evidence: how a path that somebody cites is read."""

import pytest

from policies.team.evidence import cited_in


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("facts.rate", ("facts", "rate")),
        ("facts.facts.rate", ("facts", "rate")),
        ("facts", ("facts",)),
        ("rate", None),
        ('["facts"]["rate"]', ("facts", "rate")),
        ("['facts'].rate", ("facts", "rate")),
        ('["x\\"y"]', ('x"y',)),
        ('["x\\q"]', None),
        ('["facts"', None),
        ('facts["rate"]x', None),
        ('facts."rate"', None),
        ("shared_context.facts.rate", ("facts", "rate")),
        ("shared_context.rate", None),
        ("items[1]", ("items", "1")),
        ("items[ 0 ].a", ("items", "0", "a")),
        ("items.0.a", ("items", "0", "a")),
        ("items[2]", None),
        ("items[-1]", None),
        ("items[00]", None),
        ("items[\u0661]", None),
        (f"items[{'9' * 190}]", None),
        ("items[0][0]", None),
        ("items[0", None),
    ],
)
def test_a_path_of_evidence_is_read_as_it_is_written(path: str, keys: tuple[str, ...] | None) -> None:
    assert cited_in({"facts": {"rate": 1}, 'x"y': 2, "items": [{"a": 1}, 5]}, path) == keys
