"""What is shipped: three packages, their data, and nothing that needs a key or a network to import."""

import os
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PACKAGES = {"graph", "nodes", "policies"}

# Older releases have known holes: checkpoint bytes revived as any class, SQL built from filters.
FLOORS = {
    "langgraph": "1.2.22",
    "langgraph-checkpoint": "4.3",
    "langgraph-checkpoint-sqlite": "3.1.2",
    "langchain-core": "1.7",
    "langgraph-sdk": "0.4",
}

IMPORT_ALL = """
import importlib, pkgutil, socket

def closed(*args, **kwargs):
    raise RuntimeError("an import wanted the network")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = closed
for name in ("graph", "nodes", "policies"):
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, name + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
            print(found.name)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of this tree unpacked in it, as an installer would."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    [path] = out.glob("*.whl")
    assert path.name == "accord-0.1.0-py3-none-any.whl"
    zipfile.ZipFile(path).extractall(out / "site")
    return out / "site"


def files(root: Path, *names: str) -> set[str]:
    """The files of some folders, without compiled ones."""
    found = {path.relative_to(root).as_posix() for name in names for path in (root / name).rglob("*") if path.is_file()}
    return {name for name in found if "__pycache__" not in name}


def test_the_wheel_holds_the_three_packages_and_nothing_else(site: Path) -> None:
    assert {path.name for path in site.iterdir()} == PACKAGES | {"accord-0.1.0.dist-info"}


def test_every_source_and_data_file_is_in_the_wheel(site: Path) -> None:
    shipped = files(site, *PACKAGES)
    assert shipped == files(ROOT, *PACKAGES)
    assert {f"{name}/py.typed" for name in PACKAGES} <= shipped
    assert any(name.startswith("nodes/prompts/") and name.endswith(".md") for name in shipped)
    assert any(name.startswith("graph/teams/") and name.endswith(".yaml") for name in shipped)


def test_the_licence_is_in_the_wheel(site: Path) -> None:
    assert (site / "accord-0.1.0.dist-info/licenses/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_no_other_distribution_brings_one_of_the_three_names(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacked, because an editable install tells nobody which packages it brings."""
    monkeypatch.syspath_prepend(str(site))
    owners = packages_distributions()
    assert {name: set(owners[name]) for name in PACKAGES} == {name: {"accord"} for name in PACKAGES}


@pytest.mark.slow
def test_importing_any_module_needs_no_key_and_no_network(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-c", IMPORT_ALL]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert {name.split(".")[0] for name in done.stdout.split()} == PACKAGES
    assert list(tmp_path.iterdir()) == [], "importing wrote a file"


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_security_floor_is_installed(name: str, floor: str) -> None:
    assert Version(version(name)) >= Version(floor)


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_security_floor_is_declared(name: str, floor: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    requirements = [found for found in map(Requirement, declared) if found.name == name]
    assert [f">={floor}"] == [str(found.specifier) for found in requirements]


LOCKS = {"requirements.lock": ("build",), "requirements-dev.lock": ("build", "postgres", "server", "socks", "dev")}
"""Each lock, and the extras it holds beside the dependencies themselves."""


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_pinned_by_hash_and_names_no_place(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    pins = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert pins
    assert all("==" in line and line.endswith("\\") for line in pins)
    assert not [
        line for line in lock.splitlines() if "://" in line or " @ " in line or line.startswith(("-", "/", "."))
    ]


def pins_of(name: str) -> dict[str, str]:
    lock = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = (line.split(" ")[0].split("==") for line in lock if line and not line.startswith((" ", "#")))
    return {package: version for package, version in pins}


@pytest.mark.parametrize(("name", "extras"), LOCKS.items())
def test_a_lock_holds_what_the_project_asks_for(name: str, extras: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = pins_of(name)
    declared = [
        *project["dependencies"],
        *(asked for extra in extras for asked in project["optional-dependencies"][extra]),
    ]
    for asked in map(Requirement, declared):
        if asked.name != "accord":
            assert asked.specifier.contains(pins[asked.name.replace(".", "-")]), asked


def test_both_locks_pin_the_same_versions_and_the_base_one_holds_no_test_tool() -> None:
    base, everything = pins_of("requirements.lock"), pins_of("requirements-dev.lock")
    assert base.items() <= everything.items()
    assert not {"pytest", "mypy", "ruff", "hypothesis"} & base.keys()


def test_what_only_postgresql_needs_is_not_in_the_base_lock() -> None:
    assert (
        not {"psycopg", "psycopg-binary", "psycopg-pool", "langgraph-checkpoint-postgres"}
        & pins_of("requirements.lock").keys()
    )
