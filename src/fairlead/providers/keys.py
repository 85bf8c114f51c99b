"""Where a provider's key is: in a variable, in several that belong together, or in the file that one names."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from fairlead.errors import ConfigError

_FILE = "file:"


def held(source: str, environ: Mapping[str, str]) -> str:
    """What a row's `api_key_env` finds; empty where that is nothing. Raises `ConfigError` for a file that is missing.

    `A:B:C` is what several variables hold, with colons between; the third may be missing. `file:A` is what stands in
    the file that the variable names, as one line.
    """
    if source.startswith(_FILE):
        return _in_file(environ.get(source.removeprefix(_FILE), "").strip(), source)
    values = [environ.get(name, "").strip() for name in source.split(":")]
    return ":".join(filter(None, values)) if all(values[:2]) else ""


def shown(source: str) -> str:
    """The variable to set, for a person."""
    return source.removeprefix(_FILE).partition(":")[0]


def _in_file(path: str, source: str) -> str:
    if not path:
        return ""
    try:
        text = Path(path).expanduser().read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the file that {shown(source)} names cannot be read: {type(error).__name__}",
            hint="give the path of a file with the key, or unset the variable",
        ) from None
    try:
        return msgspec.json.encode(msgspec.json.decode(text)).decode()
    except msgspec.DecodeError:
        return text
