"""What a call says besides the model that it names. Read only where a policy asks for it. Pure."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

import msgspec

from fairlead.ledger.rights import EVERYTHING, Granted

# Where clients say which session a call belongs to, and for whom it is made: members of the body, then of the metadata.
SESSION_HEADERS: Final = (b"x-fairlead-session", b"x-session-id")
SESSION_MEMBERS: Final = ("session_id", "prompt_cache_key")
METADATA_HEADERS: Final = (b"x-fairlead-metadata", b"x-portkey-metadata")
_USER_MEMBERS: Final = ("safety_identifier", "user")
_USER_METADATA: Final = ("user_id", "_user")
_SESSION_METADATA: Final = ("session_id",)


_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _no_header(_: bytes) -> str | None:
    return None


class Facts:
    """A call's facts, each read when it is asked for. What cannot be read is empty; nothing here raises.

    `header` gives the value of a header of the client's (its name in lower case), `member` that of a member of the body
    as it was sent. `path` is that of the URL. `key` is the name of the client's key; `owner` the user whom that belongs
    to, or empty; `rights` are the key's.
    """

    def __init__(
        self,
        body: bytes = b"",
        header: Callable[[bytes], str | None] = _no_header,
        path: str = "",
        key: str = "",
        owner: str = "",
        member: Callable[[str], bytes | None] | None = None,
        rights: Granted = EVERYTHING,
    ) -> None:
        self.body = body
        self.header = header
        self.key = key
        self.member = member or self._member
        self.rights = rights
        self._path = path
        self._owner = owner

    @property
    def path(self) -> str:
        return self._path

    @property
    def owner(self) -> str:
        return self._owner

    def _member(self, name: str) -> bytes | None:
        raw = self._raw.get(name)
        return None if raw is None else bytes(raw)

    @cached_property
    def _raw(self) -> dict[str, msgspec.Raw]:
        try:
            return _members(self.body)
        except (ValueError, RecursionError):
            return {}

    @cached_property
    def params(self) -> Mapping[str, Any]:
        """The body, decoded; empty where it is no JSON object."""
        return _object(self.body)

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        """What the client notes of its call, in the body and in headers; a header wins."""
        raw = self.member("metadata")
        found = {} if raw is None else _object(raw)
        for name in METADATA_HEADERS:
            if (value := self.header(name)) is not None:
                found |= _object(value)
        return found

    @cached_property
    def user(self) -> str:
        """For whom the call is made: the end user that it names, else the user whom its key belongs to; or empty."""
        return self._text(_USER_MEMBERS) or _first(self.metadata, _USER_METADATA) or self.owner

    @property
    def session(self) -> str:
        """The session that the call says it belongs to; or empty."""
        for name in SESSION_HEADERS:
            if value := self.header(name):
                return value
        return self._text(SESSION_MEMBERS) or _first(self.metadata, _SESSION_METADATA)

    def _text(self, names: tuple[str, ...]) -> str:
        """The first of these members that is a text, and not empty."""
        for name in names:
            raw = self.member(name)
            if raw is not None and isinstance(value := _value(raw), str) and value:
                return value
        return ""


NO_FACTS: Final = Facts()


def _value(said: bytes | str) -> Any:
    try:
        return msgspec.json.decode(said)
    except (ValueError, RecursionError):
        return None


def _object(said: bytes | str) -> dict[str, Any]:
    value = _value(said)
    return value if isinstance(value, dict) else {}


def _first(held: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((value for name in names if isinstance(value := held.get(name), str) and value), "")
