"""LiteLLM's `config.yaml`."""
