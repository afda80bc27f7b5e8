"""What a refusal about turns is: roles that must alternate, and several messages that were sent."""

import pytest

from nodes.voices.wire.complaints import Complaint
from nodes.voices.wire.dialect import Dialect, first_dialect, weaker
from nodes.voices.wire.endpoint import Endpoint

FIRST = first_dialect(Endpoint("k", None, "m"))
TURNS = (
    "Conversation roles must alternate user/assistant/user/assistant/...",
    'messages: roles must alternate between "user" and "assistant", but found multiple "user" roles in a row',
    "After the optional system message, conversation roles must alternate user and assistant roles",
    "Expected alternating user and assistant messages",
    "Only user and assistant roles are supported, alternating strictly",
)
OTHERS = (
    "Context too long; alternatively, ask another model",
    "User quota exceeded. Alternatively, wait a minute",
    "The user may alternatively set a smaller prompt",
    "An alternate model is not configured",
    "The user is unknown. Choose an alternate endpoint",
)


def told(said: str, users: int = 2, dialect: Dialect = FIRST) -> Dialect | None:
    return weaker(dialect, Complaint("llm_error:400", "", 400, said), users)


@pytest.mark.parametrize("said", TURNS)
def test_roles_that_must_alternate_have_several_messages_joined_once(said: str) -> None:
    joined = told(said)
    assert joined
    assert joined.joins
    assert told(said, dialect=joined) is None


@pytest.mark.parametrize("said", TURNS)
def test_where_one_message_was_sent_there_is_nothing_to_join(said: str) -> None:
    assert told(said, users=1) is None


@pytest.mark.parametrize("said", OTHERS)
def test_the_word_alone_says_nothing_about_turns(said: str) -> None:
    assert told(said) is None


@pytest.mark.parametrize("named", ["temperature", "max_completion_tokens", "response_format"])
def test_what_else_is_named_is_learned_first(named: str) -> None:
    learned = told(f"{named} is unknown. Also, roles must alternate user/assistant.")
    assert learned
    assert not learned.joins
    assert learned != FIRST
