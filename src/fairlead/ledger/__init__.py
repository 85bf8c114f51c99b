"""Money and records: what a call costs, who may spend it, and what is kept of it."""
