"""LiteLLM's `config.yaml` as a configuration of ours.

Written after https://docs.litellm.ai/docs/proxy/config_settings, as it was in November 2026.
"""

from collections.abc import Mapping
from typing import Any, Final

from fairlead.migrate.litellm import settings, why
from fairlead.migrate.litellm.deployments import Deployment, Reader, credentials
from fairlead.migrate.litellm.groups import Groups
from fairlead.migrate.litellm.providers import Providers
from fairlead.migrate.report import Report
from fairlead.migrate.values import entries, mapping, text
from fairlead.migrate.variables import Variables

_ROUTER, _LIBRARY, _GENERAL = "router_settings", "litellm_settings", "general_settings"
_SECTIONS: Final = ("model_list", "credential_list", "environment_variables", _ROUTER, _LIBRARY, _GENERAL)


def translate(said: Any, report: Report) -> dict[str, Any]:
    """The configuration that the file comes to; what it does not come to is told to `report`."""
    document = mapping(said)
    providers = Providers(report, Variables(report))
    reader = Reader(providers, credentials(document.get("credential_list")), report)
    held = _groups(document.get("model_list"), reader, report)
    shared = _said(document, report)
    fallbacks = settings.fallbacks(shared, held, report)
    made = Groups(held, fallbacks, settings.balance(shared, report), report).made()
    settings.aliases(shared, made.models, report)
    found = {
        "providers": providers.entries,
        "models": made.models,
        "configs": made.configs,
        "reliability": settings.reliability(shared, report),
        "redis": settings.redis(shared, report),
        "prices": reader.prices,
        "budgets": reader.budgets,
        **settings.library(shared, report),
        **settings.general(mapping(document.get(_GENERAL)), _GENERAL, report),
    }
    _told(document, report)
    if not document:
        report.left("", "the file has no sections such as `model_list`")
    return {name: value for name, value in found.items() if value}


def _groups(said: Any, reader: Reader, report: Report) -> dict[str, list[Deployment]]:
    """The deployments by the names of their groups."""
    found: dict[str, list[Deployment]] = {}
    for path, each in entries(said, "model_list"):
        entry = mapping(each)
        name = text(entry.get("model_name"))
        model = text(mapping(entry.get("litellm_params")).get("model"))
        if not name:
            report.left(path, "it has no `model_name`")
        elif "*" in name:
            _wildcard(name, model, path, reader, entry, report)
        elif (deployment := reader.read(entry, path)) is not None:
            found.setdefault(name, []).append(deployment)
    return found


def _wildcard(
    name: str, model: str, path: str, reader: Reader, entry: Mapping[str, Any], report: Report
) -> None:  # fmt: skip
    """Names that stand for all of a provider's models: here every provider that is set up takes `PROVIDER/MODEL`."""
    made = reader.read(entry, path) if model.endswith("/*") else None
    prefix = name.removesuffix("/*")
    if made is not None and made.model == "*" and prefix == made.provider:
        report.note(path, f"nothing is to be written: `{made.provider}/MODEL` asks that provider for any model")
    elif made is not None and made.model == "*":
        report.left(path, f"clients have to write `{made.provider}/MODEL` for `{name}`")
    else:
        report.left(path, f"`{name}` cannot stand for other names here; name each model")


def _said(document: Mapping[str, Any], report: Report) -> settings.Said:
    """The settings of router and library by their names, each with its path. The router's win."""
    found: settings.Said = {}
    for section in (_LIBRARY, _ROUTER):
        for name, value in mapping(document.get(section)).items():
            if name in found and found[name][1] != value:
                report.note(f"{_LIBRARY}.{name}", f"{_ROUTER} says otherwise, and wins")
            found[name] = (f"{section}.{name}", value)
    return found


def _told(document: Mapping[str, Any], report: Report) -> None:
    """Tell of whatever stands beside the sections that are read."""
    for name in mapping(document.get("environment_variables")):
        report.note(f"environment_variables.{name}", "set it in the gateway's environment; no file of ours sets any")
    for name in document:
        if str(name) not in _SECTIONS:
            report.left(str(name), why.SECTIONS.get(str(name), why.NOTHING))
