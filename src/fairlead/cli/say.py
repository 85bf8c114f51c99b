"""What the command line says: data on standard output, all else on standard error, color only for a person."""

import os
import sys
from typing import TextIO

import click

from fairlead.errors import FairleadError


def data(text: str) -> None:
    """What was asked for. Keeps its colors only on a terminal."""
    click.echo(text, color=colored(sys.stdout))


def note(text: str) -> None:
    """Something worth knowing."""
    click.echo(text, err=True, color=colored(sys.stderr))


def warning(text: str) -> None:
    """Something that may surprise later."""
    note(f"{click.style('warning:', fg='yellow')} {text}")


def error(problem: FairleadError) -> None:
    """What went wrong, and what to do about it."""
    lines = [f"{click.style('error:', fg='red')} {problem}"]
    for attempt in problem.attempts:
        tried = f"{attempt.get('provider')}/{attempt.get('model')}"
        lines.append(f"  tried `{tried}`: {attempt.get('detail', 'ok')}")
    if problem.hint:
        lines.append(f"  {click.style('hint:', fg='cyan')} {problem.hint}")
    if problem.request_id:
        lines.append(f"  request id: {problem.request_id}")
    note("\n".join(lines))


def colored(stream: TextIO) -> bool:
    """Whether to color what goes there. `NO_COLOR` (no-color.org) turns it off."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def table(rows: list[tuple[str, ...]]) -> str:
    """The rows as aligned columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
