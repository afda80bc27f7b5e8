"""What can be shown of a policy and of a record: proof, difference, explanation, replay, audit."""
