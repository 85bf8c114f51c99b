"""What the shipped providers say, for those that are like them."""

from typing import Any, Final

from fairlead.providers.catalog import load_rows

_KIND: Final = ("dialect", "also", "auth", "paths", "api_version", "quirks", "usage", "private_network")


def kind(row: str) -> dict[str, Any]:
    """What a second provider of a shipped kind has to say for itself; its key is its own."""
    held = load_rows()[row]
    said = {name: value for name in _KIND if (value := getattr(held, name)) is not None}
    return {**said, **({"base_url": held.base_url} if held.base_url and "${" not in held.base_url else {})}


def keys(row: str) -> tuple[str, ...]:
    """The variables that may hold a shipped provider's key."""
    said = load_rows()[row].api_key_env
    return (said,) if isinstance(said, str) else tuple(said or ())
