"""OpenRouter's contract, as its clients use it."""
