"""Function calls and their results as Gemini has them: with JSON objects where others have text."""

from typing import Any, Final

from fairlead.dialects import lenient

_FREE: Final = "input"


def arguments(text: str, *, custom: bool = False) -> dict[str, Any]:
    """The object that the arguments say; any other text, as a custom tool's is, stands in `input`."""
    if custom:
        return {_FREE: text}
    value = _object(text)
    return value if value is not None else {_FREE: text} if text.strip() else {}


def answer(text: str, *, error: bool) -> dict[str, Any]:
    """A tool's answer: the object that it is, or under the words that Gemini knows for a text.

    https://ai.google.dev/api/caching#FunctionResponse
    """
    if error:
        return {"error": text}
    value = _object(text)
    return {"output": text} if value is None else value


def _object(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = lenient.loads(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
