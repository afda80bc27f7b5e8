"""The page docs/team-file.md is what the schema says, and its examples are of that schema."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from graph.documents import read_yaml
from graph.teams.schema import team_schema
from tests.pages.team_file import PAGE, PARTS, in_yaml, page

EXAMPLES = [(part, key, value) for part, said in PARTS.items() for key, value in said["examples"].items()]


def test_the_page_is_what_the_schema_makes_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it again: python -m tests.pages.team_file"


@pytest.mark.parametrize(("part", "key", "value"), EXAMPLES)
def test_an_example_is_allowed_and_its_line_says_it(part: str, key: str, value: Any) -> None:
    schema = team_schema()
    parts = {"Team": schema, **schema["$defs"]}
    one = {**parts[part]["properties"][key], "$defs": schema["$defs"]}

    assert [error.message for error in Draft202012Validator(one).iter_errors(value)] == []
    assert read_yaml(f"{key}: {in_yaml(value)}".encode(), "example").value == {key: value}


def test_every_section_that_the_page_links_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", text, flags=re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings
