"""Watch: who owns the decisions of a team, and how long each of them is valid."""

from policies.team.fields import Text, Value
from policies.team.people import Duration


class Watch(Value):
    """What becomes of the team's decisions once they are taken."""

    owner: Text | None = None
    """Who owns the team's decisions, and gets a notice when one of them should be taken again."""
    expires_after: Duration | None = None
    """How long a decision is valid: minutes, hours or days, for example `90d`. Without it, until its facts move."""
