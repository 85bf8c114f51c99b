"""Who speaks what: a row per provider, and the quirks that rows name."""
