"""Rules of the house that no linter knows, held by reading the source."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import fairlead

PACKAGE = Path(fairlead.__file__).parent
SECRET = ("_value", "_lent")
PURE = {"all", "any", "callable", "hasattr", "isinstance", "issubclass", "len"}

# What takes a statement; of these, what takes it as text alone.
STATEMENTS = {
    "execute",
    "executemany",
    "executescript",
    "exec_driver_sql",
    "text",
    "scalar",
    "scalars",
    "literal_column",
}
RAW = {"exec_driver_sql", "text", "executescript", "literal_column"}

Rule = Callable[[ast.Module], Iterator[ast.AST]]


def reads_time(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            days = isinstance(node, ast.ImportFrom) and {alias.name for alias in node.names} <= {"date", "timedelta"}
            if {"time", "datetime"} & set(names) and not days:
                yield node
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("time", "today")
        ):
            yield node  # an event loop tells the time too


def reveals_a_secret(tree: ast.Module) -> Iterator[ast.AST]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in SECRET)


def prints(tree: ast.Module) -> Iterator[ast.AST]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "print")


def asserts_and_acts(tree: ast.Module) -> Iterator[ast.AST]:
    """`python -O` leaves an assertion out, and with it what it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield from (part for part in ast.walk(node.test) if _acts(part))


def _acts(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return not (isinstance(node.func, ast.Name) and node.func.id in PURE)
    return isinstance(node, ast.Await | ast.NamedExpr | ast.Yield | ast.YieldFrom)


def builds_sql(tree: ast.Module) -> Iterator[ast.AST]:
    """A statement is written out, or made by SQLAlchemy from tables: text that is put together may hold a client's."""
    built = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None
        if isinstance(node, ast.AugAssign) or _is_built(node.value)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (called := _taking(node.func)):
            for part in [*node.args[:1], *(keyword.value for keyword in node.keywords)]:
                if _is_built(part) or (called in RAW and isinstance(part, ast.Name) and part.id in built):
                    yield node


def _taking(function: ast.AST) -> str:
    """The name of a function that takes a statement. Other things than SQLAlchemy have a method `text`."""
    name = _name(function)
    return name if name in STATEMENTS and (name != "text" or isinstance(function, ast.Name)) else ""


def _is_built(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod) and any(_is_text(side) for side in (node.left, node.right))
    return isinstance(node, ast.Call) and _name(node.func) in ("format", "join") and _is_text(node.func)


def _is_text(node: ast.AST) -> bool:
    """Whether a literal text stands in it."""
    return any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(node))


def _name(function: ast.AST) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def says_nothing_of_itself(tree: ast.Module) -> Iterator[ast.AST]:
    if not ast.get_docstring(tree):
        yield tree


RULES = [
    pytest.param(reads_time, ("clock.py",), "import time", id="only clock.py reads time"),
    pytest.param(reads_time, ("clock.py",), "now = asyncio.get_running_loop().time()", id="nor does a loop tell it"),
    pytest.param(
        reveals_a_secret,
        ("secret.py", "upstream/secrets.py"),
        "text = key._value",
        id="only upstream/secrets.py reveals a secret",
    ),
    pytest.param(prints, ("cli/",), "print('hello')", id="only the command line prints"),
    pytest.param(asserts_and_acts, (), "assert queue.pop()", id="an assertion does nothing but assert"),
    pytest.param(builds_sql, (), "c.execute(f'SELECT {x}')", id="no statement is put together"),
    pytest.param(builds_sql, (), "c.execute(text('SELECT %s' % x))", id="nor by a percent sign"),
    pytest.param(builds_sql, (), "q = 'SELECT ' + x\ntext(q)", id="nor on another line"),
    pytest.param(builds_sql, (), "text(' '.join(x))", id="nor from a list"),
    pytest.param(says_nothing_of_itself, (), "import os", id="every module has a docstring"),
]


@pytest.mark.parametrize(("rule", "exempt", "breach"), RULES)
def test_the_source_keeps_the_rule(rule: Rule, exempt: tuple[str, ...], breach: str) -> None:
    assert list(rule(ast.parse(breach))), "the rule does not see what it forbids"
    found = [
        f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 1)}"
        for path in PACKAGE.rglob("*.py")
        if not str(path.relative_to(PACKAGE)).startswith(exempt)
        for node in rule(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []
