"""How fast one may go: calls and tokens within any span of a length, and calls at one time."""
