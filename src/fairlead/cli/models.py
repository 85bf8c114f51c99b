"""`ai models`: the names to ask for."""

import json
from dataclasses import asdict
from typing import Any

import click
import msgspec

from fairlead.cli import explained, health, say, settings
from fairlead.cli.ask import CONFIG
from fairlead.cli.pull import pull
from fairlead.providers.registry import Known
from fairlead.routing.names import Offered, offered
from fairlead.routing.policy import Policy

_OTHERS = "Intents, models of the configuration, and default models of providers"
_KNOWN = "Models of the registry, by name"


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@health.GATEWAY
@CONFIG
@click.pass_context
def models(ctx: click.Context, as_json: bool, gateway: str | None, config: str | None) -> None:
    """List the names to ask for, explain one, or fetch the local model.

    Without a command it lists.
    """
    if ctx.invoked_subcommand is None:
        _list(settings.policy(config), health.left_alone(gateway), as_json=as_json)


models.add_command(pull)


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@health.GATEWAY
@CONFIG
def list_models(as_json: bool, gateway: str | None, config: str | None) -> None:
    """List the names that can be asked for now, and who serves each.

    A provider is here when it has its key. Any other model of such a provider is asked for as `PROVIDER/MODEL`.
    """
    _list(settings.policy(config), health.left_alone(gateway), as_json=as_json)


@models.command("explain", short_help="Tell how NAME is read, and who would serve it.")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
@CONFIG
@click.pass_context
def explain(ctx: click.Context, name: str, as_json: bool, config: str | None) -> None:
    """Tell how NAME is read, who would serve it in what order, and why others would not.

    Sends nothing.
    """
    if not name.strip():
        raise click.MissingParameter(ctx=ctx, param=ctx.command.params[0])
    policy = settings.policy(config)
    plan = explained.planned(policy, "", name)
    known = policy.registry.named(name)
    if as_json:
        say.data(json.dumps({"name": name, **explained.as_data(plan), "model": msgspec.to_builtins(known)}))
    else:
        say.data("\n".join([explained.as_text(plan), *([_facts(known)] if known else [])]))


def _facts(known: Known) -> str:
    """What the registry says of a model, in a line."""
    said = {
        "images": known.supports_images,
        "tools": known.supports_function_calling,
        "system prompts": known.supports_system_prompts,
        "streams": known.supports_streaming,
    }
    without = [what for what, has in said.items() if not has]
    lacks = f"; no {', no '.join(without)}" if without else ""
    return f"{known.description}: {known.context_window:,} tokens, {known.max_output_tokens:,} of them out{lacks}"


def _list(policy: Policy, left: health.Left, *, as_json: bool) -> None:
    names = offered(policy)
    if as_json:
        rows = [asdict(model) | _state(left.get((model.provider, model.model))) for model in names]
        say.data(json.dumps(rows, ensure_ascii=False))
    else:
        known = [model for model in names if policy.registry.named(model.name)]
        others = [model for model in names if not policy.registry.named(model.name)]
        parts = ((_OTHERS, others), (_KNOWN, known))
        say.data("\n\n".join(_part(heading, part, left) for heading, part in parts if part))


def _state(left: dict[str, Any] | None) -> dict[str, Any]:
    """How a target fares, where it is left alone."""
    return {} if left is None else {name: left[name] for name in ("state", "cause", "seconds")}


def _part(heading: str, models: list[Offered], left: health.Left) -> str:
    """Each has its own columns, or the long names of the one would push the other's off the screen."""
    rows = say.table([_row(model, left.get((model.provider, model.model))) for model in models])
    return "\n".join([heading, *(f"  {row}" for row in rows.splitlines())])


def _row(model: Offered, left: dict[str, Any] | None) -> tuple[str, str]:
    target = f"{model.provider}/{model.model}"
    said = target if target != model.name else model.about
    return model.name, said if left is None else f"{said}: {health.shown(left)}"
