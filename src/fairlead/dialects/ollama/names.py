"""The dialect's name."""

from typing import Final

DIALECT: Final = "ollama"
