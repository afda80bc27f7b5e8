"""Metrics: what a monitor asks the service for, in a registry of its own, in the form of Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from graph.service.hearing import BROKEN_OFF, Drive
from policies.access.caller import LOCAL, Caller
from policies.language import phrase, say
from policies.run.stop import Stop

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The numbers of one process since it was started."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        route = ("method", "route")
        self._requests = Counter("accord_requests", "Requests answered.", (*route, "status"), registry=registry)
        self._seconds = Histogram(
            "accord_request_seconds", "Seconds until an answer was sent.", route, buckets=SECONDS, registry=registry
        )
        self._rested = Counter(
            "accord_drives", "Drives that ended, by how the run rests.", ("status", "stop"), registry=registry
        )
        self._driven = Histogram(
            "accord_drive_seconds", "Seconds that drives took.", buckets=(*SECONDS, 300, 1_800), registry=registry
        )
        self._at_work = Gauge("accord_runs_at_work", "Runs at work in this process.", registry=registry)
        self._queued = Gauge("accord_runs_queued", "Runs that wait for their turn in this process.", registry=registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        method = method if method in METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def hear(self, drive: Drive) -> None:
        """Count a drive that ended."""
        if drive.has_begun:
            return
        record = drive.record or {"status": BROKEN_OFF}
        stop = Stop.find(record.get("stop_reason"))
        self._rested.labels(record["status"], stop.kind if stop else drive.cause or "none").inc()
        self._driven.observe(drive.seconds)

    def shown(self, at_work: int, queued: int) -> bytes:
        """Return all numbers, with how many runs are at work and queued now."""
        self._at_work.set(at_work)
        self._queued.set(queued)
        return generate_latest(self._registry)


def refuse_reader(caller: Caller) -> str | None:
    """Return why a caller may not read the numbers of all tenants, in a sentence; None where they may."""
    if caller.tenant == LOCAL:
        return None
    told = phrase("the numbers are of all tenants; ask with a token of scope admin of the tenant `{tenant}`")
    return say(told, tenant=LOCAL)
