"""The program as its own tests have it."""

from tests.cli.conftest import ai

__all__ = ["ai"]
