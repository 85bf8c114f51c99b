"""A client's JSON in either spelling: protobuf takes `maxOutputTokens` and `max_output_tokens` alike."""

from typing import Any

from fairlead.dialects.fields import Fields


class CamelFields(Fields):
    """The members of an object, by their names in camel case however they were spelled."""

    __slots__ = ()

    def __init__(self, value: Any, at: str = "") -> None:
        if isinstance(value, dict) and "_" in "".join(value):
            value = {camel(name): held for name, held in value.items()}
        super().__init__(value, at)

    def inner(self, name: str) -> "CamelFields | None":
        value = self.any(name)
        return None if value is None else CamelFields(value, self.path(name))

    def each(self, name: str) -> list["CamelFields"]:  # type: ignore[override]  # a list of the narrower kind
        path = self.path(name)
        return [CamelFields(value, f"{path}[{index}]") for index, value in enumerate(self.items(name))]

    def put(self, name: str, value: Any) -> None:
        """Puts a member back, for whoever asks for it or for what is left over."""
        self._left[name] = value

    def enum(self, name: str) -> str | None:
        """A word in upper case; None where it is absent or says that it says nothing."""
        word = (self.text(name) or "").upper()
        return None if not word or word.endswith("_UNSPECIFIED") else word


def camel(name: str) -> str:
    """`snake_case` as `snakeCase`; any other name as it is."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest) if rest and first else name
