"""`ai config`: the configuration."""

import json

import click

from fairlead import app, policies
from fairlead.cli import say, settings
from fairlead.cli.ask import CONFIG
from fairlead.config import json_schema

_WIDE = 72


@click.group()
def config() -> None:
    """Check or show the configuration, or print its JSON Schema."""


@config.command("check", short_help="Check FILE, or the configuration that would be used.")
@click.argument("file", required=False)
def check(file: str | None) -> None:
    """Check the configuration in FILE, or the one that would be used, and list all that is wrong with it."""
    loaded, environ = settings.read(file)
    policies.make_policy(loaded.config, environ)
    app.check_exposure(loaded.config, environ)
    files = ", ".join(map(str, loaded.files)) or "no file: the environment and the defaults"
    say.data(f"ok ({files})")


@config.command("show")
@click.option("--origin", is_flag=True, help="Tell for each setting where its value came from.")
@click.option("--json", "as_json", is_flag=True, help="Print the settings as JSON.")
@CONFIG
def show_settings(origin: bool, as_json: bool, config: str | None) -> None:
    """Show every setting as it is in force. Secrets are shown as ***."""
    loaded, _ = settings.read(config)
    rows = loaded.settings
    if as_json:
        found = [{"setting": path, "value": value, "origin": whence} for path, value, whence in rows]
        say.data(json.dumps(found, ensure_ascii=False))
        return
    lines = [(f"{path} = {json.dumps(value, ensure_ascii=False)}", f"# {whence}") for path, value, whence in rows]
    # A line that is longer than most has its origin right behind it, rather than push everybody's off the screen.
    width = max((len(line) for line, _ in lines if len(line) <= _WIDE), default=0)
    say.data("\n".join(f"{line:<{width}}  {whence}" if origin else line for line, whence in lines))


@config.command("schema", short_help="Print the JSON Schema of a configuration file.")
def schema() -> None:
    """Print the JSON Schema of a configuration file, for editors and other checkers."""
    say.data(json.dumps(json_schema.schema(), indent=2, ensure_ascii=False))
