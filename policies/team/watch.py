"""Watch: who owns the decisions of a team, and how long each of them stands."""

from policies.team.fields import Text, Value
from policies.team.people import Duration


class Watch(Value):
    """What becomes of the team's decisions once they are taken."""

    owner: Text | None = None
    """Who owns the team's decisions, and is told when one of them should be taken again."""
    expires_after: Duration | None = None
    """How long a decision stands: minutes, hours or days, for example `90d`. Without it, until its facts move."""
