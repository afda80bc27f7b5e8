"""`accord policy`: prove a policy, compare two, print its truth table, check it against cases and recorded votes."""

import sys
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.mistakes import WrongValue
from graph.cli.session import WholeHelpGroup, json_option, print_json, say_warnings, speak_about
from policies.language import phrase

ROLES = click.option(
    "--roles", type=click.IntRange(1, 50), metavar="N", help="Roles, where a policy and no team is named. Default: 3."
)
ROUNDS = click.IntRange(1, 1_000)
SET = click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Set a value of the team.")

WITHIN = click.option("--within", metavar="ROLE[/ROLE]", help="The team that answers for this role, instead.")


@click.group("policy", cls=WholeHelpGroup)
def command() -> None:
    """Prove, compare and test decision tables."""


def _console() -> Any:
    from graph.report.terminal.visible import console_on

    return console_on(sys.stdout, columns=120)


def _proof(subject: Any) -> Any:
    from graph.problems import UsageError
    from policies.assurance.ballots import TooManyVotesError

    try:
        return subject.prove()
    except TooManyVotesError as error:
        raise UsageError(f"{subject.name}: {error}") from None


@command.command("verify")
@click.argument("name", default="checkout_launch", metavar="[TEAM|POLICY|FILE]")
@ROLES
@SET
@json_option
def verify(name: str, roles: int | None, settings: tuple[str, ...], as_json: bool) -> Exit:
    """Prove a policy by deciding every vote at every place that a run can reach; exits with 1 when a property fails.

    Of a team, also the policies of the teams within it are proved, each on its own team.
    """
    from graph.assurance.subject import load_subjects
    from graph.report.terminal.proof import plain_proofs, print_proofs

    speak_about(name, settings)
    subjects = load_subjects(name, roles, settings)
    for subject in subjects:
        if subject.team is not None:
            say_warnings(subject.team)
    proofs = [(_proof(subject), subject) for subject in subjects]
    if as_json:
        print_json(plain_proofs(proofs))
    else:
        print_proofs(proofs, _console())
    return Exit.DONE if all(proof.holds for proof, _ in proofs) else Exit.FOUND


@command.command("table")
@click.argument("name", default="checkout_launch", metavar="[TEAM|POLICY|FILE]")
@ROLES
@SET
@WITHIN
@json_option
def table(name: str, roles: int | None, settings: tuple[str, ...], within: str | None, as_json: bool) -> Exit:
    """Print the truth table: for every count of stances the rows that decide and the outcomes they give."""
    from graph.assurance.subject import load_subject
    from graph.report.terminal.proof import plain_cell, print_cells

    speak_about(name, settings)
    subject = load_subject(name, roles, settings, within)
    proof = _proof(subject)
    if as_json:
        print_json([plain_cell(cell) for cell in proof.cells])
    else:
        _console().print(print_cells(proof.cells, subject.policy))
    return Exit.DONE


@command.command("diff")
@click.argument("first")
@click.argument("second")
@ROLES
@json_option
def diff(first: str, second: str, roles: int | None, as_json: bool) -> Exit:
    """Name every vote on which runs of FIRST and SECOND act differently, and how; exits with 1 if there is any."""
    from graph.assurance.comparison import compare
    from graph.report.terminal.difference import plain_comparisons, print_comparisons

    for name in (second, first):  # of two teams, the one named first decides
        speak_about(name)
    found = compare(first, second, roles)
    if as_json:
        print_json(plain_comparisons(found))
    else:
        print_comparisons(found, first, second, _console())
    return Exit.DONE if all(each.is_equivalent for each in found) else Exit.FOUND


@command.command("decide")
@click.argument("name", metavar="TEAM|POLICY|FILE")
@click.argument("votes", nargs=-1, metavar="ROLE=STANCE...")
@click.option("--round", "number", type=ROUNDS, default=1, show_default=True, help="The round.")
@click.option(
    "--streak",
    type=click.IntRange(0),
    default=0,
    help="Rounds in a row with a block right before this one. Default: 0.",
)
@click.option("--joined", multiple=True, metavar="ROLE,...", help="Roles that rows brought in before.")
@click.option("--released", multiple=True, metavar="ROLE,...", help="Roles that rows let go before.")
@click.option("--max-rounds", type=ROUNDS, help="How many rounds there may be. Default: the team's; of a policy, 3.")
@click.option(
    "--open-questions", type=click.IntRange(0, 2**53 - 1), default=0, help="How many questions are open. Default: 0."
)
@click.option("--ungrounded", type=click.IntRange(0), default=0, help="How many roles are ungrounded. Default: 0.")
@click.option("--moved", type=click.IntRange(0), default=0, help="How many roles moved without a reason. Default: 0.")
@click.option(
    "--confidence", type=click.FloatRange(0, 1), help="The confidence of every role, where rows read it. Default: 1."
)
@click.option("--tripped", multiple=True, metavar="GUARD", help="A guard of the team that is tripped.")
@SET
@WITHIN
@json_option
def decide(name: str, votes: tuple[str, ...], number: int, settings: tuple[str, ...], as_json: bool, **at: Any) -> Exit:
    """Decide one vote at one place of a run: the stance of each role that votes, as risk=block."""
    from graph.assurance.single import SingleVote, decide_single
    from graph.report.terminal.single import plain_single, print_single
    from policies.decision.marks import MARKS, Marks

    speak_about(name, settings)
    for name_of in ("joined", "released"):
        at[name_of] = [role.strip() for given in at[name_of] for role in given.split(",")]
    marks = Marks(*(at.pop(mark) for mark in MARKS))
    found = decide_single(SingleVote(name, votes, number, marks=marks, settings=settings, **at))
    if as_json:
        print_json(plain_single(found))
    else:
        print_single(found, _console())
    return Exit.DONE


@command.command("test")
@click.argument("folder", metavar="DIR")
@click.option("--policy", "name", metavar="POLICY|TEAM|FILE", help="Default: the shipped policy named as the folder.")
@click.option(
    "--threshold", type=click.FloatRange(0, 100), default=0.0, help="Percent of rows that must decide a case."
)
@json_option
def test(folder: str, name: str | None, threshold: float, as_json: bool) -> Exit:
    """Check a policy against cases: DIR/<expected outcome>/<a sentence>.yaml; exits with 1 when one fails."""
    import math

    from graph.assurance.cases import judge_folder
    from graph.report.terminal.cases import plain_report, print_cases

    if not math.isfinite(threshold):
        raise WrongValue(phrase("is not a number; allowed: 0 to 100"), param_hint="--threshold")
    if name is not None:
        speak_about(name)
    report = judge_folder(folder, name)
    if as_json:
        print_json(plain_report(report, threshold))
    else:
        print_cases(report, threshold, _console())
    return Exit.DONE if report.passes(threshold) else Exit.FOUND


def _once(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | None:
    if len(given) > 1:
        raise WrongValue(phrase("is given {number} times; allowed: once"), number=len(given))
    return given[0].strip() if given else None


def _names(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the names in a list, which is written as a line of CSV: a name with a comma is quoted."""
    import csv

    text = _once(context, parameter, given)
    if text is None:
        return None
    try:
        names = [name.strip() for name in next(csv.reader([text], strict=True, skipinitialspace=True), [])]
    except csv.Error:
        raise WrongValue(phrase("is {text}; allowed: names with commas between them"), text=repr(text)) from None
    if not names or "" in names:
        told = phrase("is {text}, in which a name is empty; allowed: names with commas between them")
        raise WrongValue(told, text=repr(text))
    return tuple(names)


@command.command("evaluate")
@click.argument("votes", metavar="VOTES.csv")
@click.option(
    "--policy", "name", default="majority", show_default=True, metavar="POLICY|TEAM|FILE", help="The aggregator."
)
@click.option("--id", "own", multiple=True, callback=_once, metavar="NAME", help="The column that names the item.")
@click.option("--truth", multiple=True, callback=_once, metavar="NAME", help="The column of the right answer.")
@click.option(
    "--voters", multiple=True, callback=_names, metavar="A,B,C", help="The voters. Default: all other columns."
)
@click.option("--min-go-votes", type=click.IntRange(1, 1_000), help="Votes a go needs. Default: the team's, or 2.")
@json_option
def evaluate(
    votes: str,
    name: str,
    own: str | None,
    truth: str | None,
    voters: tuple[str, ...] | None,
    min_go_votes: int | None,
    as_json: bool,
) -> Exit:
    """Score a policy on recorded votes: a CSV file with a line for each item and a column for each voter.

    A voter that agrees with the plurality answer counts as go, any other as block, an empty cell as absent. Prints
    accuracy, coverage and precision of what the policy decided, next to the best single voter, and how many items are
    left undecided: by ties, without any answer, by the policy. Of a team its weights and vetoes count.
    """
    from graph.assurance.columns import Wanted
    from graph.assurance.votes import score
    from graph.report.terminal.evaluation import plain_evaluation, print_evaluation

    speak_about(name)
    scored = score(votes, name, Wanted(own, truth, voters), min_go_votes)
    if as_json:
        print_json(plain_evaluation(scored))
    else:
        print_evaluation(scored, name, _console())
    return Exit.DONE
