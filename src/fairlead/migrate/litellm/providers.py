"""Providers out of deployments: those that share address and credentials are one."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from fairlead.migrate import shipped
from fairlead.migrate.litellm import clouds
from fairlead.migrate.litellm.vendors import Found, Vendor
from fairlead.migrate.report import Report
from fairlead.migrate.values import escaped, mapping, text
from fairlead.migrate.variables import Variables, is_no_key, of_environment
from fairlead.providers.catalog import load_rows, why_bad_header, why_bad_url

Entry = dict[str, Any]
_LOCAL: Final = ("localhost", "127.", "10.", "192.168.", "172.", "host.docker.internal", "0.0.0.0", "[::1]")  # noqa: S104


class Providers:
    """The providers that are needed, each once, under names that say what they are."""

    def __init__(self, report: Report, variables: Variables) -> None:
        self.entries: dict[str, Entry] = {}
        self._report = report
        self._variables = variables
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, found: Found, params: Mapping[str, Any], path: str) -> str | None:
        """The provider's name; None, with the reason told, where there can be none."""
        entry = self._entry(found, params, path)
        if entry is None:
            return None
        vendor = found.vendor
        if vendor.name == "vertex" and found.model.startswith("claude"):
            entry = {"dialect": "anthropic-messages", **entry}
        identity = repr((vendor.name, sorted(entry.items(), key=str)))
        name = self._names.get(identity)
        if name is None:
            name = self._names[identity] = self._added(vendor, entry)
        return name

    def _added(self, vendor: Vendor, entry: Entry) -> str:
        """A new name for an entry. The first of a kind is the shipped provider itself, where it may get its key."""
        name, number = vendor.name, 1
        keyless = "key_optional" in entry and bool(_row_keys(vendor))
        first = vendor.row and name not in self._taken and "dialect" not in entry and not keyless
        while name in self._taken or (not first and name in load_rows()):
            number += 1
            name = f"{vendor.name}-{number}"
        self._taken.add(name)
        if not first:
            entry = {**_kind(vendor, keyless=keyless), **entry}
        if entry:
            self.entries[name] = entry
        return name

    def _entry(self, found: Found, params: Mapping[str, Any], path: str) -> Entry | None:
        """What is to be said of a provider beyond the shipped row."""
        vendor = found.vendor
        if vendor.name == "bedrock":
            return clouds.bedrock(params, path, self._report, self._variables)
        if vendor.name == "vertex":
            return clouds.vertex(params, path, self._report)
        entry: Entry = {}
        if not self._address(vendor, params, path, entry):
            return None
        if vendor.name == "azure":
            clouds.azure(params, path, self._report, entry)
        self._key(vendor, params, path, entry)
        self._headers(params, path, entry)
        return entry

    def _address(self, vendor: Vendor, params: Mapping[str, Any], path: str, entry: Entry) -> bool:
        """Say where the API is, if the file does; whether that is known at all."""
        field = "api_base" if params.get("api_base") is not None else "base_url"
        said = text(params.get(field))
        if variable := of_environment(said):
            entry["base_url_env"] = variable
            return True
        if said:
            url = _with_path(said.rstrip("/"), vendor.path)
            if not url.startswith(("http://", "https://")) or why_bad_url(url):
                self._report.left(f"{path}.{field}", "this is no URL of an API")
                return False
            entry["base_url"] = escaped(url)
            if _is_private(url):
                entry["private_network"] = True
        elif vendor.base_env:
            entry["base_url_env"] = vendor.base_env
        elif vendor.base_url:
            entry["base_url"] = vendor.base_url
        elif not vendor.row:
            self._report.left(path, f"`{vendor.name}` needs an `api_base`, and there is none")
            return False
        return True

    def _key(self, vendor: Vendor, params: Mapping[str, Any], path: str, entry: Entry) -> None:
        said = params.get("api_key")
        if said is None:
            own = set(_row_keys(vendor))
            if vendor.keys and own.isdisjoint(vendor.keys):
                entry["api_key_env"] = vendor.keys[0] if len(vendor.keys) == 1 else list(vendor.keys)
            if not vendor.row and not vendor.base_url:
                entry["key_optional"] = True
        elif is_no_key(said):
            entry["key_optional"] = True
        else:
            name = self._variables.name(said, f"{path}.api_key", vendor.name, "API_KEY")
            if _row_keys(vendor)[:1] != (name,) or "base_url" in entry or "base_url_env" in entry:
                entry["api_key_env"] = name

    def _headers(self, params: Mapping[str, Any], path: str, entry: Entry) -> None:
        headers: dict[str, str] = {}
        if organization := text(params.get("organization")):
            headers["OpenAI-Organization"] = _filled(organization)
        for member in ("extra_headers", "headers"):
            for name, value in mapping(params.get(member)).items():
                if _is_secret(name) and not of_environment(value):
                    variable = self._variables.name(value, f"{path}.{member}.{name}", "HEADER", name)
                    headers[name] = f"${{{variable}:-}}"
                elif why_bad_header(name, text(value)) or not text(value):
                    self._report.left(f"{path}.{member}.{name}", "this can be sent as no header")
                else:
                    headers[name] = _filled(text(value))
        if headers:
            entry["headers"] = headers


def _kind(vendor: Vendor, *, keyless: bool) -> Entry:
    """What a provider of a vendor's kind has to say for itself, where it is not the shipped one."""
    if not vendor.row:
        return {"dialect": "openai-chat"}
    names = () if keyless else shipped.keys(vendor.name)
    return {**shipped.kind(vendor.name), **({"api_key_env": list(names)} if names else {})}


def _row_keys(vendor: Vendor) -> tuple[str, ...]:
    return shipped.keys(vendor.name) if vendor.row else ()


def _with_path(url: str, path: str) -> str:
    return url + path if path and urlsplit(url).path in ("", "/") else url


def _is_private(url: str) -> bool:
    host = urlsplit(url).netloc.rpartition("@")[2]
    return host.startswith(_LOCAL) or "." not in host.partition(":")[0]


def _filled(value: str) -> str:
    variable = of_environment(value)
    return f"${{{variable}:-}}" if variable else escaped(value)


def _is_secret(header: str) -> bool:
    return any(word in header.lower() for word in ("auth", "key", "secret", "token", "cookie", "password"))
