"""The people of a team: who may answer, and how it is known that they did."""
