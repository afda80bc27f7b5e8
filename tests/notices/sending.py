"""A process that sends all notices of a database, to be killed; it says `ready` before the first one.

`python -m tests.notices.sending HOME DATABASE NOW SECONDS ADDRESS…`
"""

import sys
from datetime import datetime
from pathlib import Path

from graph.notices.desk import Desk
from tests.notices.desks import Office


def main(home: str, database: str, now: str, seconds: str, *addresses: str) -> None:
    office = Office(Path(home), database, addresses)
    office.clock.now = datetime.fromisoformat(now)

    async def work(desk: Desk) -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await desk.note_all()
        await desk.send_due(float(seconds))

    office.at_desk(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
