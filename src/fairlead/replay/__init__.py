"""The calls of the record once more, by another policy: what they would have come to. Sends nothing."""
