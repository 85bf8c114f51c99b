"""What of a request's body is no text: pictures, sounds, and what a provider keeps or fetches. Pure.

Every dialect's words for them are known here. What is not one of them is text.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Node: TypeAlias = dict[str, Any]

_DATA: Final = "data:"
_NAMES: Final = ("data", "url", "bytes", "image_url", "image_base64")
_CALLS: Final = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
# What has been found is told by where it was found.
_TOLD: Final = ("result", "citation", "location")


@dataclass(slots=True)
class Parts:
    """How many pictures, how many bytes of sound; how many bytes of the body these are, which are no text.

    `fetched`: something is of unknown length. `original`: pictures are to be seen in full.
    """

    pictures: int = 0
    sound: int = 0
    bytes: int = 0
    fetched: bool = False
    original: bool = False


def parts(body: Any) -> Parts:
    """What is in a request's body, once decoded, that is no text."""
    found, waiting = Parts(), [body]
    while waiting:
        node = waiting.pop()
        if type(node) is dict:
            for name, value in node.items():
                note = _KNOWN.get(name)
                if note is not None:
                    waiting.append(note(found, node, value))
                elif type(value) is dict or type(value) is list:
                    waiting.append(value)
        elif type(node) is list:
            waiting += [each for each in node if type(each) is dict or type(each) is list]
    return found


def _plain(_found: Parts, _node: Node, _value: Any) -> Any:
    """What stands in it is text, whatever it calls itself."""


def _answer(_found: Parts, _node: Node, value: Any) -> Any:
    """What a tool has answered is text, and may have pictures beside it."""
    return value.get("parts") if type(value) is dict else None


def _type(found: Parts, _node: Node, value: Any) -> Any:
    found.fetched |= value == "item_reference"


def _input(_found: Parts, node: Node, value: Any) -> Any:
    """What is said to the model, or, of a call, to a tool."""
    return None if node.get("type") in _CALLS else value


def _kept(found: Parts, _node: Node, value: Any) -> Any:
    """A text, or several; an object names what the provider keeps."""
    found.fetched |= type(value) is dict and "id" in value


def _fetched(found: Parts, node: Node, value: Any) -> Any:
    if value is None or value == "":
        return
    if node.get("type") == "input_image" or (type(value) is dict and _is_picture(value)):
        found.pictures += 1
    else:
        found.fetched = True


def _sent(found: Parts, _node: Node, value: Any) -> Any:
    """A file as data, of which nobody has counted the pages or the frames."""
    if type(value) is str:
        found.bytes += len(_text(value))
    return _fetched(found, {}, value)


def _url(found: Parts, node: Node, value: Any) -> Any:
    if not str(node.get("type")).endswith(_TOLD):
        return _sent(found, node, value)
    return None


def _pictures(found: Parts, node: Node, value: Any) -> Any:
    for each in value if type(value) is list else (value,):
        _picture(found, node, each)


def _picture(found: Parts, node: Node, value: Any) -> None:
    if value is None or value == "":
        return
    holder = value if type(value) is dict else node
    found.original |= holder.get("detail") == "original"
    text = _text(value)
    if text.startswith(_DATA) and not text.startswith("data:image/"):
        found.fetched = True
    found.pictures += 1
    found.bytes += len(text)


def _is_picture(value: Node) -> bool:
    return str(value.get("mimeType") or value.get("mime_type")).startswith("image/")


def _inline(found: Parts, _node: Node, value: Any) -> Any:
    """Data of a kind that stands beside it."""
    if type(value) is not dict:
        return
    kind = str(value.get("mimeType") or value.get("mime_type") or f"audio/{value.get('format')}")
    text = _text(value)
    if kind.startswith("image/"):
        found.pictures += 1
    elif kind.startswith("audio/"):
        found.sound += len(text)
    elif kind.startswith("text/"):
        return
    else:
        found.fetched = True
    found.bytes += len(text)


def _source(found: Parts, node: Node, value: Any) -> Any:
    """What a picture or a document of Anthropic's is made of."""
    kind = value.get("type") if type(value) is dict else None
    if kind is None or kind == "text":
        return None
    if kind == "content":
        return value.get("content")
    found.bytes += len(_text(value))
    if node.get("type") == "image":
        found.pictures += 1
    else:
        found.fetched = True
    return None


def _text(value: Any) -> str:
    """The data, or where it is, of which every letter is a byte; empty where there is none such."""
    if type(value) is dict:
        value = next((text for name in _NAMES if type(text := value.get(name)) is str), "")
    return value if type(value) is str and value.isascii() else ""


_KNOWN: Final[dict[str, Callable[[Parts, Node, Any], Any]]] = {
    **dict.fromkeys(("image_url", "image", "images", "image_base64"), _pictures),
    **dict.fromkeys(("inline_data", "inlineData", "input_audio"), _inline),
    **dict.fromkeys(("file_data", "fileData", "video", "video_url", "audio_url"), _sent),
    **dict.fromkeys(("file_uri", "fileUri", "file_url", "file_id", "previous_response_id", "conversation"), _fetched),
    **dict.fromkeys(("cachedContent", "cached_content"), _fetched),
    **dict.fromkeys(("tools", "functions", "tool_calls", "functionCall", "function_call", "args", "arguments"), _plain),
    **dict.fromkeys(("metadata", "labels", "response_format", "annotations", "citations"), _plain),
    **dict.fromkeys(("generationConfig", "generation_config"), _plain),
    "response": _answer,
    "source": _source,
    "type": _type,
    "input": _input,
    "prompt": _kept,
    "audio": _kept,
    "url": _url,
}
