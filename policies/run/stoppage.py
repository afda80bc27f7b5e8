"""Stoppages: who halted all runs or those of a tenant, or cancelled one, since when and why."""

from collections.abc import Iterable
from dataclasses import dataclass

from policies.language import phrase, say

MAX_BECAUSE = 1_000
"""How many characters a reason may have: it is the cause of every answer that was cut over it."""

ALL = phrase("{by} halted all runs on {when}: {because}")
OF_TENANT = phrase("{by} halted the runs of the tenant `{tenant}` on {when}: {because}")
OF_THREAD = phrase("{by} cancelled the run on {when}: {because}")
OF_THREAD_ALONE = phrase("{by} cancelled the run on {when}")
WITH_REMEDY = phrase("{what}; to release them: `{command}`")


@dataclass(frozen=True, slots=True)
class Stoppage:
    """What stops work: of one `thread`, else of one `tenant`, else of all; `at` is ISO 8601 in UTC.

    Only of a thread nobody has to say why.
    """

    by: str
    at: str
    because: str = ""
    tenant: str | None = None
    thread: str | None = None

    def told(self) -> str:
        """Return it as a sentence, which begins with a name and has no full stop, with what lifts a halt.

        >>> Stoppage("ops", "2026-11-30T02:10:00.000+00:00", "Wrong prices.").told()
        'ops halted all runs on 2026-11-30 02:10 UTC: Wrong prices; to release them: `accord halt --release --by NAME`'
        """
        if self.thread is not None:
            return self.said()
        tenant = f"--tenant {self.tenant} " if self.tenant else ""
        return say(WITH_REMEDY, what=self.said(), command=f"accord halt --release {tenant}--by NAME")

    def said(self) -> str:
        """Return the same without what lifts it.

        >>> Stoppage("ann", "2026-11-30T02:10:00.000+00:00", thread="t").said()
        'ann cancelled the run on 2026-11-30 02:10 UTC'
        >>> Stoppage("ann", "2026-11-30T02:10:00.000+00:00", "Prices", tenant="acme").said()
        'ann halted the runs of the tenant `acme` on 2026-11-30 02:10 UTC: Prices'
        """
        because = self.because.strip().rstrip(".")
        told = {"by": self.by, "when": f"{self.at[:16].replace('T', ' ')} UTC", "because": because}
        if self.thread is not None:
            return say(OF_THREAD if because else OF_THREAD_ALONE, **told)
        return say(ALL, **told) if self.tenant is None else say(OF_TENANT, **told, tenant=self.tenant)

    def stops(self, thread: str | None, tenant: str) -> bool:
        """Return whether it stops a thread of this tenant; None is a thread that has not been made yet.

        >>> all_runs, acme = Stoppage("ops", "", "Prices"), Stoppage("ops", "", "Prices", tenant="acme")
        >>> [each.stops("t", "local") for each in (all_runs, acme, Stoppage("ann", "", thread="t"))]
        [True, False, True]
        """
        if self.thread is not None:
            return self.thread == thread
        return self.tenant in (None, tenant)


def find_stoppage(found: Iterable[Stoppage], thread: str | None, tenant: str) -> Stoppage | None:
    """Return what stops a thread of this tenant; None where nothing does.

    Its own cancel comes first: the end of a halt does not resume it. Else the oldest halt does.

    >>> old, new = Stoppage("ops", "2026-11-30", "Prices"), Stoppage("ann", "2026-12-01", thread="t")
    >>> find_stoppage([old, new], "t", "local") == new, find_stoppage([new, old], "u", "local") == old
    (True, True)
    >>> find_stoppage([new], "u", "local")
    """
    stopping = (each for each in found if each.stops(thread, tenant))
    return min(stopping, key=lambda each: (each.thread is None, each.at, each.tenant is not None), default=None)
