"""Which target: pure functions from the facts of a call to a plan."""
