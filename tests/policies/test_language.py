"""What is said, in the language that is spoken; English for what a catalogue lacks."""

from policies.language import ENGLISH, Language, in_figures, phrase, say, say_count, speak, speaking, spoken

FRENCH = Language(
    "fr",
    "French",
    {"{who} is absent": "{who} est absent", "all": "tous"},
    {("{number} role of {team}", "{number} roles of {team}"): ("{number} rôle de {team}", "{number} rôles de {team}")},
    lambda number: int(number > 1),
    ",",
    " ",
)


def test_a_sentence_is_said_in_the_language_that_is_spoken() -> None:
    with speaking(FRENCH):
        assert say("{who} is absent", who="{x}") == "{x} est absent"
        assert say("all") == "tous"
        assert say("{who} is late", who="Ada") == "Ada is late"
        assert spoken() is FRENCH
    assert say("{who} is absent", who="Ada") == "Ada is absent"


def test_a_number_chooses_the_form_of_its_sentence() -> None:
    with speaking(FRENCH):
        said = [
            say_count("{number} role of {team}", "{number} roles of {team}", each, team="a") for each in (0, 1, 1200)
        ]
        assert say_count("{number} row", "{number} rows", 0) == "0 rows"
    assert said == ["0 rôle de a", "1 rôle de a", "1 200 rôles de a"]


def test_numbers_are_written_as_the_language_writes_them() -> None:
    with speaking(FRENCH):
        assert in_figures("-1,234.5") == "-1 234,5"
    assert in_figures("-1,234.5") == "-1,234.5"


def test_a_language_is_spoken_until_another_is() -> None:
    with speaking(ENGLISH):
        speak(FRENCH)
        assert say("all") == "tous"
    assert say("all") == "all"


def test_a_phrase_is_said_where_it_is_used() -> None:
    with speaking(FRENCH):
        assert phrase("all") == "all"
