"""Wording: what a field allows is said in words; the words of pydantic only where there are none of ours."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from policies.team.fields import FACT_PATH_PATTERN, ROLE_PATTERN
from policies.wording import PATTERNS, refusal


class Form(BaseModel):
    """One field of each kind."""

    model_config = ConfigDict(strict=True)

    count: Annotated[int, Field(ge=1, le=9)] = 1
    share: Annotated[float, Field(gt=0, lt=1.5, allow_inf_nan=False)] = 1.0
    is_on: bool = True
    text: Annotated[str, Field(min_length=1, max_length=3)] = "a"
    names: Annotated[list[str], Field(min_length=2, max_length=3)] = Field(default_factory=lambda: ["a", "b"])
    kind: Literal["rounds", "debate"] = "rounds"
    odd: Annotated[str, StringConstraints(pattern="^x$")] = "x"
    key: bytes = b""


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("count", 0, "is 0; allowed: at least 1"),
        ("count", 10, "is 10; allowed: at most 9"),
        ("count", "3", "is '3'; allowed: a whole number without quotes"),
        ("count", "three", "is 'three'; allowed: a whole number"),
        ("share", 0, "is 0; allowed: more than 0"),
        ("share", 1.5, "is 1.5; allowed: less than 1.5"),
        ("share", float("inf"), "is inf; allowed: a finite number"),
        ("is_on", "Yes", "is 'Yes'; allowed: true or false without quotes; `Yes` is text"),
        ("is_on", "maybe", "is 'maybe'; allowed: true or false"),
        ("is_on", 1, "is 1; allowed: true or false"),
        ("text", "", "is ''; allowed: at least 1 character"),
        ("text", "long", "is 'long'; allowed: at most 3 characters"),
        ("names", ["a"], "is ['a']; allowed: at least 2 items"),
        ("names", {}, "is {}; allowed: a list"),
        ("kind", "debat", "is 'debat'; did you mean `debate`? Allowed: 'rounds' or 'debate'"),
        ("kind", "x", "is 'x'; allowed: 'rounds' or 'debate'"),
        ("kind", 5, "is 5; allowed: 'rounds' or 'debate'"),
        ("odd", "y", "is 'y'; string should match pattern '^x$'"),
        ("key", 1, "is 1; input should be a valid bytes"),
    ],
)
def test_a_refused_value_is_told_with_what_is_allowed(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate({field: value})
    (detail,) = caught.value.errors()
    assert refusal(detail) == sentence


def test_the_patterns_of_team_files_have_words() -> None:
    assert {ROLE_PATTERN, FACT_PATH_PATTERN} <= {*PATTERNS}
