"""The claims that a soak judges: what judges one seed, and how many seeds are asked for."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True)
class Claim:
    """A claim, judged seed by seed.

    `module` has a `check_seed`, which takes a seed, and a folder where it `needs_folder`. A judge that `tells` returns
    the story of a violation or an empty text; any other asserts what must hold and returns the result in a word.
    """

    module: str
    seeds: int
    tells: bool = False
    needs_folder: bool = False

    def judge(self, seed: int) -> str:
        """Return the result for one seed in a word.

        Raises:
            AssertionError: the claim is violated, with the story.
        """
        check: Callable[..., str] = import_module(self.module).check_seed
        with tempfile.TemporaryDirectory() as folder:
            said = check(seed, Path(folder)) if self.needs_folder else check(seed)
        if not self.tells:
            return said
        assert not said, said
        return "agree"


CLAIMS: Mapping[str, Claim] = {
    "decisions": Claim("tests.oracle.test_decisions", 2_000, tells=True),
    "proof": Claim("tests.oracle.test_proof", 1_120, tells=True),
    "difference": Claim("tests.oracle.test_difference", 1_150, tells=True),
    "command": Claim("tests.oracle.test_command", 160, tells=True, needs_folder=True),
    "runs": Claim("tests.oracle.test_runs", 400, tells=True, needs_folder=True),
    "stability": Claim("tests.oracle.test_stability", 300, tells=True, needs_folder=True),
    "shown": Claim("tests.oracle.test_shown_rounds", 300, needs_folder=True),
    "shown_decides": Claim("tests.runs.test_shown_decides_nothing", 200, needs_folder=True),
    "whatif": Claim("tests.assurance.test_whatif_laws", 2_000),
    "tampering": Claim("tests.audit.judging", 1_000),
    "sentences": Claim("tests.audit.sentences", 300),
    "crashes": Claim("tests.durability.crashes", 300, needs_folder=True),
    "histories": Claim("tests.audit.histories", 1_000),
    "proposals": Claim("tests.hostile.test_proposals", 24, needs_folder=True),
    "words": Claim("tests.hostile.test_hostile_text", 8, needs_folder=True),
    "takeovers": Claim("tests.durability.takeovers", 200, needs_folder=True),
    "purges": Claim("tests.durability.purges", 200, needs_folder=True),
    "signatures": Claim("tests.signing.agreement", 2_000, needs_folder=True),
    "addresses": Claim("tests.facts.test_ranges", 200),
    "openapi": Claim("tests.service.test_openapi", 10, needs_folder=True),
    "meetings": Claim("tests.system.sittings", 20, needs_folder=True),
}
