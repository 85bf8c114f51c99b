"""Portkey's config objects as `configs` of ours, and the providers that they need.

One object, a list as its Admin API exports them (`GET /configs`), or several by name.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from fairlead.config.portkey_objects.schema import UNUSED, ConfigObject
from fairlead.migrate.holders import Holders
from fairlead.migrate.report import Report
from fairlead.migrate.values import child, entries, listed, mapping, slug, text
from fairlead.migrate.variables import Variables

_MEMBERS: Final = frozenset(ConfigObject.__struct_fields__) - {"provider", "virtual_key", "targets"}
# Members that say who serves, and with which credentials: they become providers.
_HOLDER: Final = frozenset(
    {"provider", "virtual_key", "api_key", "custom_host", "resource_name", "deployment_id", "api_version",
     "azure_resource_name", "azure_deployment_id", "azure_api_version", "aws_access_key_id", "aws_secret_access_key",
     "aws_session_token", "aws_region", "vertex_project_id", "vertex_region", "vertex_service_account_json",
     "openai_organization", "anthropic_version", "anthropic_beta"}
)  # fmt: skip
_SPELLINGS: Final = {
    "use_retry_after_headers": "use_retry_after_header",
    "on_status_code": "on_status_codes",
    "custom_base_url": "custom_host",
}
_WHY: Final = {
    "cache": "answers are not cached here yet",
    "forward_headers": "a provider says which headers it is passed: `providers.NAME.pass_headers`",
    "strict_open_ai_compliance": "replies keep their dialect, and what providers add to it",
    "passthrough": "calls go through by themselves where the provider speaks their dialect",
    "on_status_codes": "it stands in a strategy, or in `retry`",
}
_GUARDS: Final = "there are no guards here yet"


def translate(document: Any, report: Report) -> dict[str, Any]:
    """The configuration that the file comes to; what it does not come to is told to `report`."""
    holders = Holders(report, Variables(report))
    configs: dict[str, Any] = {}
    default = ""
    for path, called, said, is_default in _several(document):
        config = _decoded(said)
        if config is None:
            report.left(path, "this is no config object")
            continue
        name = called if called not in configs else f"{called}-{len(configs) + 1}"
        configs[name] = _Reader(holders, report).node(config, path)
        default = name if is_default else default
    if not configs and not report.items:
        report.left("", "the file has no config object")
    found = {"providers": holders.entries, "configs": configs, "default_config": default}
    return {name: value for name, value in found.items() if value}


def _several(document: Any) -> list[tuple[str, str, Any, bool]]:
    """Every config of the file: its path, its name, what it says, and whether it is the default one."""
    held = mapping(document)
    if _is_config(held):
        return [("", "imported", document, False)]
    path, exported = ("data", held["data"]) if "data" in held else ("", document)
    if isinstance(exported, Mapping) and "config" in exported:
        exported = [exported]
    if isinstance(exported, list):
        found = [(at, mapping(each)) for at, each in entries(exported, path)]
        return [
            (f"{at}.config", _name(each, at), each.get("config", each), each.get("is_default") == 1)
            for at, each in found
        ]
    return [(name, slug(name) or name, each, False) for name, each in mapping(exported).items()]


def _name(said: Mapping[str, Any], at: str) -> str:
    """What clients write into `x-portkey-config`: the slug."""
    return text(said.get("slug")) or slug(text(said.get("name"))) or slug(at)


def _is_config(said: Mapping[str, Any]) -> bool:
    return bool(
        {"strategy", "targets", "provider", "virtual_key", "override_params", "retry"} & {_snake(n) for n in said}
    )


def _decoded(said: Any) -> dict[str, Any] | None:
    if isinstance(said, str):
        try:
            said = json.loads(said)
        except ValueError:
            return None
    return mapping(said) or None


class _Reader:
    """Reads one object, and the targets within it."""

    def __init__(self, holders: Holders, report: Report) -> None:
        self._holders = holders
        self._report = report

    def node(self, said: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The object in our words."""
        held = {_snake(name): (name, value) for name, value in said.items()}
        found: dict[str, Any] = {}
        holder = {name: held[name][1] for name in held if name in _HOLDER}
        if holder:
            provider, model = self._holders.of(holder, path)
            if provider:
                found["provider"] = f"@{provider}"
            if model:
                found["override_params"] = {"model": model}
        for name, (own, value) in held.items():
            at = child(path, own)
            if name in UNUSED:
                self._report.left(at, _WHY.get(name, _GUARDS))
            elif name in _MEMBERS:
                found[name] = self._member(name, value, found.get(name))
            elif name not in _HOLDER and name != "targets":
                self._report.left(at, "there is no such member here")
        if "targets" in held:
            own, targets = held["targets"]
            found["targets"] = [self.node(mapping(each), at) for at, each in entries(listed(targets), child(path, own))]
        return found

    def _member(self, name: str, value: Any, before: Any) -> Any:
        if name in ("strategy", "retry", "cb_config"):
            return _respelled(value)
        if name == "override_params" and before:
            return {**before, **mapping(value)}
        return value


def _respelled(value: Any) -> Any:
    """The same with its members' names as we write them; those of a query are the client's own."""
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for name, held in value.items():
        member = _snake(str(name))
        if member == "conditions":
            found[member] = [{_snake(n): v for n, v in mapping(each).items()} for each in listed(held)]
        else:
            found[member] = _respelled(held)
    return found


def _snake(name: str) -> str:
    spelled = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    return _SPELLINGS.get(spelled, spelled)
