"""An imported configuration, served: its providers are one scripted upstream, under paths of their own."""

from collections.abc import Iterable
from typing import Any

import yaml

from fairlead.migrate.report import Report
from fairlead.migrate.written import written

KEY = "a-key-of-the-tests"


def said(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration as its text reads."""
    read: dict[str, Any] = yaml.safe_load(written(config, "made"))
    return read


def served_by(config: dict[str, Any], origin: str) -> dict[str, Any]:
    """The same, with every provider at `ORIGIN/NAME`."""
    made = said(config)
    names = {*made.get("providers", {}), *_named(made)}
    providers = {name: dict(made.get("providers", {}).get(name, {})) for name in names}
    for name, entry in providers.items():
        entry |= {"base_url": f"{origin}/{name}", "api_key": KEY}
        entry.pop("base_url_env", None)
    return {**made, "providers": providers}


def _named(config: dict[str, Any]) -> Iterable[str]:
    for model in config.get("models", {}).values():
        yield from (target["provider"] for target in model.get("targets", ()))
    for each in config.get("configs", {}).values():
        yield from _in(each)


def _in(config: dict[str, Any]) -> Iterable[str]:
    if "provider" in config:
        yield config["provider"].removeprefix("@")
    for target in config.get("targets", ()):
        yield from _in(target)


def told(report: Report) -> dict[str, str]:
    """What was left out, by its path."""
    return {item.path: item.said for item in report.of("left")}
