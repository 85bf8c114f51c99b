"""The recorded exchanges of `generateContent`, and what is in them, taken out without our codecs."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PATH = re.compile(r"/models/([^:]+):(g|streamG)enerateContent")


@dataclass(frozen=True)
class Exchange:
    id: str
    model: str
    stream: bool
    request: bytes
    status: int
    reply: bytes

    @property
    def frames(self) -> list[bytes]:
        """The frames of a stream; of a whole reply the one that it is."""
        lines = self.reply.decode().splitlines()
        return [line[6:].encode() for line in lines if line.startswith("data: ")] if self.stream else [self.reply]


def exchanges(shared: Path) -> Iterator[Exchange]:
    with gzip.open(shared / "recordings" / "gemini.jsonl.gz", "rt", encoding="utf-8") as lines:
        for entry in map(json.loads, lines):
            asked, answered = entry["request"], entry["response"]
            if (found := _PATH.search(asked["path"])) is not None:
                yield Exchange(
                    entry["id"],
                    found[1],
                    found[2] == "streamG",
                    asked["body"].encode(),
                    answered["status"],
                    answered["body"].encode(),
                )


def joined(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parts as a client joins them: words of one kind in a row are one part, what says nothing is none."""
    whole: list[dict[str, Any]] = []
    for part in parts:
        last = whole[-1] if whole else {}
        alike = "text" in part and "text" in last and part.get("thought") == last.get("thought")
        if alike and "thoughtSignature" not in last:
            whole[-1] = {**last, **part, "text": last["text"] + part["text"]}
        elif part != {"text": ""}:
            whole.append(part)
    return whole


def parts(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All that the first choice said."""
    contents = [frame["candidates"][0].get("content", {}) for frame in frames]
    return joined([part for content in contents for part in content.get("parts", [])])
