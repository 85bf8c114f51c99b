"""Keys: how they are made, what they look like, and the hash that is kept of them."""

import contextlib
import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Final, Literal

from fairlead.errors import ConfigError
from fairlead.ids import KEY_PREFIX

Kind = Literal["client", "admin"]
PREFIXES: Final[dict[Kind, str]] = {"client": KEY_PREFIX, "admin": "fla-"}
LONGEST = 512
_SHAPE = re.compile(rb"fla?-[A-Za-z0-9_-]{43}")
_PEPPER_BYTES = 32
_SHORTEST_PEPPER = 32


def mint(kind: Kind) -> str:
    """A new key: a prefix that tells its kind, and 256 random bits."""
    return PREFIXES[kind] + secrets.token_urlsafe(32)


def shaped(presented: bytes) -> bool:
    """Whether it could be a key that was minted here."""
    return _SHAPE.fullmatch(presented) is not None


def kind_of(presented: bytes) -> Kind | None:
    """The kind that a key's prefix tells; None where it has neither."""
    return next((kind for kind, prefix in PREFIXES.items() if presented.startswith(prefix.encode())), None)


def shown(key: str, kind: Kind) -> str:
    """What a list tells a key by: its prefix and its last four characters."""
    return f"{PREFIXES[kind]}…{key[-4:]}"


def fingerprint(key: bytes, pepper: bytes) -> bytes:
    """The hash that stands for a key. Without the pepper nobody can tell whose it is, or try keys on it."""
    return hashlib.blake2b(key, digest_size=32, key=pepper).digest()


def pepper(folder: Path, said: str = "") -> bytes:
    """The secret that hashes are made with: as said, else the one in the folder, made there where there is none.

    Raises `ConfigError`.
    """
    if said:
        if len(said) < _SHORTEST_PEPPER:
            raise ConfigError(
                f"FAIRLEAD_PEPPER has fewer than {_SHORTEST_PEPPER} characters", hint="`openssl rand -hex 32` makes one"
            )
        return hashlib.blake2b(said.encode(), digest_size=_PEPPER_BYTES, person=b"fairlead").digest()
    file = folder / "pepper"
    try:
        return _checked(file) if file.exists() else _made(file)
    except OSError as error:
        raise ConfigError(
            f"the secret that keys are hashed with cannot be kept in {file}: {error.strerror or error}",
            hint="make the data directory writable, or set FAIRLEAD_PEPPER",
        ) from None


def _checked(file: Path) -> bytes:
    found = file.read_bytes()
    if len(found) != _PEPPER_BYTES:
        raise ConfigError(
            f"{file} is not the secret that it was made as", hint="restore it: without it no stored key works"
        )
    return found


def _made(file: Path) -> bytes:
    """A new pepper, whole or not at all; whoever else makes one at the same moment gets the same."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".pepper-{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as writer:
            writer.write(secrets.token_bytes(_PEPPER_BYTES))
            writer.flush()
            os.fsync(writer.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    return _checked(file)
