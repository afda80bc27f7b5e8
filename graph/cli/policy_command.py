"""`accord policy`: prove a policy, compare two, print its truth table, hold it against cases and recorded votes."""

import sys
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import json_option, print_json

ROLES = click.option(
    "--roles", type=click.IntRange(1, 50), metavar="N", help="Roles, where a policy and no team is named. Default: 3."
)
ROUNDS = click.IntRange(1, 1_000)
SET = click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Set a value of the team.")


@click.group("policy")
def command() -> None:
    """Prove, compare and test decision tables."""


def _console() -> Any:
    from graph.report.terminal import console_on

    return console_on(sys.stdout, columns=120)


def _subject(name: str, roles: int | None, settings: tuple[str, ...]) -> Any:
    from graph.assurance.subject import load_subject

    return load_subject(name, roles, settings)


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
    """Prove a policy by deciding every vote at every place that a run can reach; exits with 1 when a property fails."""
    from graph.report.proof import plain_proof, print_proof

    subject = _subject(name, roles, settings)
    proof = _proof(subject)
    if as_json:
        print_json(plain_proof(proof, subject))
    else:
        print_proof(proof, subject, _console())
    return Exit.DONE if proof.holds else Exit.FOUND


@command.command("table")
@click.argument("name", default="checkout_launch", metavar="[TEAM|POLICY|FILE]")
@ROLES
@SET
@json_option
def table(name: str, roles: int | None, settings: tuple[str, ...], as_json: bool) -> Exit:
    """Print the truth table: for every count of stances the rows that decide and the outcomes they give."""
    from graph.report.proof import plain_cell, print_cells

    subject = _subject(name, roles, settings)
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
    from graph.report.difference import plain_changes, print_changes

    found = compare(first, second, roles)
    if as_json:
        print_json(plain_changes(found))
    else:
        print_changes(found, first, second, _console())
    return Exit.DONE if found.is_equivalent else Exit.FOUND


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
@click.option("--max-rounds", type=ROUNDS, help="The rounds there may be. Default: the team's; of a policy, 3.")
@click.option("--open-questions", type=click.IntRange(0, 2**53 - 1), default=0, help="Questions open. Default: 0.")
@click.option("--confidence", type=click.FloatRange(0, 1), help="Of every role, where rows read it. Default: 1.")
@click.option("--tripped", multiple=True, metavar="GUARD", help="A guard of the team that is tripped.")
@SET
@json_option
def decide(name: str, votes: tuple[str, ...], number: int, settings: tuple[str, ...], as_json: bool, **at: Any) -> Exit:
    """Decide one vote at one place of a run: the stance of each role that votes, as risk=block."""
    from graph.assurance.single import Asked, decide_single
    from graph.report.single import plain_single, print_single

    at["joined"] = [role.strip() for given in at["joined"] for role in given.split(",")]
    found = decide_single(Asked(name, votes, number, settings=settings, **at))
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
    """Hold a policy against cases: DIR/<expected outcome>/<a sentence>.yaml; exits with 1 when one fails."""
    import math

    from graph.assurance.cases import judge_folder
    from graph.report.cases import plain_report, print_cases

    if not math.isfinite(threshold):
        raise click.BadParameter("is no number; allowed: 0 to 100", param_hint="--threshold")
    report = judge_folder(folder, name)
    if as_json:
        print_json(plain_report(report, threshold))
    else:
        print_cases(report, threshold, _console())
    return Exit.DONE if report.passes(threshold) else Exit.FOUND


@command.command("evaluate")
@click.argument("votes", metavar="VOTES.csv")
@click.option("--policy", "name", default="majority", show_default=True, metavar="POLICY|FILE", help="The aggregator.")
@click.option("--min-go-votes", type=click.IntRange(1, 1_000), default=2, show_default=True, help="Votes a go needs.")
@json_option
def evaluate(votes: str, name: str, min_go_votes: int, as_json: bool) -> Exit:
    """Score a policy on recorded votes: a CSV with the columns item, truth and one a voter.

    A voter that agrees with the plurality answer counts as go, any other as block, an empty cell as absent. Prints
    accuracy, coverage and precision of what the policy decided, beside the best single voter.
    """
    from graph.assurance.votes import score
    from graph.report.cases import plain_evaluation, print_evaluation

    found = score(votes, name, min_go_votes)
    if as_json:
        print_json(plain_evaluation(found))
    else:
        print_evaluation(found, name, _console())
    return Exit.DONE
