"""What a call brings besides words that say what it needs: pictures, tools, a search that is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairlead.routing.said import last_said

# Where the dialects keep what was said, and where a message keeps its parts.
_SAID: Final = ("messages", "input", "contents")
_CONTENT: Final = ("content", "parts")
_TOOLS: Final = ("tools", "functions")
_PICTURE_TYPES: Final = frozenset({"image_url", "input_image", "image"})
_PICTURE_MIME: Final = ("media_type", "mime_type", "mimeType")
_PICTURE_DATA: Final = ("source", "inlineData", "inline_data", "fileData", "file_data")
# A provider's own search of the web, as each dialect asks for it.
_SEARCHES: Final = ("web_search", "openrouter:web", "googleSearch", "google_search")


@dataclass(frozen=True, slots=True)
class Heard:
    """What a call says: its user's last words, and what comes with them.

    `pictures` counts those anywhere in the call: whoever serves it gets them all. `searches`: the provider is to search
    the web by itself. `turns` counts messages, `tools` those that are offered.
    """

    text: str
    pictures: int = 0
    searches: bool = False
    turns: int = 1
    tools: int = 0


def heard(body: Mapping[str, Any]) -> Heard:
    """What the decoded body of a call says, in any dialect. Nothing here raises."""
    turns = next((held for name in _SAID if isinstance(held := body.get(name), list)), [])
    tools = sum(len(held) for name in _TOOLS if isinstance(held := body.get(name), list))
    return Heard(last_said(body), _pictures(turns), _asks_search(body), len(turns) or 1, tools)


def _pictures(turns: list[Any]) -> int:
    return sum(_is_picture(part) for turn in turns if isinstance(turn, dict) for part in _parts(turn))


def _parts(turn: Mapping[str, Any]) -> Iterator[Any]:
    for name in _CONTENT:
        held = turn.get(name)
        yield from held if isinstance(held, list) else ()
    images = turn.get("images")  # as Ollama's clients send them
    yield from ({"type": "image"} for _ in images) if isinstance(images, list) else ()


def _is_picture(part: Any) -> bool:
    if not isinstance(part, dict):
        return False
    if part.get("type") in _PICTURE_TYPES:
        return True
    for name in _PICTURE_DATA:
        held = part.get(name)
        if isinstance(held, dict) and any(str(held.get(mime, "")).startswith("image/") for mime in _PICTURE_MIME):
            return True
    return False


def _asks_search(body: Mapping[str, Any]) -> bool:
    if body.get("web_search_options") is not None or str(body.get("model", "")).endswith(":online"):
        return True
    plugins, tools = body.get("plugins"), body.get("tools")
    if isinstance(plugins, list) and any(isinstance(each, dict) and each.get("id") == "web" for each in plugins):
        return True
    return isinstance(tools, list) and any(_is_search(tool) for tool in tools if isinstance(tool, dict))


def _is_search(tool: Mapping[str, Any]) -> bool:
    return str(tool.get("type", "")).startswith(_SEARCHES) or any(name in tool for name in _SEARCHES)
