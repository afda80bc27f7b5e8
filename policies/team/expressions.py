"""Expression types: conditions and numbers that a team file writes in CEL, checked as the file is read."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator

from policies.conditions.condition import ConditionError, Scope, compile_condition, compile_number
from policies.language import phrase, say


def _compiles(compiling: Callable[[str], object], subject: str) -> AfterValidator:
    def compiles(text: str) -> str:
        try:
            compiling(text)
        except ConditionError as error:
            raise ValueError(error.told_of(say(subject))) from None
        return text

    return AfterValidator(compiles)


def _condition_on(scope: Scope) -> AfterValidator:
    return _compiles(lambda text: compile_condition(text, scope), phrase("the condition"))


ConditionText = Annotated[str, _condition_on("facts")]
"""A condition on the facts."""

OutputCondition = Annotated[str, _condition_on("output")]
"""A condition on the output of a role."""

DerivationText = Annotated[str, _compiles(compile_number, phrase("the derivation"))]
"""A number that is worked out of the facts."""
