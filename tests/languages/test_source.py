"""No sentence is left in the source that a person reads and that does not go through `say`, whole and with its values.

What is not said is listed here: files whose texts are read by nobody in a team's language, and single texts.
"""

from collections import Counter
from pathlib import Path

import pytest

from graph.web.gate.rights import OPEN, RIGHTS
from tests.languages.catalogues import ROOT, sentences
from tests.languages.source import glued, plain_texts

FILES: dict[str, tuple[str, ...]] = {
    "what a model reads, or a provider says": (
        *("nodes/prompting.py", "nodes/voices/model.py", "nodes/voices/wire/dialect.py"),
    ),
    "made-up answers, which nobody is shown": (
        *("policies/contracts/position.py", "policies/rehearsal/scene.py", "policies/rehearsal/simulate.py"),
    ),
    "words that are read in prose": ("policies/grounding/grounds.py", "policies/grounding/words.py"),
    "routes, which a program compares": ("graph/web/gate/rights.py",),
    "the OpenAPI document, the log and the numbers of a service": (
        *("graph/web/logs.py", "graph/web/metrics.py", "graph/web/openapi.py"),
    ),
    "descriptions of the tools, which a model reads": ("graph/mcp/resources.py", "graph/mcp/tools.py"),
    "the form of a checked expression": ("policies/conditions/messages.py",),
    "statements of a database": (
        *("graph/store/census.py", "graph/store/fences.py", "graph/store/files.py", "graph/store/groups.py"),
        *("graph/facts/databases/acting.py", "graph/facts/databases/postgres.py", "graph/facts/databases/sqlite.py"),
        *("graph/store/pools.py", "graph/store/rows.py", "graph/store/schema.py", "graph/store/tombstones.py"),
    ),
    "about an installation, which has no language": (
        *("graph/doctor.py", "graph/endpoints.py", "graph/receivers.py", "graph/settings.py", "graph/tracing.py"),
        *("graph/voices.py", "graph/delivery.py", "graph/notices/child.py", "graph/notices/desk.py"),
        *("graph/notices/sender.py", "graph/web/mounted/assistants.py"),
        *("graph/config/entries.py", "graph/config/file.py", "graph/config/mistakes.py"),
    ),
    "commands about an installation, or about all threads": (
        *("graph/cli/doctor_command.py", "graph/cli/endpoints_command.py", "graph/cli/init_command.py"),
        "graph/cli/notify_command.py",
    ),
    "read before a team is known": ("graph/cli/main.py", "graph/cli/mistakes.py"),
    "a schema and a file to start from, which are in English": ("graph/teams/schema.py", "graph/teams/starting.py"),
}
"""Files whose plain texts are not said, by the reason."""

TEXTS: dict[str, dict[str, tuple[str, ...]]] = {
    "names that a program compares or keeps": {
        "policies/assurance/difference.py": ("stop (no_quorum)", "stop (max_rounds_reached)"),
        "policies/assurance/ranges.py": ("a number", "a boolean"),
        "policies/conditions/condition.py": ("as it is", "as it is", "as it is"),
        "policies/conditions/refusals.py": ("a number", "Syntax error: "),
        "policies/conditions/sides.py": ("a list", "an object"),
        "policies/decision/guards.py": ("a number", "a number", "a boolean"),
        "policies/decision/table.py": ("weighted_go > weighted_block", "go > block"),
        "policies/people/keys.py": ("PRIVATE KEY",),
        "policies/people/panel.py": ("go == 1", "caution == 1", "go >= 2"),
        "policies/plain.py": ("PRIVATE KEY--",),
        "policies/rehearsal/timeline.py": ("asked again",),
        "policies/team/fields.py": ("unknown voice", " or 'own:NAME'"),
        "policies/team/fit.py": ("a list", "an object"),
        "policies/wording.py": (" or ", " or "),
        "nodes/admission.py": ("Value error, ",),
        "nodes/state.py": ("Prepare a go/no-go brief for the Checkout v2 campaign in US on 2026-03-02.",),
        "nodes/voices/wire/complaints.py": ("finish_reason `error`",),
        "nodes/voices/wire/transport.py": ("closed connection", "gzip, deflate"),
        "graph/assurance/verification.py": ("not begun",),
        "graph/cli/audit_command.py": ("not begun",),
        "graph/cli/estimate_command.py": ("not used",),
        "graph/cli/session.py": ("coroutine '.*' was never awaited",),
        "graph/facts/databases/engines.py": ("URL | str",),
        "graph/past.py": ("Mapping[str, Plain]",),
        "graph/web/faults.py": ("Value error, ",),
        "graph/web/problems.py": ("Content Too Large", "Unprocessable Content"),
        "graph/web/routes/operations.py": ("accord_runs_at_work 2.0\n",),
        "graph/report/dossier/changed.py": ("event ", "state after event "),
        "graph/report/dossier/decided.py": ("of at most",),
        "graph/report/dossier/dossier.py": ("of at most", "of at most"),
        "graph/web/board/routes/static.py": ("text/css; charset=utf-8", "text/javascript; charset=utf-8"),
        "graph/web/mounted/door.py": (
            *("POST /threads/search", "POST /threads/count", "POST /threads/prune"),
            "POST /threads/[^/]+/(runs|runs/stream|runs/wait|commands)",
            "POST /threads/[^/]+/history",
        ),
        "graph/web/board/routes/answer.py": ('attachment; filename="',),
        "graph/web/board/forms.py": ('<input type="hidden" name="{}" value="{}">',),
        "graph/web/board/pages.py": (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action "
            "'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        "graph/web/board/routes/why.py": ('attachment; filename="record.ndjson"',),
        "graph/web/printed.py": (
            "text/html; charset=utf-8",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'; sandbox",
        ),
    },
    "what the server says, word for word": {"graph/web/mounted/auth.py": ("Thread or assistant not found.",)},
    "kept in English in the record, and said where it is shown": {
        "policies/decision/guards.py": ("could not be read: ", " (it "),
    },
    "an error that becomes another sentence": {
        "policies/people/wire.py": ("ends too early",),
        "nodes/signatures.py": ("not two positive numbers",),
        "nodes/voices/wire/chat.py": ("a message that is not the assistant's",),
        "graph/signing.py": (
            *("Enter passphrase: ", "UNPROTECTED PRIVATE KEY", "incorrect passphrase", "No private key found"),
            *("load public key", "device not found", "unknown option"),
        ),
    },
    "a fault of the program": {
        "policies/assurance/places.py": ("decided again, ", " at ", " give ", ", not "),
        "policies/rehearsal/rounds.py": ("a round is counted",),
        "policies/run/stop.py": (
            *("` is not a stop reason; allowed: ", "` is not a stop reason; allowed: "),
            *("stop reason `", " detail", "needs a", "takes no"),
        ),
        "nodes/call.py": (
            "this graph was compiled without a store, and the call journal needs one",
            *("the voice that was asked for `", "` returned ", ", not an Utterance"),
        ),
        "nodes/closing.py": ("a round is counted",),
        "policies/assurance/samples.py": (
            *("nothing is checked without it", "a decision rests on a vote", "there is a decision"),
        ),
        "nodes/stability.py": ("nothing is checked without it",),
        "nodes/stages.py": ("a decision ends the stages", "convene has opened a stage"),
    },
    "what is typed": {
        "graph/assurance/signatures.py": ("ssh-keygen -Y verify -f ", ".sig < ", ' namespaces="'),
        "graph/assurance/subject.py": ("`--within ",),
        "graph/batch.py": ("{id, team?, goal?, facts?, overrides?}",),
        "graph/cli/audit_command.py": ("cd ",),
        "graph/people.py": (" ANSWER --by ",),
        "graph/service/signing.py": ("printf ", "ssh-keygen -Y sign -n "),
    },
    "read before a team is known": {
        "graph/cli/answering.py": ("The question, where several wait; `accord inbox` shows them.",),
        "graph/cli/session.py": (
            "The database: a file, or postgresql://... Default: accord.sqlite in the data directory.",
            "Who answers for the roles. Default: ",
        ),
        "graph/patterns/guide.py": ("Be ",),
        "graph/runner.py": ("the database",),
        "graph/threads.py": ("the database",),
    },
}
"""Single texts that are not said, by the reason and the file."""


def _files(part: str) -> list[Path]:
    return sorted((ROOT / part).rglob("*.py"))


def _listed(part: str) -> Counter[str]:
    """The texts that are listed for the files of a part, each with its file."""
    return Counter(
        f"{file}: {text}"
        for by_file in TEXTS.values()
        for file, texts in by_file.items()
        for text in texts
        if file.startswith(f"{part}/")
    )


@pytest.mark.parametrize("part", ["policies", "nodes", "graph"])
def test_every_sentence_in_the_source_is_said(part: str) -> None:
    apart = {file for files in FILES.values() for file in files}
    names = {path: str(path.relative_to(ROOT)) for path in _files(part)}
    found = Counter(
        f"{name}: {text}" for path, name in names.items() if name not in apart for text in plain_texts(path)
    )
    assert found == _listed(part)


def test_each_file_that_is_left_out_has_plain_texts() -> None:
    assert [file for files in FILES.values() for file in files if not any(plain_texts(ROOT / file))] == []


@pytest.mark.parametrize("part", ["policies", "nodes", "graph"])
def test_what_is_said_is_whole(part: str) -> None:
    assert [f"{path.name}: {each}" for path in _files(part) for each in glued(path)] == []


ALIKE = ("there is no thread `{name}`", *(why for why in RIGHTS.values() if isinstance(why, str) and why != OPEN))
"""What reads alike wherever a client meets it, so that it is worded in one place."""


@pytest.mark.parametrize("sentence", sorted({*ALIKE}))
def test_what_reads_alike_everywhere_is_worded_in_one_place(sentence: str) -> None:
    found = [path.name for path in _files("graph") if f'"{sentence}"' in path.read_text(encoding="utf-8")]
    assert len(found) == 1, found


STARS = (
    "{host} is not a host; allowed: names and addresses, separated by commas, or *",
    "the alias `*{name}` is not allowed; write the value out",
)
"""Sentences in which a star stands for itself."""


def test_a_sentence_has_a_name_for_each_value() -> None:
    said = {each for found in sentences().values() for each in found if isinstance(each, str)}
    stars = {each for each in said if "*" in each.replace("**", "")}
    assert stars == {*STARS}
    assert [each for each in said if "{}" in each.replace("{{}}", "")] == []


@pytest.mark.parametrize(
    "code",
    [
        'say("a *").replace("*", name)',
        'phrase("a {}").format(name)',
        "say(str(error))",
        'f"{told}; {hint}"',
    ],
)
def test_what_is_glued_is_found(code: str, tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text(code, encoding="utf-8")
    assert [*glued(file)]


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ('say("It is said.")', []),
        ('language.say("It is said.", name="and this is not")', ["and this is not"]),
        ('{"what is read": phrase("It is said.")}', []),
        ('{"what is read": "It is told."}', ["what is read", "It is told."]),
        ('"""It is documented."""', []),
        ('raise UsageError(f"{name} is told")', [" is told"]),
    ],
)
def test_a_text_that_is_not_said_is_found(code: str, texts: list[str], tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text(code, encoding="utf-8")
    assert [*plain_texts(file)] == texts
