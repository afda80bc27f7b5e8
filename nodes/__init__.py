"""Acts: graph nodes that take the state and return a partial update, and the voices that answer for roles."""
