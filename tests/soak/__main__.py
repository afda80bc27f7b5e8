"""Reaches the large counts: each claim on seed after seed, in parallel, resumed where an earlier call ended.

`make soak` runs them all; `python -m tests.soak whatif --until 5000` runs one, further. Each seed's result is a line in
`.soak/<claim>.jsonl`; a violation names the seed, is judged again by the next call, and makes this one exit with 1.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click

from tests.soak.claims import CLAIMS

KEPT = Path(".soak")
BATCH = 8
"""Seeds given to a worker at a time."""


def judged(claim: str, seed: int) -> tuple[int, str, str | None]:
    """Return the seed, its result, and the story of a violation, if it is one."""
    try:
        return seed, CLAIMS[claim].judge(seed), None
    except AssertionError as error:
        return seed, "VIOLATED", str(error)


def results_of(claim: str) -> dict[int, str]:
    """Return the result of each seed that an earlier call judged; a line cut off by a kill is judged again."""
    found: dict[int, str] = {}
    path = KEPT / f"{claim}.jsonl"
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if entry["result"] != "VIOLATED":
            found[entry["seed"]] = entry["result"]
    return found


def soak(claim: str, until: int, workers: int) -> Iterator[tuple[int, str, str | None]]:
    """Yield the result of each seed below `until` that was not judged yet, each kept as it arrives."""
    known = results_of(claim)
    open_seeds = [seed for seed in range(until) if seed not in known]
    KEPT.mkdir(exist_ok=True)
    with ProcessPoolExecutor(workers) as pool, (KEPT / f"{claim}.jsonl").open("a") as file:
        for seed, result, story in pool.map(judged, [claim] * len(open_seeds), open_seeds, chunksize=BATCH):
            file.write(json.dumps({"seed": seed, "result": result}) + "\n")
            file.flush()
            yield seed, result, story


def told(claim: str, counts: Mapping[str, int]) -> str:
    """Return one line on a claim: how many seeds, and how often each result."""
    parts = ", ".join(f"{count} {result}" for result, count in sorted(counts.items(), key=lambda each: -each[1]))
    return f"{claim}: {sum(counts.values())} seeds: {parts}"


@click.command()
@click.argument("claims", nargs=-1, type=click.Choice(list(CLAIMS)))
@click.option("--until", type=int, help="Seeds to reach, where not the number that the claim asks for.")
@click.option("--workers", type=int, default=2, show_default=True)
def main(claims: tuple[str, ...], until: int | None, workers: int) -> None:
    """Judge each of CLAIMS (default: all) on every seed up to the number it asks for."""
    is_violated = False
    for claim in claims or CLAIMS:
        goal = until or CLAIMS[claim].seeds
        violated = 0
        for seed, _, story in soak(claim, goal, workers):
            if story is not None:
                violated += 1
                click.echo(f"{claim}, seed {seed}: {story}", err=True)
        counts = Counter(result for seed, result in results_of(claim).items() if seed < goal)
        if violated:
            is_violated, counts["VIOLATED"] = True, violated
        click.echo(told(claim, counts))
    raise SystemExit(1 if is_violated else 0)


if __name__ == "__main__":
    main()
