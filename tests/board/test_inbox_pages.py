"""The inbox page by page: everything that waits once, and what waits for the reader before all else."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.board.asking import Case, answers, asked, lay
from tests.board.filled import reader_at
from tests.service.callers import accord, token
from tests.service.process import serving

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300), pytest.mark.needs("ssh_keygen")]


def test_pages_lose_nothing_and_begin_with_what_waits_for_the_reader(tmp_path: Path) -> None:
    lay(tmp_path)
    home = tmp_path / "home"
    coo, admin = token(home, "local", "coo", "read", "decide"), token(home, "local", "root")
    with serving(home) as served, served.client(admin) as client, reader_at(served.url, coo) as reader:
        assert "Nothing waits for anybody." in reader.open("/board/inbox").said
        theirs = [asked(client, "french") for _ in range(51)]
        mine = asked(client, "board")
        found, following = list[str](), "/board/inbox"
        while following:
            page = reader.open(following)
            found += [each for each in page.links if "/answer/" in each]
            following = next((each for each in page.links if "after=" in each), "")
        assert found == [mine.path, *(each.path for each in theirs)]
        assert "Nothing waits for eve." in reader.open("/board/inbox?for=eve").said


def test_a_link_on_a_terminal_leads_to_the_form(tmp_path: Path) -> None:
    lay(tmp_path)
    home = tmp_path / "home"
    file = home / "accord.toml"
    with serving(home) as served, served.client() as client, reader_at(served.url) as reader:
        case = asked(client, "anybody")
        file.write_text(f'public_url = "{served.url}"\n{file.read_text()}')
        for command in (("inbox",), ("show", case.thread)):
            (link,) = links_in(home, *command)
            assert urlsplit(link).path == case.path
        reader.press(reader.open(urlsplit(link).path), by="Ada", decision="go", because="So.")
        assert answers(client, case.thread) == [("Ada", "go", "So.")]
        two = asked(client, "board")
        said = ("decide", two.thread, "no_go", "--by", "cfo", "--because", "So.")
        assert [urlsplit(each).path for each in links_in(home, *said)] == [Case(two.thread, two.question).path]


def links_in(home: Path, *command: str) -> list[str]:
    """Return the addresses that a command prints, however it breaks its lines."""
    done = accord(home, *command)
    words = done.stdout.replace("\n", "").replace(" ", "\n").split("http://")
    return [f"http://{each.splitlines()[0]}" for each in words[1:]]
