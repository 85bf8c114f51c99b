"""`ai TEXT`: ask a model."""

from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem

from fairlead import __version__
from fairlead.cli.usage import NAMED, BadUsage


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whom, and how the answer is to be shown."""

    prompt: str
    model: str | None
    intent: str | None
    provider: str | None
    system: str | None
    options: dict[str, Any]
    stream: bool
    as_json: bool
    verbose: bool


class Asking(click.Command):
    """Has the program's own help, for it is what the program does when no command is named."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from fairlead.cli.root import ROOT  # noqa: PLC0415 - it imports this file

        ROOT.format_help(ctx, formatter)


def _models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    from fairlead.cli.completion import models  # noqa: PLC0415 - only a shell asks

    return models(incomplete)


def _intents(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    from fairlead.cli.completion import intents  # noqa: PLC0415

    return intents(incomplete)


def _providers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    from fairlead.cli.completion import providers  # noqa: PLC0415

    return providers(incomplete)


def _roles(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    from fairlead.cli.completion import roles  # noqa: PLC0415

    return roles(incomplete)


MODEL = click.option(
    "-m", "--model", type=NAMED, metavar="NAME", shell_complete=_models, help="Model to ask; see `ai models`."
)
INTENT = click.option(
    "-i",
    "--intent",
    type=NAMED,
    metavar="NAME",
    shell_complete=_intents,
    help="What it is for: code, analyze, fast, creative, or a task.",
)
PROVIDER = click.option(
    "-p", "--provider", type=NAMED, metavar="NAME", shell_complete=_providers, help="Provider to ask, and no other."
)
ROLE = click.option(
    "-r", "--role", type=NAMED, metavar="NAME", shell_complete=_roles, help="Role to ask: its chain of providers."
)
CONFIG = click.option("--config", type=NAMED, metavar="FILE", help="Configuration file.")


@click.command(cls=Asking)
@click.argument("text", nargs=-1)
@MODEL
@INTENT
@ROLE
@PROVIDER
@click.option("-s", "--system", metavar="TEXT", help="System prompt.")
@click.option("-o", "--option", multiple=True, metavar="KEY=VALUE", help="Member of the request; dots nest.")
@click.option("--no-stream", is_flag=True, help="Wait for the whole answer.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer and its facts as one line of JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Tell on standard error who answers, why, and how long it takes.")
@click.option(
    "--gateway", type=NAMED, metavar="URL", envvar="FAIRLEAD_URL", help="Ask a running gateway (FAIRLEAD_URL)."
)
@click.option("--key", metavar="KEY", envvar="FAIRLEAD_KEY", help="Key for that gateway (FAIRLEAD_KEY).")
@CONFIG
@click.version_option(__version__, prog_name="fairlead", message="%(prog)s %(version)s", help="Show the version.")
@click.pass_context
def ask(
    ctx: click.Context,
    /,
    text: tuple[str, ...],
    option: tuple[str, ...],
    no_stream: bool,
    gateway: str | None,
    key: str | None,
    config: str | None,
    role: str | None,
    **said: Any,
) -> None:
    """Ask a model."""
    from fairlead.cli import asking, prompt  # noqa: PLC0415 - help needs none of it

    piped = prompt.piped()
    if not piped and ctx.obj == text:
        _refuse_near_miss(text)
    said["model"] = asked_model(said["model"], role)
    question = Question(
        prompt=prompt.joined(piped, text),
        options=prompt.options(option),
        stream=not (no_stream or said["as_json"]),
        **said,
    )
    asking.run(question, gateway, key, config)


def asked_model(model: str | None, role: str | None) -> str | None:
    """The model to name in a call for `model` or `role`. Raises `BadUsage` where both are named."""
    if role is None:
        return model
    if model is not None:
        raise BadUsage("a model and a role are named, and a role has models of its own", hint="leave one of them out")
    return f"role:{role}"


def _refuse_near_miss(text: tuple[str, ...]) -> None:
    from fairlead.cli.root import meant  # noqa: PLC0415 - it imports this file

    if text and (command := meant(text)):
        words = " ".join(text)
        raise BadUsage(
            f"there is no command `ai {words}`", hint=f"did you mean `ai {command}`? To ask a model: `ai -- {words}`"
        )
