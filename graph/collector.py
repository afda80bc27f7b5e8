"""Python's cyclic garbage collector, tuned with what Accord knows of its own memory.

The libraries make half a million objects that live as long as the process, and a run makes few cycles. Left alone, the
collector walks all of them again and again, in pauses of a tenth of a second.
"""

import gc
from functools import cache

THRESHOLDS = (10_000, 20, 20)
"""Objects made before the youngest generation is looked through (Python's own: 700), and how often the older ones."""


@cache
def settle_collector() -> None:
    """Take what is there now out of all later collections, and collect less often; once a process."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
