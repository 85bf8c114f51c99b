"""Command lines that cannot be understood: click finds them, and they are told in Fairlead's words."""

import re

import click
from click.exceptions import MissingParameter, NoArgsIsHelpError, NoSuchCommand, NoSuchOption

from fairlead.errors import FairleadError

_EXTRA = re.compile(r"Got unexpected extra arguments? \((.*)\)", re.DOTALL)


class BadUsage(FairleadError):
    """The command line asks for something that is not there, or not for enough."""

    type = "usage_error"
    code = "usage"
    exit_code = 2


def told(error: click.UsageError) -> FairleadError | None:
    """The same in our words; None where the command's help is the whole answer."""
    if isinstance(error, NoArgsIsHelpError):
        return None
    path = error.ctx.command_path if error.ctx else "ai"
    see = f"`{path} --help` shows what there is"
    if isinstance(error, NoSuchOption):
        meant = _meant(error.possibilities)
        if " " not in path:
            meant = f"{meant} Words" if meant else f"{see}; words"
            meant += " that begin with a dash go after `--`"
        return BadUsage(f"there is no option `{error.option_name}`", hint=meant or see)
    if isinstance(error, NoSuchCommand):
        near = [f"{path} {name}" for name in error.possibilities or ()]
        return BadUsage(f"there is no command `{path} {error.command_name}`", hint=_meant(near) or see)
    if isinstance(error, click.BadOptionUsage) and "requires" in error.message:
        return needs_value(error.option_name, error.ctx)
    return _of_arguments(error, path, see)


def needs_value(option: str, ctx: click.Context | None) -> FairleadError:
    """What is said of an option whose value is missing, by whichever of its names it was given."""
    names = next((param.opts for param in _params(ctx) if option in param.opts), [option])
    name = max(names, key=len).lstrip("-").replace("-", " ")
    return BadUsage(f"{name.capitalize()} option requires a value", hint=f"`{max(names, key=len)} VALUE`")


def _params(ctx: click.Context | None) -> list[click.Parameter]:
    from fairlead.cli.ask import ask  # noqa: PLC0415 - it imports this file

    # click does not say whose option it was; short names are asking's alone.
    return ctx.command.params if ctx else ask.params


def _of_arguments(error: click.UsageError, path: str, see: str) -> FairleadError:
    """What is said of an argument that is missing, too many, or no good."""
    if isinstance(error, MissingParameter) and error.param is not None and error.ctx is not None:
        return BadUsage(f"`{path}` needs {error.param.make_metavar(error.ctx)}", hint=see)
    if extra := _EXTRA.fullmatch(error.message):
        words = path.partition(" ")[2]
        hint = f"to ask a model these words, put `--` before them: `ai -- {words} …`"
        return BadUsage(f"`{path}` does not take `{extra[1]}`", hint=hint)
    return BadUsage(_plain(error.format_message()), hint=see)


class Named(click.ParamType[str]):
    """A value that is never empty and never begins with a dash: one that does is the next option."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value.strip() or value.startswith("-"):
            raise needs_value(max(param.opts, key=len) if param else "", ctx)
        return value.strip()


NAMED = Named()


def _meant(possibilities: list[str] | None) -> str | None:
    return f"did you mean `{possibilities[0]}`?" if possibilities else None


def _plain(message: str) -> str:
    message = re.sub(r"'([^']*)'", r"`\1`", message).rstrip(".")
    return message[:1].lower() + message[1:]
