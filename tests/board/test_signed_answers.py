"""Answers that are signed: the text and the command of the page as they are copied, and what becomes of any other.

OpenSSH signs here, in a shell, and OpenSSH says whether the record's signature is good.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.board.asking import Case, answers, asked, is_signed, lay, run_as_printed
from tests.board.filled import Page, Reader, reader_at
from tests.service.process import serving
from tests.signing.openssh import sign

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.needs("ssh_keygen")]

WHY = "As agreed."
Keys = dict[str, Path]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return lay(tmp_path_factory.mktemp("signed"))


@pytest.fixture(scope="module")
def url(keys: Keys) -> Iterator[str]:
    with serving(keys["cto"].parent / "home") as running:
        yield running.url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=120) as one:
        yield one


@pytest.fixture
def reader(url: str) -> Iterator[Reader]:
    with reader_at(url) as one:
        yield one


def to_sign(reader: Reader, case: Case, **typed: str) -> Page:
    """Type an answer of the CTO, and return the page with the text to sign."""
    answer = reader.press(reader.open(case.path), by="cto", **typed)
    assert answer.status_code == 200, Page(answer.text).said
    return Page(answer.text)


REASONS = {
    "plain": WHY,
    "two lines": "One.\nTwo.\n",
    "ends of lines of another system": "One.\r\nTwo.",
    "first line empty": "\n\nThen.",
    "quotes": """It's "fine" \\ 100 % $HOME `id` !x <b> & &amp;""",
    "other letters": "Ça va : l’été « déjà »\u00a0! 漢字 🙂",
    "unseen": "a\u202eb\u200bc\u2028d\ufeffe\u0085f",
    "unseen, on two lines": "a\u202e\n\\b\\n",
    "long": "No. " * 4_000,
}


@pytest.mark.parametrize("name", REASONS)
def test_what_the_printed_command_signs_is_taken(name: str, reader: Reader, client: httpx.Client, keys: Keys) -> None:
    case = asked(client, "board")
    page = to_sign(reader, case, decision="no_go", because=REASONS[name])
    assert answers(client, case.thread) == []
    signature = run_as_printed(page.held["command"], keys["cto"])
    given = reader.press(page, "give", signature=f"\n  {signature}\n\n")
    assert given.headers.get("location") == case.run, Page(given.text).alerts
    assert answers(client, case.thread) == [("cto", "no_go", REASONS[name].replace("\r\n", "\n"))]
    assert is_signed(client, case.thread, keys["cto"])
    assert not is_signed(client, case.thread, keys["thief"])


def test_the_text_comes_as_a_file_too(reader: Reader, client: httpx.Client, keys: Keys, tmp_path: Path) -> None:
    case = asked(client, "board")
    page = to_sign(reader, case, decision="no_go", because=REASONS["other letters"])
    file = reader.press(page, "text")
    assert (file.status_code, file.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert (file.headers["cache-control"], file.headers["content-disposition"].split(";")[0]) == (
        "no-store",
        "attachment",
    )
    assert file.text == page.held["text"]
    signature = sign(file.content, keys["cto"])
    assert reader.press(page, "give", signature=signature).status_code == 303
    assert is_signed(client, case.thread, keys["cto"])


@pytest.mark.parametrize(
    ("team", "typed"),
    [
        (
            "seated",
            {"field.stance": "go", "field.summary": "Fine, été.", "field.confidence": "1", "field.actions": "Go\nOn"},
        ),
        ("lacking", {"value": "0.50"}),
        ("signed_off", {"decision": "go", "because": WHY}),
    ],
)
def test_every_kind_of_answer_is_signed_in_the_same_way(
    team: str, typed: dict[str, str], reader: Reader, client: httpx.Client, keys: Keys
) -> None:
    case = asked(client, team)
    page = to_sign(reader, case, **typed)
    given = reader.press(page, "give", signature=run_as_printed(page.held["command"], keys["cto"]))
    assert given.status_code == 303, Page(given.text).alerts
    assert [by for by, _, _ in answers(client, case.thread)] == ["cto"]
    assert is_signed(client, case.thread, keys["cto"])


def test_who_has_no_key_is_asked_for_no_signature(reader: Reader, client: httpx.Client) -> None:
    case = asked(client, "board")
    assert reader.press(reader.open(case.path), by="cfo", decision="no_go", because=WHY).status_code == 303


@pytest.mark.parametrize(
    ("signature", "told"),
    [
        ("", "the signature is missing"),
        ("yes", "is not a signature of OpenSSH"),
        ("-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----", "is not a signature of OpenSSH"),
        ("THIEF", "a key other than the declared one"),
        ("OTHER", "something else was signed"),
        ("NAMESPACE", "was made for"),
    ],
)
def test_any_other_signature_is_refused_and_nothing_is_kept(
    signature: str, told: str, reader: Reader, client: httpx.Client, keys: Keys
) -> None:
    case = asked(client, "board")
    page = to_sign(reader, case, decision="no_go", because=WHY)
    text = page.held["text"].encode()
    made = {
        "THIEF": lambda: sign(text, keys["thief"]),
        "OTHER": lambda: sign(text.replace(b"no_go", b"go"), keys["cto"]),
        "NAMESPACE": lambda: sign(text, keys["cto"], "file"),
    }
    given = made[signature]() if signature in made else signature
    refused = reader.press(page, "give", signature=given)
    again = Page(refused.text)
    assert (refused.status_code, len(again.alerts), told in again.alerts[0]) == (422, 1, True), again.alerts
    assert again.form.typed("signature").strip() == given.strip()
    assert answers(client, case.thread) == []
    right = run_as_printed(again.held["command"], keys["cto"])
    assert reader.press(again, "give", signature=right).status_code == 303


@pytest.mark.parametrize("changed", [{"because": "As agree."}, {"decision": "stop"}, {"by": "cfo"}])
def test_what_was_signed_cannot_be_changed_on_the_way(
    changed: dict[str, str], reader: Reader, client: httpx.Client, keys: Keys
) -> None:
    case = asked(client, "board")
    page = to_sign(reader, case, decision="no_go", because=WHY)
    for control in page.form.controls:
        name = control.attributes.get("name", "")
        control.attributes |= {"value": changed[name]} if name in changed else {}
    refused = reader.press(page, "give", signature=sign(page.held["text"].encode(), keys["cto"]))
    told = "no key is declared for cfo" if "by" in changed else "something else was signed"
    assert (refused.status_code, told in Page(refused.text).said) == (422, True), Page(refused.text).said
    assert answers(client, case.thread) == []


def test_the_signature_of_one_question_is_for_no_other(reader: Reader, client: httpx.Client, keys: Keys) -> None:
    one, two = asked(client, "board"), asked(client, "board")
    signature = run_as_printed(to_sign(reader, one, decision="no_go", because=WHY).held["command"], keys["cto"])
    page = to_sign(reader, two, decision="no_go", because=WHY)
    assert reader.press(page, "give", signature=signature).status_code == 422
    assert answers(client, two.thread) == []


def test_a_step_that_is_left_out_leaves_the_signature_out_of_nothing(
    reader: Reader, client: httpx.Client, keys: Keys
) -> None:
    """A form that asks at once to be taken needs the signature all the same."""
    case = asked(client, "board")
    own = reader.open(case.path).form.typed("form")
    for step in ("give", "text", "edit", "check", "x", ""):
        answer = reader.post(case.path, f"form={own}&step={step}&by=cto&decision=no_go&because=So.")
        assert answer.status_code in (200, 422)
    assert answers(client, case.thread) == []
