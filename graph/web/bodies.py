"""Bodies: what every body of a request has in common."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """The body of a request: JSON as it is, no key that nobody reads, no number in quotes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
