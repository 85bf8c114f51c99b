"""A client's JSON object, read member by member: each has a type, and what nobody asks for is left over."""

from typing import Any

from fairlead.errors import RequestError


class Fields:
    """The members of one object of a request, which stands at the path `at`.

    A member is taken out as it is read; null counts as absent. Raises `RequestError` whose `param` is its path.
    """

    __slots__ = ("_left", "at")

    def __init__(self, value: Any, at: str = "") -> None:
        if not isinstance(value, dict):
            raise wrong(at, "an object")
        self._left = value
        self.at = at

    def path(self, name: str) -> str:
        """Where the member `name` stands."""
        return f"{self.at}.{name}" if self.at else name

    def __contains__(self, name: str) -> bool:
        return self._left.get(name) is not None

    def names(self) -> list[str]:
        """What is still to be read."""
        return list(self._left)

    def any(self, name: str) -> Any:
        return self._left.pop(name, None)

    def text(self, name: str) -> str | None:
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise wrong(self.path(name), "a string")
        return value

    def needed(self, name: str) -> str:
        """A text that has to be there."""
        value = self.text(name)
        if value is None:
            raise RequestError(f"`{self.path(name)}` is missing", param=self.path(name))
        return value

    def number(self, name: str) -> float | None:
        value = self._left.pop(name, None)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise wrong(self.path(name), "a number")
        return value

    def integer(self, name: str) -> int | None:
        value = self.number(name)
        if value is not None and int(value) != value:
            raise wrong(self.path(name), "a whole number")
        return None if value is None else int(value)

    def flag(self, name: str) -> bool | None:
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, bool):
            raise wrong(self.path(name), "true or false")
        return value

    def items(self, name: str) -> list[Any]:
        """The values of a list; none where it is absent."""
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, list):
            raise wrong(self.path(name), "a list")
        return value or []

    def mapping(self, name: str) -> dict[str, Any] | None:
        """An object that nobody looks into."""
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, dict):
            raise wrong(self.path(name), "an object")
        return value

    def inner(self, name: str) -> "Fields | None":
        """An object to be read in turn."""
        value = self._left.pop(name, None)
        return None if value is None else Fields(value, self.path(name))

    def each(self, name: str) -> list["Fields"]:
        """The objects of a list, each to be read in turn."""
        path = self.path(name)
        return [Fields(value, f"{path}[{index}]") for index, value in enumerate(self.items(name))]

    def rest(self) -> dict[str, Any]:
        """What nobody took, by its path; members that are null are not among it."""
        return {self.path(name): value for name, value in self._left.items() if value is not None}


def wrong(path: str, expected: str) -> RequestError:
    """The error for a member of the wrong type."""
    return RequestError(f"`{path or 'the body'}` must be {expected}", param=path or None)
