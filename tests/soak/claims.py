"""The claims that a soak judges: the function that judges one seed, and how many seeds are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """`check` is `module:function`; it takes a seed, returns the result in a word, and asserts what must hold."""

    check: str
    seeds: int


CLAIMS: Mapping[str, Claim] = {}
