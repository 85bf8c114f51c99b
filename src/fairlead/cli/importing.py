"""`ai import`: the configuration of another gateway as one of ours."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fairlead.cli import say
from fairlead.config.env_files import gathered
from fairlead.config.load import load
from fairlead.errors import ConfigError, FairleadError
from fairlead.migrate import document, written
from fairlead.migrate.report import Kind, Report

Translate = Callable[[Any, Report], dict[str, Any]]
_LEFT = 1
_OUT = click.option("-o", "--output", metavar="FILE", help="Write there, and not to standard output.")
_FORCE = click.option("--force", is_flag=True, help="Write over a file that is there.")
_HEADS: dict[Kind, str] = {"left": "not carried over:", "set": "to be set:", "note": "to know:"}


@click.group("import")
def importing() -> None:
    """Print the configuration of another gateway as one of ours, and tell what it leaves out."""


@importing.command("litellm", short_help="Import LiteLLM's config.yaml.")
@click.argument("file")
@_OUT
@_FORCE
def litellm(file: str, output: str | None, force: bool) -> None:
    """Import LiteLLM's config.yaml: models, router and fallback settings.

    Prints a fairlead.yaml, and on standard error what could not be carried over, each with its path and why. Keys that
    stand in FILE are not printed: the variables to set are. Ends with 0 where everything was carried over, and with 1
    where something was not.
    """
    from fairlead.migrate.litellm.translate import translate  # noqa: PLC0415 - only this command needs it

    _run(file, translate, output, force=force)


@importing.command("portkey", short_help="Import a config object of Portkey's, or several.")
@click.argument("file")
@_OUT
@_FORCE
def portkey(file: str, output: str | None, force: bool) -> None:
    """Import config objects of Portkey's: one, a list as its Admin API exports them, or several by name.

    Prints a fairlead.yaml, and on standard error what could not be carried over, each with its path and why. Keys that
    stand in FILE are not printed: the variables to set are. Ends with 0 where everything was carried over, and with 1
    where something was not.
    """
    from fairlead.migrate.portkey import translate  # noqa: PLC0415 - only this command needs it

    _run(file, translate, output, force=force)


def _run(file: str, translate: Translate, output: str | None, *, force: bool) -> None:
    if output and Path(output).exists() and not force:
        raise ConfigError(f"{output} is there already", hint="`--force` writes over it; or name another file")
    report = Report()
    config = translate(document.read(Path(file)), report)
    text = written.written(config, f"Made by `ai import` from {Path(file).name}. `ai config check` checks it.")
    _check(text, report)
    if output:
        _write(Path(output), text)
        say.note(f"wrote {output}")
    else:
        say.data(text.rstrip("\n"))
    _tell(report)
    if report.of("left"):
        raise click.exceptions.Exit(_LEFT)


def _check(text: str, report: Report) -> None:
    """Whether our own loader takes it; what it does not take is told."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fairlead.yaml"
        file.write_text(text, encoding="utf-8")
        try:
            load(str(file), gathered(os.environ), Path(folder))
        except ConfigError as error:
            for problem in error.problems:
                report.left(problem.path, f"{problem.message} (in what is printed)")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FairleadError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None


def _tell(report: Report) -> None:
    for kind, head in _HEADS.items():
        items = report.of(kind)
        if items:
            say.note("\n".join((head, *(f"  {item}" for item in items))))
