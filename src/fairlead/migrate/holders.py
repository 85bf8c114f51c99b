"""Providers out of the credentials in Portkey's targets: those that share address and credentials are one.

A virtual key stands for a key that Portkey keeps. What it stands for is not in the file, and has to be set here.
"""

from collections.abc import Mapping
from typing import Any, Final

from fairlead.migrate import shipped
from fairlead.migrate.report import Report
from fairlead.migrate.values import escaped, text, variable_name
from fairlead.migrate.variables import Variables
from fairlead.providers.catalog import load_rows, why_bad_url
from fairlead.routing.portkey_config.names import ours

Entry = dict[str, Any]
_OF_AMAZON: Final = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_MEANT: Final = {"gpt": "openai", "claude": "anthropic", "gemini": "google", "grok": "xai", "llama": "together"}


class Holders:
    """The providers that are needed, each once."""

    def __init__(self, report: Report, variables: Variables) -> None:
        self.entries: dict[str, Entry] = {}
        self._report = report
        self._variables = variables
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, said: Mapping[str, Any], path: str) -> tuple[str | None, str | None]:
        """The provider's name, and the model that its address names; neither, and the reason told, for nobody here."""
        kept = text(said.get("virtual_key")) or _integration(text(said.get("provider")))
        row = _row(text(said.get("provider"))) or _guessed(kept)
        if row is None:
            named = "virtual_key" if said.get("virtual_key") else "provider"
            self._report.left(f"{path}.{named}".lstrip("."), "no provider here is called so: give it an entry")
            return None, None
        entry = self._entry(row, said, path)
        identity = repr((row, kept, sorted(entry.items(), key=str)))
        name = self._names.get(identity)
        if name is None:
            name = self._names[identity] = self._added(row, entry, kept, path)
        return name, text(said.get("deployment_id") or said.get("azure_deployment_id")) or None

    def _added(self, row: str, entry: Entry, kept: str, path: str) -> str:
        keyless = "base_url" in entry and "api_key_env" not in entry and not kept and bool(shipped.keys(row))
        if keyless:
            entry = {"key_optional": True, **entry}
            self._report.note(path, "no key is sent there: give its provider an `api_key_env` if it wants one")
        name, number = row, 1
        while name in self._taken or (keyless and name == row):
            number += 1
            name = f"{row}-{number}"
        self._taken.add(name)
        if name != row:
            entry = {**shipped.kind(row), **entry}
        if kept and "api_key_env" not in entry:
            variable = variable_name(name, "API_KEY")
            if name != row:
                entry["api_key_env"] = variable
            else:
                variable = next(iter(shipped.keys(row)), variable)
            self._report.note(path, f"set {variable} to the key that Portkey keeps for this target (provider `{name}`)")
        if entry:
            self.entries[name] = entry
        return name

    def _entry(self, row: str, said: Mapping[str, Any], path: str) -> Entry:
        """What is to be said of a provider beyond the shipped row."""
        entry = self._address(said, path)
        if version := text(said.get("api_version") or said.get("azure_api_version")):
            entry["api_version"] = escaped(version)
        if organization := text(said.get("openai_organization")):
            entry["headers"] = {"OpenAI-Organization": escaped(organization)}
        parts = [each for each in _OF_AMAZON if said.get(each)]
        if len(parts) >= 2:
            entry["api_key_env"] = ":".join(self._variables.name(said[each], f"{path}.{each}", each) for each in parts)
        elif said.get("api_key"):
            entry["api_key_env"] = self._variables.name(said["api_key"], f"{path}.api_key", row, "API_KEY")
        if said.get("vertex_service_account_json"):
            where = f"{path}.vertex_service_account_json"
            self._report.note(where, "put it into a file, and its path into GOOGLE_APPLICATION_CREDENTIALS")
        return entry

    def _address(self, said: Mapping[str, Any], path: str) -> Entry:
        host = text(said.get("custom_host")).rstrip("/")
        if host and why_bad_url(host) is None:
            return {"base_url": escaped(host)}
        if host:
            self._report.left(f"{path}.custom_host", "this is no URL of an API")
        if resource := text(said.get("resource_name") or said.get("azure_resource_name")):
            return {"base_url": f"https://{escaped(resource)}.openai.azure.com"}
        if region := text(said.get("aws_region")):
            return {"region": region, "base_url": f"https://bedrock-runtime.{region}.amazonaws.com"}
        if project := text(said.get("vertex_project_id")):
            place = text(said.get("vertex_region")) or "us-central1"
            return {"base_url": f"https://{place}-aiplatform.googleapis.com/v1/projects/{project}/locations/{place}"}
        return {}


def _integration(provider: str) -> str:
    """The slug of what Portkey calls an integration (`@openai-prod`); empty where it names a vendor alone."""
    return provider if provider.startswith("@") and ours(provider) not in load_rows() else ""


def _row(provider: str) -> str | None:
    name = ours(provider)
    return name if name in load_rows() else None


def _guessed(kept: str) -> str | None:
    """Whose key a slug such as `openai-prod-1a2b` stands for, by the words in it."""
    words = [word for word in kept.lower().removeprefix("@").replace("_", "-").split("-") if word]
    spelled = ["-".join(words[:count]) for count in range(len(words), 0, -1)]
    return next((row for each in (*spelled, *words) if (row := _row(_MEANT.get(each, each)))), None)
