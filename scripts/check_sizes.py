"""Fails where a file of ours is over 500 lines or a function over 60; tells of those that are near."""

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_LIMIT, FILE_NEAR = 500, 400
FUNCTION_LIMIT = 60


def sources() -> Iterator[Path]:
    """The Python files that a reader meets."""
    for folder in ("src", "tests", "bench", "scripts"):
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if ".work" not in path.parts)


def functions(tree: ast.AST) -> Iterator[tuple[str, int, int]]:
    """Name, line and length of each function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def main() -> int:
    failed = False
    lengths: list[int] = []
    for path in sources():
        text = path.read_text(encoding="utf-8")
        where, lines = path.relative_to(ROOT), text.count("\n")
        if lines > FILE_NEAR:
            print(f"{'too long' if lines > FILE_LIMIT else 'near the limit'}: {where} has {lines} lines")
            failed |= lines > FILE_LIMIT
        for name, line, length in functions(ast.parse(text)):
            if where.parts[0] == "src":
                lengths.append(length)
            if length > FUNCTION_LIMIT:
                print(f"too long: {where}:{line} {name} has {length} lines")
                failed = True
    median, p90 = statistics.median(lengths), statistics.quantiles(lengths, n=10)[-1]
    print(f"{len(lengths)} functions in src: median {median:g} lines, p90 {p90:g}, longest {max(lengths)}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
