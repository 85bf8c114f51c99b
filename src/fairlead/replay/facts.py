"""What is known of a recorded call: its row, and what it said, where that was kept."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

import msgspec

from fairlead.ledger.row import Row
from fairlead.routing.facts import Facts
from fairlead.routing.intent import Inference, infer
from fairlead.routing.said import heard

Texts = Callable[[str], bytes | None]
"""Gives the request of the call with that id as far as it was kept."""

UNKEPT: Final = "what it says decides, and was not kept (`keep_bodies`)"
CUT: Final = "what it says decides, and only the first 64 KiB of it were kept"


class Unknown(Exception):
    """Something decides where a call goes that the record does not have; its text says what."""


class Recorded(Facts):
    """The facts of a recorded call. Asking for what was not kept raises `Unknown`."""

    def __init__(self, row: Row, texts: Texts) -> None:
        super().__init__(key=row.key, owner=row.user, member=self._kept)
        del self.body  # looked for when it is first asked for
        self._row = row
        self._texts = texts

    @cached_property
    def body(self) -> bytes:  # type: ignore[override]
        """The request as it was kept. Raises `Unknown`."""
        if not self._row.bodies or not (said := self._texts(self._row.id)):
            raise Unknown(UNKEPT)
        try:
            msgspec.json.decode(said, type=dict[str, msgspec.Raw])
        except (ValueError, RecursionError):
            raise Unknown(CUT) from None
        return said

    @cached_property
    def members(self) -> Mapping[str, msgspec.Raw]:
        """The members of the request. Raises `Unknown`."""
        return msgspec.json.decode(self.body, type=dict[str, msgspec.Raw])

    @property
    def kept(self) -> bool:
        """Whether the request is known."""
        try:
            return bool(self.body)
        except Unknown:
            return False

    @cached_property
    def metadata(self) -> Mapping[str, Any]:
        return self._row.metadata

    @cached_property
    def user(self) -> str:
        return self._row.end_user or self._row.user

    @cached_property
    def session(self) -> str:
        return self._row.session

    def inferred(self) -> Inference:
        """What the call is for: as it was read then, or as its text is read now. Raises `Unknown`."""
        if self._row.intent:
            return Inference(self._row.intent, self._row.reason, ())
        return infer(heard(self.member))

    def _kept(self, name: str) -> bytes | None:
        raw = self.members.get(name)
        return None if raw is None else bytes(raw)
