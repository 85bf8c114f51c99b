"""The queries of conditional configs: read from a tree, so that what is wrong in one is told with its place."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from fairlead.config.check import nearest, plain
from fairlead.config.portkey_objects.pattern import BadPattern, Pattern
from fairlead.config.tree import Listing, Node, Section
from fairlead.errors import Problem

Operator = Literal["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$regex"]
OPERATORS: Final = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$regex", "$not")
JOINING: Final = ("$and", "$or", "$not")
_LISTS: Final = ("$in", "$nin")
_ORDERED: Final = ("$gt", "$gte", "$lt", "$lte")
MAX_TESTS: Final = 200
MAX_PATTERNS: Final = 16


@dataclass(frozen=True, slots=True)
class All:
    """Holds where each of them does."""

    of: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Holds where one of them does."""

    of: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where the other does not."""

    of: "Query"


@dataclass(frozen=True, slots=True)
class Test:
    """One value of the call against one of the query's: `path` is what stands between its dots."""

    path: tuple[str, ...]
    operator: Operator
    value: Any = None
    pattern: Pattern | None = None


Query: TypeAlias = All | Some | Not | Test
NOTHING: Final = All(())


@dataclass(slots=True)
class Reader:
    """Reads the queries of one config object, whose number of tests and patterns is bounded."""

    problems: list[Problem] = field(default_factory=list)
    tests: int = 0
    patterns: int = 0

    def query(self, node: Node) -> Query:
        """What a query asks; what is wrong with it is added to the problems."""
        if not isinstance(node, Section):
            self._wrong(node, "expected a query: names with values", '`{"metadata.plan": {"$eq": "paid"}}`')
            return NOTHING
        return All(tuple(self._member(name, inner, node) for name, inner in node.entries.items()))

    def _member(self, name: str, node: Node, within: Section) -> Query:
        if name in JOINING:
            return self._joined(name, node)
        if name.startswith("$"):
            place = within.keys[name]
            self.problems.append(place.problem("no operator that joins queries", nearest(name, JOINING) or _AT))
            return NOTHING
        path = tuple(name.split("."))
        if path[0] not in ("metadata", "params", "url") or len(path) < 2 or "" in path:
            self.problems.append(within.keys[name].problem("not what a condition can look at", _AT))
        elif path[0] == "url" and path[1:] != ("pathname",):
            self.problems.append(within.keys[name].problem("of `url` there is `url.pathname` alone", _AT))
        if isinstance(node, Section):
            return self._operators(path, node)
        return self._test(path, "$eq", node)

    def _joined(self, name: str, node: Node) -> Query:
        if name == "$not":
            return Not(self.query(node))
        if not isinstance(node, Listing) or not node.items:
            self._wrong(node, f"`{name}` takes a list of queries")
            return NOTHING
        of = tuple(self.query(each) for each in node.items)
        return All(of) if name == "$and" else Some(of)

    def _operators(self, path: tuple[str, ...], node: Section) -> Query:
        """All that is said of one value."""
        if not node.entries:
            self._wrong(node, "no operator", "`$eq`, `$in`, `$regex` and so on")
        found: list[Query] = []
        for name, inner in node.entries.items():
            if name not in OPERATORS:
                hint = nearest(name, OPERATORS) or f"the operators are {', '.join(OPERATORS)}"
                self.problems.append(node.keys[name].problem("no such operator", hint))
            elif name == "$not":
                found.append(Not(self._negated(path, inner)))
            else:
                found.append(self._test(path, name, inner))
        return All(tuple(found))

    def _negated(self, path: tuple[str, ...], node: Node) -> Query:
        return self._operators(path, node) if isinstance(node, Section) else self._test(path, "$eq", node)

    def _test(self, path: tuple[str, ...], operator: Any, node: Node) -> Query:
        self.tests += 1
        if self.tests == MAX_TESTS + 1:
            self._wrong(node, f"more than {MAX_TESTS} tests in one config")
        value = plain(node)
        if operator in _LISTS and not isinstance(node, Listing):
            self._wrong(node, f"`{operator}` takes a list")
        elif operator in _ORDERED and (isinstance(value, bool) or not isinstance(value, int | float | str)):
            self._wrong(node, f"`{operator}` takes a number")
        elif operator == "$regex":
            return Test(path, "$regex", value, self._pattern(node, value))
        return Test(path, operator, value)

    def _pattern(self, node: Node, value: Any) -> Pattern | None:
        self.patterns += 1
        if self.patterns == MAX_PATTERNS + 1:
            self._wrong(node, f"more than {MAX_PATTERNS} patterns in one config")
        if not isinstance(value, str):
            self._wrong(node, "`$regex` takes a text")
            return None
        if self.patterns > MAX_PATTERNS:
            return None
        try:
            return Pattern(value)
        except BadPattern as why:
            self._wrong(node, f"the pattern cannot be used: {why}")
            return None

    def _wrong(self, node: Node, message: str, hint: str | None = None) -> None:
        self.problems.append(node.place.problem(message, hint))


_AT = "`metadata.NAME`, `params.NAME` (further names after further dots), `url.pathname`, or `$and`, `$or`, `$not`"
