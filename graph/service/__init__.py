"""What the HTTP service does: what it has promised to run, and the teams, agents and callers that it knows."""
