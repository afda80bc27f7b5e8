"""Usage: what one call may cost before it is made, and what it counted for afterwards."""

import math
from dataclasses import dataclass

from policies.team.team import Price

BYTES_PER_TOKEN = 3
"""Bytes of UTF-8 counted as one token when a prompt is reserved; providers count fewer, so this errs high."""
MAX_TOKENS_OF_A_CALL = 1_000_000_000
"""More tokens than any one call can have."""
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one ask may cost at most: tokens of prompt and answer together, US dollars, and messages.

    It is a guess where nothing is known yet of how the endpoint counts. `longer_tokens` and `longer_usd` are what one
    more call for an answer twice as long would cost on top.
    """

    tokens: int = 0
    cost_usd: float = 0.0
    messages: int = 1
    is_guess: bool = False
    longer_tokens: int = 0
    longer_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What was measured: calls made over HTTP, tokens, US dollars, and seconds at work."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        """Tokens of prompts and answers together."""
        return self.prompt_tokens + self.completion_tokens


NOTHING_HELD, NOTHING_USED = Reservation(), Usage()


def estimate_tokens(prompt: str) -> int:
    """Return the tokens of a prompt as we count them: bytes / 3 rounded up.

    >>> estimate_tokens("four")
    2
    """
    return math.ceil(len(prompt.encode("utf-8", "replace")) / BYTES_PER_TOKEN)


def reserve(prompt: str, max_output_tokens: int, price: Price | None, ratio: float = 1.0) -> Reservation:
    """Return what a call with this prompt may cost at most: bytes / 3 times the ratio, plus the longest answer.

    `ratio` is how many tokens the provider counts for one of ours; everything is rounded up.

    >>> reserve("four", max_output_tokens=800, price=None).tokens
    802
    """
    tokens = math.ceil(estimate_tokens(prompt) * ratio)
    longer = 2 * max_output_tokens
    return Reservation(
        tokens + max_output_tokens,
        cost_of(tokens, max_output_tokens, price),
        longer_tokens=tokens + longer,
        longer_usd=cost_of(tokens, longer, price),
    )


def learn_ratio(prompt: str, usage: Usage, beyond: int = 0) -> float:
    """Return how many tokens a provider counted for one of ours; never below 1, and 1 where it counted nothing.

    The tokens of an answer that are `beyond` its cap count as prompt, since the next one may have them, too. An answer
    without a report is charged as reserved, all of it as prompt.

    >>> learn_ratio("four", Usage(calls=1, prompt_tokens=5, completion_tokens=9))
    2.5
    >>> learn_ratio("four", Usage(calls=1, prompt_tokens=5, completion_tokens=16), beyond=7)
    6.0
    """
    ours = estimate_tokens(prompt)
    if not ours or not usage.completion_tokens:
        return 1.0
    return max(1.0, round((usage.prompt_tokens + beyond) / ours, 6))


def cost_of(prompt_tokens: int, completion_tokens: int, price: Price | None) -> float:
    """Return the cost in US dollars; 0 where the team file names no price.

    >>> cost_of(1_000_000, 0, Price(prompt=0.4, completion=1.6))
    0.4
    """
    if price is None:
        return 0.0
    return round((prompt_tokens * price.prompt + completion_tokens * price.completion) / _MILLION, 9)


def is_credible(prompt_tokens: int, completion_tokens: int) -> bool:
    """Return whether a provider's report on one call can be true; one that cannot counts as no report.

    >>> is_credible(120, 45), is_credible(120, -1), is_credible(10**20, 45)
    (True, False, False)
    """
    return all(0 <= tokens <= MAX_TOKENS_OF_A_CALL for tokens in (prompt_tokens, completion_tokens))


def add_usage(total: Usage, more: Usage, seconds: float = 0.0) -> Usage:
    """Return the sum of two usages; `seconds` replaces `more`'s, since parallel calls share their time.

    >>> add_usage(Usage(calls=1, seconds=2.0), Usage(calls=1, seconds=9.0), seconds=0.5)
    Usage(calls=2, prompt_tokens=0, completion_tokens=0, cost_usd=0.0, seconds=2.5)
    """
    return Usage(
        total.calls + more.calls,
        total.prompt_tokens + more.prompt_tokens,
        total.completion_tokens + more.completion_tokens,
        round(total.cost_usd + more.cost_usd, 9),
        round(total.seconds + seconds, 6),
    )
