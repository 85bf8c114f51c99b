"""The commands of `ai` by name. Each one's module is imported when it is called, so that help stays quick."""

import importlib

import click
from click.shell_completion import CompletionItem

from fairlead.cli.ask import ask

PROGRAMS = ("ai", "fairlead")
COMMANDS = {
    "serve": "Serve the gateway over HTTP.",
    "models": "List the names to ask for, explain one, or fetch the local model.",
    "keys": "Make, list, limit, change, rotate, block and delete the keys that clients and administrators present.",
    "teams": "Make, list, change, block and delete teams, whose limits hold for all of their keys.",
    "users": "Make, list, change, block and delete users of a team, whose limits hold for all of their keys.",
    "organisations": "Make, list, change, block and delete organizations, whose limits hold for all of their teams.",
    "audit": "Show the log of administrative changes, or check that nobody has changed it.",
    "route": "Show which target would serve a call, and why each other would not.",
    "usage": "Show what calls came to: how many, their tokens, their cost, how long they took.",
    "logs": "List calls, the newest last, or show one of them whole.",
    "db": "Check the database, or bring it to the newest schema.",
    "doctor": "Check the configuration, the keys, the providers and this machine.",
    "config": "Check or show the configuration, or print its JSON Schema.",
    "import": "Print the configuration of another gateway as one of ours, and tell what it leaves out.",
    "completion": "Print the completion script of SHELL, for `ai` and `fairlead` alike.",
}
"""Each command and what its help begins with; a test holds the two together."""

_FILES = {"usage": "ledger", "logs": "ledger", "import": "importing"}
"""Where a command is not in the file of its name."""

_NAMES = {"import": "importing"}
"""What a command is called in its file, where its name is a word of the language."""

_OPTIONS = ("help", "version")
"""Options that many another program has as commands."""

EXAMPLES = (
    ('ai "why is the sky blue"', "the intent is read from the words"),
    ('cat main.py | ai "explain this"', "what is piped in comes first"),
    ('ai --intent code -o temperature=0.2 "sort a list of dicts"', ""),
    ('ai --model anthropic/claude-3-opus --json "hello"', ""),
)
EXIT_CODES = {
    0: "ok",
    1: "the call failed",
    2: "usage or configuration",
    3: "no provider answered",
    4: "refused by policy",
    130: "interrupted",
}


class Root(click.Group):
    """`ai`: its commands, and in its help the options of asking, which needs no command's name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(
            importlib.import_module(f"fairlead.cli.{_FILES.get(cmd_name, cmd_name)}"), _NAMES.get(cmd_name, cmd_name)
        )
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [CompletionItem(name, help=about) for name, about in COMMANDS.items() if name.startswith(incomplete)]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        name = ctx.find_root().info_name or "ai"
        formatter.write_usage(name, "[OPTIONS] TEXT…")
        formatter.write_usage(name, "COMMAND [OPTIONS] …", prefix="       ")
        formatter.write_paragraph()
        formatter.write_text(
            "Ask a model, and get its answer as it is written. What is piped in is put before TEXT. "
            "`--` goes before a TEXT that begins like a command or an option."
        )
        with formatter.section("Examples"):
            formatter.write_dl([(line.replace("ai ", f"{name} ", 1), about) for line, about in EXAMPLES], col_max=36)
        with formatter.section("Options"):
            formatter.write_dl([record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))])
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES.items()])


def chosen(args: list[str]) -> click.Command:
    """What a command line calls: a command where its first word names one, else asking."""
    return ROOT if args and args[0] in COMMANDS else ask


def meant(args: tuple[str, ...]) -> str | None:
    """The command that a line of one word (or two, the second being a command's own) was perhaps meant to call."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a doubtful line needs it

    if len(args) == 1 and args[0].lower() in _OPTIONS:
        return f"--{args[0].lower()}"
    near = get_close_matches(args[0].lower(), COMMANDS, n=1, cutoff=0.7) if args else []
    if not near or len(args) > 2:
        return None
    if len(args) == 1:
        return near[0]
    context = click.Context(ROOT)
    command = ROOT.get_command(context, near[0])
    own = command.list_commands(context) if isinstance(command, click.Group) else ()
    return f"{near[0]} {args[1]}" if args[1] in own else None


ROOT = Root(name="ai", params=[param for param in ask.params if isinstance(param, click.Option)])
