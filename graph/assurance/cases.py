"""Case folders: the folder is the expected outcome, the file's name one sentence, the file a vote."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graph.assurance.subject import Subject, load_subject
from graph.documents import Document, read_document
from graph.problems import UsageError
from graph.teams.policies import shipped_policies
from policies.assurance.cases import Case, parse_case, rule_on, uncovered
from policies.decision.outcome import Ruling
from policies.decision.table import OUTCOMES, Policy
from policies.language import say

SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Judged:
    """One case: where it lies, what it expects, and what the policy made of it."""

    path: str
    expected: str
    ruling: Ruling

    @property
    def passed(self) -> bool:
        """Whether the outcome is the expected one."""
        return self.ruling.final == self.expected


@dataclass(frozen=True)
class CasesReport:
    """All cases of a folder, and the rows (by index; None: `otherwise`) that decided none of them."""

    policy: Policy
    cases: Sequence[Judged]
    uncovered: Sequence[int | None]

    @property
    def failed(self) -> list[Judged]:
        """The cases with another outcome than expected."""
        return [case for case in self.cases if not case.passed]

    @property
    def rows(self) -> int:
        """How many rows there are, `otherwise` included."""
        return len(self.policy.rules) + (self.policy.otherwise is not None)

    @property
    def coverage(self) -> float:
        """The percentage of rows that decided a case."""
        return 100.0 * (self.rows - len(self.uncovered)) / self.rows if self.rows else 100.0

    def passes(self, threshold: float) -> bool:
        """Return whether every case passed and enough rows decided one."""
        return not self.failed and self.coverage >= threshold


def judge_folder(folder: str, name: str | None = None) -> CasesReport:
    """Return what a policy makes of the cases in a folder.

    Raises:
        UsageError: the folder cannot be read, has no cases or a broken one, or does not say which policy is meant.
    """
    top = Path(folder)
    subject = _rules(top, name)
    policy, team = subject.policy, subject.electorate if subject.is_team else None
    cases = _cases(top, subject.grounds)
    judged = [
        Judged(str(path.relative_to(top)), path.parent.name, rule_on(case, policy, subject.guards, team))
        for path, case in cases
    ]
    return CasesReport(policy, judged, uncovered(policy, (each.ruling for each in judged)))


def _rules(top: Path, name: str | None) -> Subject:
    named = name or top.resolve().name
    if name is None and named not in shipped_policies():
        shipped = ", ".join(shipped_policies())
        raise UsageError(
            say(
                "{path}: is not named after a shipped policy ({policies}); name the policy with --policy",
                path=top,
                policies=shipped,
            )
        )
    return load_subject(named)


def _cases(top: Path, grounds: bool) -> list[tuple[Path, Case]]:
    if not top.is_dir():
        raise UsageError(
            say("{path}: is not a folder of cases; a case is {path}/<outcome>/<a sentence>.yaml", path=top)
        )
    paths = sorted(path for path in top.glob("*/*") if path.suffix in SUFFIXES)
    problems = [
        say(
            "{path}: its folder is not named after an outcome; allowed: {outcomes}",
            path=path,
            outcomes=", ".join(OUTCOMES),
        )
        for path in _misplaced(paths)
    ]
    found: list[tuple[Path, Case]] = []
    for path in paths:
        try:
            found.append((path, _case(read_document(path, is_json=path.suffix == ".json"), grounds)))
        except UsageError as error:
            problems += error.problems
    if not paths:
        problems = [say("{path}: has no case; a case is {path}/<outcome>/<a sentence>.yaml", path=top)]
    if problems:
        raise UsageError(*problems)
    return found


def _misplaced(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if path.parent.name not in OUTCOMES]


def _case(document: Document, grounds: bool) -> Case:
    case = parse_case(document.value, grounds)
    if isinstance(case, Case):
        return case
    raise UsageError(*(say("{name}: {value}", name=document.name, value=problem) for problem in case))
