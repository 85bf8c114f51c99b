"""What an upstream of the wall does with a request: one deed each, in whichever dialect it is asked."""

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tests.support.scripted import END, STREAM_HEAD, Connection, Received, Script, piece, reply
from tests.translate.vendors import streams
from tests.wall.pace import Pace
from tests.wall.voices import PIECES, TEXT, VOICES, Voice

NO_PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."


@dataclass
class Stand:
    """An upstream behind one target of one call of the wall. The last of its deeds is done for ever.

    `names` has what its model may be called to a client.
    """

    voice: Voice
    model: str
    deeds: Sequence["Deed"]
    names: frozenset[str] = frozenset()
    asked: list[float] = field(default_factory=list)
    bodies: list[Received] = field(default_factory=list)

    def next(self) -> "Deed":
        return self.deeds[min(len(self.asked), len(self.deeds)) - 1]


@dataclass
class Turn:
    """One request to a stand, and how to answer it."""

    stand: Stand
    asked: Received
    connection: Connection
    pace: Pace

    @property
    def streams(self) -> bool:
        return streams(self.asked)

    @property
    def prefill(self) -> str:
        """What the answer has to begin after: the text of the model's own turn at the request's end."""
        return self.stand.voice.prefill(self.asked.json)

    @property
    def words(self) -> tuple[str, ...]:
        """The words that are left to say."""
        said = self.prefill
        return PIECES[len(said.split()) :] if said and TEXT.startswith(said.rstrip()) else PIECES

    async def begin(self) -> None:
        """The head of a stream, and the events before its first word."""
        await self.connection.send(STREAM_HEAD)
        for event in self.stand.voice.head(self.stand.model):
            await self.connection.send(piece(event))

    async def say(self, words: Sequence[str]) -> None:
        for at, word in enumerate(words):
            await self.connection.send(piece(self.stand.voice.say(word, at)))

    async def end(self, *, marked: bool = True) -> None:
        """Why the answer ended, the usage, and the end mark if it is to be."""
        tail = self.stand.voice.tail(self.stand.model, "".join(self.words))
        for event in tail if marked or not self.stand.voice.marked else tail[:-1]:
            await self.connection.send(piece(event))
        await self.connection.send(END)

    @property
    def body(self) -> bytes:
        """The whole reply."""
        return json.dumps(self.stand.voice.whole(self.stand.model, "".join(self.words))).encode()


# Does something with a request; False where the connection is to end after it.
Deed = Callable[[Turn], Awaitable[bool]]


async def answer(turn: Turn) -> bool:
    """All is well."""
    if not turn.streams:
        await turn.connection.send(reply(turn.body))
        return True
    await turn.begin()
    await turn.say(turn.words)
    await turn.end()
    return True


def refuse(status: int, code: str, message: str, lines: str = "") -> Deed:
    """An error under its own status."""

    async def deed(turn: Turn) -> bool:
        await turn.connection.send(reply(turn.stand.voice.refusal(status, code, message), status, lines))
        return True

    return deed


async def reset(turn: Turn) -> bool:
    """RST in place of a reply."""
    turn.connection.reset()
    return False


def silent(seconds: float) -> Deed:
    """Nothing at all for so long, then the answer."""

    async def deed(turn: Turn) -> bool:
        await turn.pace.sleep(seconds)
        return await answer(turn)

    return deed


def late(seconds: float) -> Deed:
    """The head of a stream at once, the first word after so long."""

    async def deed(turn: Turn) -> bool:
        if not turn.streams:
            return await silent(seconds)(turn)
        await turn.begin()
        await turn.pace.sleep(seconds)
        await turn.say(turn.words)
        await turn.end()
        return True

    return deed


def cut(after: int, how: str = "fin") -> Deed:
    """The connection ends after so many words; a whole reply ends after as great a part of it."""

    async def deed(turn: Turn) -> bool:
        if turn.streams:
            await turn.begin()
            await turn.say(turn.words[:after])
        else:
            whole = reply(turn.body)
            await turn.connection.send(whole[: len(whole) * after // len(PIECES)])
        if how == "reset":
            await turn.pace.sleep(1)  # a reset drops what the other side has not read yet
            turn.connection.reset()
        else:
            turn.connection.writer.write_eof()
            await turn.connection.gone()
        return False

    return deed


def stall(after: int, seconds: float) -> Deed:
    """A pause of so long after so many words, or within a whole reply."""

    async def deed(turn: Turn) -> bool:
        if not turn.streams:
            whole = reply(turn.body)
            at = len(whole) * after // len(PIECES)
            await turn.connection.send(whole[:at])
            await turn.pace.sleep(seconds)
            await turn.connection.send(whole[at:])
            return True
        await turn.begin()
        await turn.say(turn.words[:after])
        await turn.pace.sleep(seconds)
        await turn.say(turn.words[after:])
        await turn.end()
        return True

    return deed


def malformed(after: int) -> Deed:
    """A chunk that is no JSON in place of a word; a whole reply that is none."""

    async def deed(turn: Turn) -> bool:
        if not turn.streams:
            await turn.connection.send(reply(turn.body[:-9]))
            return True
        if len(turn.words) <= after:
            return await answer(turn)
        await turn.begin()
        await turn.say(turn.words[:after])
        # What was read before the bad chunk is to be told of; in one piece with it, it may be held back.
        await turn.pace.sleep(1)
        broken = turn.stand.voice.say(turn.words[after], after)
        await turn.connection.send(piece(broken[:-12] + b"\n\n"))
        await turn.say(turn.words[after + 1 :])
        await turn.end()
        return True

    return deed


async def unmarked(turn: Turn) -> bool:
    """All of the answer and why it ended, but no end mark; a whole reply without a length."""
    if turn.streams:
        await turn.begin()
        await turn.say(turn.words)
        await turn.end(marked=False)
        return True
    await turn.connection.send(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n" + turn.body
    )
    turn.connection.writer.write_eof()
    await turn.connection.gone()
    return False


async def unended(turn: Turn) -> bool:
    """All of the words, and then the stream's end, without a reason or an end mark."""
    if not turn.streams:
        return await unmarked(turn)
    await turn.begin()
    await turn.say(turn.words)
    await turn.connection.send(END)
    return True


async def no_prefill(turn: Turn) -> bool:
    """Refuses a call that begins the answer itself."""
    if turn.prefill:
        return await refuse(400, "invalid_request_error", NO_PREFILL)(turn)
    return await answer(turn)


def flapping(up: float, down: float) -> Deed:
    """Well for so many seconds, then 503 for so many, and so on."""
    began: list[float] = []

    async def deed(turn: Turn) -> bool:
        began.append(turn.pace.now())
        well = (began[-1] - began[0]) % (up + down) < up
        return await (answer(turn) if well else refuse(503, "overloaded", "overloaded")(turn))

    return deed


def stands(by_path: dict[str, Stand], pace: Pace) -> Script:
    """One upstream for many: the stand is named by the first two parts of the path."""

    async def script(connection: Connection) -> None:
        while asked := await connection.request():
            if asked.method != "POST":  # some look for a list of models first
                await connection.send(reply({"error": {"message": "no such page"}}, 404))
                continue
            stand = by_path["/".join(asked.path.split("/")[1:3])]
            stand.asked.append(time.monotonic() * pace.rate)
            stand.bodies.append(asked)
            if not await stand.next()(Turn(stand, asked, connection, pace)):
                return

    return script


assert set(VOICES) == {"openai-chat", "anthropic-messages", "gemini", "openai-responses"}
