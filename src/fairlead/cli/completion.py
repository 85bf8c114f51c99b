"""`ai completion`: what a shell needs to complete `ai`."""

import os
from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from fairlead.cli import say
from fairlead.cli.root import PROGRAMS
from fairlead.errors import FairleadError
from fairlead.routing.policy import Policy


@click.command()
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL, for `ai` and `fairlead` alike.

    \b
    bash  eval "$(ai completion bash)"   in ~/.bashrc
    zsh   eval "$(ai completion zsh)"    in ~/.zshrc, after compinit
    fish  ai completion fish | source    in ~/.config/fish/config.fish
    """  # noqa: D301 - click reads the backspace
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has these three
    scripts = [kind(completion, {}, name, f"_{name.upper()}_COMPLETE") for name in PROGRAMS]
    # Not `source()`, which runs a bash to see its version.
    say.data("\n".join(script.source_template % script.source_vars() for script in scripts))


def models(incomplete: str) -> list[CompletionItem]:
    """The names that can be asked for now."""
    from fairlead.routing.names import offered  # noqa: PLC0415 - a script is printed without it

    policy = _policy()
    names = [(model.name, f"{model.provider}/{model.model}") for model in offered(policy)] if policy else []
    return _items(names, incomplete)


def intents(incomplete: str) -> list[CompletionItem]:
    """The intents of the configuration."""
    policy = _policy()
    return _items([(name, intent.primary) for name, intent in policy.intents.items()] if policy else [], incomplete)


def roles(incomplete: str) -> list[CompletionItem]:
    """The roles of the configuration, with the providers of their chains."""
    policy = _policy()
    known = policy.tables.roles.values() if policy else ()
    return _items([(role.name, ", ".join(step.provider for step in role.steps)) for role in known], incomplete)


def providers(incomplete: str) -> list[CompletionItem]:
    """The providers that a call can be sent to."""
    policy = _policy()
    usable = [p for p in policy.providers.values() if p.usable and p.configured] if policy else []
    return _items([(provider.name, provider.base_url) for provider in usable], incomplete)


def _policy() -> Policy | None:
    """Routing's knowledge; None where the configuration is wrong: a shell cannot be told of it while completing."""
    from fairlead import policies  # noqa: PLC0415
    from fairlead.config.env_files import gathered  # noqa: PLC0415
    from fairlead.config.load import load  # noqa: PLC0415

    environ = gathered(os.environ)
    try:
        return policies.make_policy(load(None, environ, Path.cwd()).config, environ)
    except FairleadError:
        return None


def _items(names: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name, help=about) for name, about in names if name.startswith(incomplete)]
