"""The `ai` command."""
