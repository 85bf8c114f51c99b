"""Chat completions that the client tells the provider to keep: they can be asked for by their id later."""

from fairlead.dialects import lenient
from fairlead.dialects.endpoints import CHAT
from fairlead.dialects.envelope import Envelope
from fairlead.dialects.openai.chat import StreamReader
from fairlead.pipeline.call import Call
from fairlead.pipeline.relay import ChatRelay, Mend


def wanted(call: Call) -> bool:
    """Whether a call asks for its completion to be kept."""
    envelope = call.envelope
    return envelope.endpoint is CHAT and isinstance(envelope, Envelope) and envelope.members.get("store") == b"true"


def note(call: Call, body: bytes) -> None:
    """Note the id of a whole reply, or of a chunk, as what the call has made."""
    if said := lenient.word(lenient.members(body), "id"):
        call.made.append(said)


class StoredRelay(ChatRelay):
    """As its parent, for a completion that is kept."""

    __slots__ = ("_call",)

    def __init__(self, reader: StreamReader, mend: Mend | None, call: Call) -> None:
        super().__init__(reader, mend)
        self._call = call

    def event(self, event: bytes) -> bytes:
        out = super().event(event)
        if self.begun and not self._call.made:
            note(self._call, self._reader.last)
        return out
