"""`ai doctor`: whether all that a gateway needs is there."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from fairlead import home, policies
from fairlead.cli import checks, configs, loop, reach, say
from fairlead.cli.ask import CONFIG
from fairlead.cli.checks import Check
from fairlead.config.env_files import Environ, gathered
from fairlead.config.load import Loaded, load
from fairlead.errors import ConfigError
from fairlead.routing.policy import Policy

_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--offline", is_flag=True, help="Ask no provider.")
@click.option("--portkey", is_flag=True, help="Ask Portkey whether it has the configs that are set up.")
@CONFIG
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, offline: bool, portkey: bool, config: str | None) -> None:
    """Check the configuration, the keys, the providers and this machine.

    Each finding is ok, warn or fail, with what to do. Providers are those of the profile and those that have a key or
    an entry; each is asked once for its list of models. Ends with 1 where anything fails.
    """
    found = examine(config, gathered(os.environ), offline=offline, portkey=portkey)
    well = all(check.status != "fail" for check in found)
    if as_json:
        say.data(json.dumps({"ok": well, "checks": [asdict(check) for check in found]}, ensure_ascii=False))
    else:
        say.data("\n".join([*map(_line, found), "", _verdict(found)]))
    ctx.exit(0 if well else 1)


def examine(config: str | None, environ: Environ, *, offline: bool, portkey: bool = False) -> list[Check]:
    """Every check, as far as the configuration can be read."""
    found = [*checks.env_files(environ), *checks.machine()]
    try:
        loaded = load(config, environ, Path.cwd())
        policy = policies.make_policy(loaded.config, environ)
    except ConfigError as error:
        return [Check("config", "fail", str(error), error.hint), *found]
    portkey = portkey and not (offline or loaded.config.offline)
    asked = loop.run(configs.all_checks(policy, loaded.config, environ)) if portkey else []
    return [*_settings(loaded, policy, environ), *asked, *found, *_network(loaded, policy, environ, offline=offline)]


def _settings(loaded: Loaded, policy: Policy, environ: Mapping[str, str]) -> list[Check]:
    folder = home.data_dir(loaded.config, environ)
    warned = [Check("config", "warn", warning, "unset what is not used") for warning in loaded.warnings]
    read = checks.configuration(loaded.files, loaded.config, environ)
    named = [*checks.allowed(policy), *checks.portkey(policy)]
    return [read, *warned, checks.data(folder), checks.local_model(folder, policy), *named]


def _network(loaded: Loaded, policy: Policy, environ: Mapping[str, str], *, offline: bool) -> list[Check]:
    return loop.run(reach.all_checks(policy, loaded.config, environ, offline=offline))


def _line(check: Check) -> str:
    mark = click.style(f"{check.status:<4}", fg=_COLORS[check.status])
    lines = [*check.detail.splitlines(), *([check.remedy] if check.remedy else [])]
    return f"{mark}  {check.name}: " + "\n      ".join(lines)


def _verdict(found: list[Check]) -> str:
    fails, warns = (sum(check.status == status for check in found) for status in ("fail", "warn"))
    if not fails and not warns:
        return "all is well"
    return f"{fails} fail, {warns} warn"
