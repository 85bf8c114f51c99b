"""The `ai` command: runs a command line, and says what went wrong where something did."""

import os
import sys
from pathlib import Path

import click

from fairlead.cli import say, usage
from fairlead.cli.root import PROGRAMS, ROOT, chosen
from fairlead.errors import FairleadError

INTERRUPTED = 130


def main() -> None:
    """Run this process's command line and end the process."""
    name = Path(sys.argv[0]).name
    code = run(sys.argv[1:], name if name in PROGRAMS else "ai")
    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
        # A look-up of a name still hangs, and an orderly end would wait for it.
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def run(args: list[str], program: str) -> int:
    """Run one command line. Gives its exit code."""
    try:
        code = _guarded(args, program)
        sys.stdout.flush()
    except BrokenPipeError:
        _hush()
        return 0
    return code


def _guarded(args: list[str], program: str) -> int:
    try:
        return _invoke(args, program)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except click.UsageError as error:
        return _misused(error)
    except FairleadError as error:
        say.error(error)
        return error.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last place where it can be told
        return _bug(error, args)


def _invoke(args: list[str], program: str) -> int:
    instruction = os.environ.get(f"_{program.upper()}_COMPLETE")
    if instruction:
        from click.shell_completion import shell_complete  # noqa: PLC0415 - only a shell asks

        return shell_complete(ROOT, {}, program, f"_{program.upper()}_COMPLETE", instruction)
    if not args and sys.stdin is not None and sys.stdin.isatty():
        args = ["--help"]
    with chosen(args).make_context(
        program, list(args), obj=tuple(args), help_option_names=["-h", "--help"], max_content_width=100
    ) as context:
        context.command.invoke(context)
    return 0


def _misused(error: click.UsageError) -> int:
    problem = usage.told(error)
    if problem is not None:
        say.error(problem)
    elif error.ctx is not None:
        say.note(error.ctx.get_help())
    return 2


def _bug(error: Exception, args: list[str]) -> int:
    if {"-v", "--verbose"} & set(args) or os.environ.get("LOG_LEVEL", "").upper() == "DEBUG":
        import traceback  # noqa: PLC0415 - seldom needed

        say.note("".join(traceback.format_exception(error)).rstrip())
    problem = FairleadError(
        f"this is a bug in Fairlead: {type(error).__name__}: {error}",
        hint="LOG_LEVEL=DEBUG shows where; report it with what that prints",
    )
    say.error(problem)
    return problem.exit_code


def _hush() -> None:
    """Nobody reads any more: let what is still buffered go nowhere when the process ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


if __name__ == "__main__":
    main()
