"""One driver for each client dialect: what it sends, and what it makes of what comes back."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.translate.speaking import SPEAKERS, Got, Speaker
from tests.wall.judge import Seen
from tests.wall.pace import Pace
from tests.wall.voices import PIECES, Json

BEGUN = PIECES[0] + PIECES[1]
# Seconds of a scenario after which a client gives up for good.
PATIENCE = 400.0


@dataclass(frozen=True)
class Driver:
    """A client of one dialect. `begin` adds the first words of the answer to a call."""

    speaker: Speaker
    begin: Callable[[Json], None]

    def body(self, model: str, *, stream: bool, begins: bool) -> Json:
        asked = self.speaker.body(model, stream, "Say sixty words.")
        if begins:
            self.begin(asked)
        return asked

    async def ask(
        self, http: httpx.AsyncClient, url: str, model: str, headers: dict[str, str], pace: Pace, **how: bool
    ) -> Seen:
        """One call, and all that its client sees of it."""
        seen = Seen(began=pace.now())
        hearing = _Hearing(self.speaker, seen, pace)
        try:
            async with asyncio.timeout(PATIENCE / pace.rate):
                body = self.body(model, stream=how["stream"], begins=how["begins"])
                path = self.speaker.path(model, how["stream"])
                async with http.stream("POST", url + path, json=body, headers=headers) as reply:
                    seen.status, seen.headers = reply.status_code, dict(reply.headers)
                    async for data in reply.aiter_bytes():
                        hearing.feed(data)
        except TimeoutError:
            seen.broken = "late"
        except httpx.HTTPError as error:
            seen.broken = type(error).__name__
        hearing.end()
        return seen


class _Hearing:
    """Reads a reply as it comes."""

    def __init__(self, speaker: Speaker, seen: Seen, pace: Pace) -> None:
        self._speaker, self._seen, self._pace = speaker, seen, pace
        self._got, self._held = Got(), b""

    def feed(self, data: bytes) -> None:
        self._held += data
        if not self._seen.headers.get("content-type", "").startswith("text/event-stream"):
            return
        *events, self._held = re.split(rb"(?<=\n\n)", self._held.replace(b"\r\n", b"\n"))
        for event in events:
            self._event(event)

    def _event(self, event: bytes) -> None:
        lines = [line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:")]
        data = b"\n".join(lines)
        if data and data != b"[DONE]":
            self._read(data)

    def _read(self, data: bytes) -> None:
        try:
            body = json.loads(data)
            self._speaker.hear(self._got, body)
            self._names(body)
        except (ValueError, KeyError, TypeError, AttributeError):
            self._seen.garbled = self._seen.garbled or f"`{data[:60].decode(errors='replace')}`"
        if self._got.text and self._seen.first is None:
            self._seen.first = self._pace.now() - self._seen.began

    def _names(self, body: Any) -> None:
        for held in (body, body.get("response"), body.get("message")):
            if isinstance(held, dict):
                self._seen.served |= {str(held[name]) for name in ("model", "modelVersion") if held.get(name)}

    def end(self) -> None:
        seen, got = self._seen, self._got
        seen.took = self._pace.now() - seen.began
        if self._held.strip() and not seen.broken:
            self._read(self._held) if seen.first is None and not got.text else self._event(self._held)
        seen.text, seen.finishes, seen.error = got.text, got.finishes, got.error
        seen.succeeded = seen.status == 200 and not seen.broken and self._speaker.succeeded(got)
        seen.served |= {value for name, value in seen.headers.items() if name == "x-fairlead-model"}


def _chat(body: Json) -> None:
    body["messages"].append({"role": "assistant", "content": BEGUN})


def _gemini(body: Json) -> None:
    body["contents"].append({"role": "model", "parts": [{"text": BEGUN}]})


def _responses(body: Json) -> None:
    user = {"role": "user", "content": body["input"]}
    body["input"] = [user, {"role": "assistant", "content": BEGUN}]


BEGIN = {"openai-chat": _chat, "anthropic-messages": _chat, "gemini": _gemini, "openai-responses": _responses}
DRIVERS = {dialect: Driver(SPEAKERS[dialect], begin) for dialect, begin in BEGIN.items()}
