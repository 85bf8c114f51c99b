"""What the tests of translated calls share."""

from tests.faults.conftest import _home as home

__all__ = ["home"]
