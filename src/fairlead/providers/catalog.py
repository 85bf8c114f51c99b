"""From the shipped rows and the user's entries to providers that are ready for use."""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import urlsplit

import msgspec

from fairlead.dialects.openai.flavor import PLAIN, Flavor
from fairlead.errors import ConfigError, Problem
from fairlead.providers import custom, keys
from fairlead.providers.row import (
    NO_TIMEOUTS,
    SEVERAL,
    Auth,
    Capability,
    Dialect,
    FlavorEntry,
    Provider,
    ProviderEntry,
    Timeouts,
)
from fairlead.secret import Secret

_CONFIG = "config"
# What a dialect's own clients say of its versions and trials, for whoever serves it.
_PASSED: Final[dict[str, tuple[str, ...]]] = {"anthropic-messages": ("anthropic-version", "anthropic-beta")}
# What a gateway before other vendors is told of a call, by how a key is shown to it.
_PASSED_ON: Final[dict[Auth | None, tuple[str, ...]]] = {
    "x-portkey-api-key": (
        *("x-portkey-trace-id", "x-portkey-span-id", "x-portkey-parent-span-id", "x-portkey-span-name"),
        *("x-portkey-metadata", "x-portkey-request-timeout"),
    )
}
# What most vendors speak: a shipped row that speaks it does not say so.
_USUAL: Final[Dialect] = "openai-chat"
# How a key is shown where a row does not say: by the pages of the dialect's own vendor.
_AUTH: Final[dict[str, Auth]] = {
    "anthropic-messages": "x-api-key",
    "gemini": "x-goog-api-key",
    "bedrock-converse": "aws",
}
_CAPABILITIES: Final[tuple[Capability, ...]] = get_args(Capability)
_MARK = re.compile(r"\$\{([A-Z_,]+)(?::-([^}]*))?\}")
_PLACEHOLDER = re.compile(r"your[_-].*[_-]here", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def load_rows() -> dict[str, ProviderEntry]:
    """The shipped rows by name, in the order in which they are tried; with all that they leave unsaid said."""
    return {name: _complete(row) for name, row in _rows().items()}


def _complete(row: ProviderEntry) -> ProviderEntry:
    return msgspec.structs.replace(row, dialect=row.dialect or _USUAL, capabilities=_able(row))


def _able(entry: ProviderEntry) -> list[Any] | None:
    """What it can do, word by word and in their order; None where that is not known."""
    if entry.capabilities is None:
        return None
    said = {each for word in entry.capabilities for each in SEVERAL.get(word, (word,))}
    return [word for word in _CAPABILITIES if word in said]


@cache
def _rows() -> dict[str, ProviderEntry]:
    with Path(__file__).with_name("vendors.toml").open("rb") as file:
        return msgspec.convert(tomllib.load(file), dict[str, ProviderEntry])


def build(
    entries: Mapping[str, ProviderEntry], environ: Mapping[str, str], named: Collection[str] = ()
) -> dict[str, Provider]:
    """Every provider by name, in the order in which they are tried.

    `entries` are the user's and are laid over the shipped rows; `named` are providers that the configuration counts on
    elsewhere. A name in either is there on purpose, and so `configured`. Raises `ConfigError`.
    """
    rows = load_rows()
    problems: list[Problem] = []
    providers = {}
    for name in _in_order(rows, entries):
        entry = overlay(rows.get(name, ProviderEntry()), entries.get(name, ProviderEntry()))
        key, address = _key(entry, environ), _address(entry, environ)
        problems += _problems(name, entry, key, address)
        if name == custom.NAME and address is not None:
            problems += _clock_problems(environ)
        providers[name] = _provider(name, entry, key, address, environ=environ, wanted=name in entries or name in named)
    if problems:
        raise ConfigError("a provider is set up wrongly", problems=tuple(problems))
    return providers


def overlay(row: ProviderEntry, entry: ProviderEntry) -> ProviderEntry:
    """`entry` laid over `row`: field by field, and headers and timeouts one by one."""
    changes = _said(entry)
    if row.headers and entry.headers:
        replaced = {name.casefold() for name in entry.headers}
        kept = {name: value for name, value in row.headers.items() if name.casefold() not in replaced}
        changes["headers"] = {**kept, **entry.headers}
    if row.timeouts and entry.timeouts:
        changes["timeouts"] = msgspec.structs.replace(row.timeouts, **_said(entry.timeouts))
    return msgspec.structs.replace(row, **changes)


def why_bad_url(url: str) -> str | None:
    """What keeps `url` from being a provider's base URL. Says nothing of the URL itself, which may hold a password."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "not a URL"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "a URL has no spaces or special characters"
    if parts.scheme not in ("http", "https") or not host:
        return "expected `http://` or `https://` and a host"
    if "@" in parts.netloc:
        return "a URL with a name or password in it; a key goes into `api_key_env`"
    return "a base URL ends with its path; `?` and `#` have no place in it" if "?" in url or "#" in url else None


def why_bad_header(name: str, value: str) -> str | None:
    """What keeps a header from being sent as it is. Says nothing of its value, which may be a key."""
    if not _HEADER_NAME.fullmatch(name):
        return "not the name of a header"
    if not all(character == "\t" or " " <= character <= "~" for character in value):
        return "a header's value is one line of ASCII"
    return None


def is_placeholder(value: str) -> bool:
    """Whether it is what a template has in a key's place, such as `your_portkey_api_key_here`."""
    return _PLACEHOLDER.fullmatch(value.strip()) is not None


def in_order(order: Collection[str], providers: Mapping[str, Provider]) -> tuple[str, ...]:
    """The providers to look for a model at: those of `order`, with the user's own behind `custom`."""
    rows = load_rows()
    own = [name for name in providers if name not in rows]
    found = []
    for name in order:
        found += [name] if name in providers else []
        found += own if name == "custom" else []
    return tuple(dict.fromkeys(found))


def _said(entry: ProviderEntry | Timeouts) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in entry.__struct_fields__}
    return {name: value for name, value in values.items() if value is not None}


def _in_order(rows: Mapping[str, ProviderEntry], entries: Mapping[str, ProviderEntry]) -> list[str]:
    """Vendors, then what the user added, then what Fairlead runs by itself and falls back on last."""
    added = [name for name in entries if name not in rows]
    own = [name for name, row in rows.items() if _is_ours(row)]
    return [*(name for name in rows if name not in own), *added, *own]


def _is_ours(entry: ProviderEntry) -> bool:
    return entry.base_url is None and entry.base_url_env is None


@dataclass(frozen=True, slots=True)
class _Found:
    """A value and what it came from: a variable's name, or `config`."""

    value: str
    source: str

    @property
    def place(self) -> str:
        return "configuration" if self.source == _CONFIG else f"environment {self.source}"


def _variable(names: Iterable[str], environ: Mapping[str, str]) -> _Found | None:
    """The first of the variables that holds anything."""
    held = ((name, environ.get(name, "").strip()) for name in names)
    return next((_Found(value, name) for name, value in held if value and not is_placeholder(value)), None)


def _key(entry: ProviderEntry, environ: Mapping[str, str]) -> _Found | None:
    own = (entry.api_key or "").strip()
    found = ((source, keys.held(source, environ)) for source in _key_sources(entry))
    held = (_Found(value, keys.shown(source)) for source, value in found if value and not is_placeholder(value))
    return _Found(own, _CONFIG) if own else next(held, None)


def _key_sources(entry: ProviderEntry) -> tuple[str, ...]:
    return (entry.api_key_env,) if isinstance(entry.api_key_env, str) else tuple(entry.api_key_env or ())


def _key_env(entry: ProviderEntry) -> tuple[str, ...]:
    """The variables that may hold the key, for a person."""
    return tuple(map(keys.shown, _key_sources(entry)))


def _address(entry: ProviderEntry, environ: Mapping[str, str]) -> _Found | None:
    found = _variable([entry.base_url_env] if entry.base_url_env else [], environ)
    if found is None and entry.base_url and not _lacking(entry, environ):
        found = _Found(_filled(entry.base_url, environ), _CONFIG)
    return _Found(_with_path(found.value, entry.base_path), found.source) if found else None


def _with_path(url: str, path: str | None) -> str:
    """The URL, with `path` where it has none."""
    return url.rstrip("/") + path if path and url.count("/") - url.endswith("/") <= 2 else url


def _filled(url: str, environ: Mapping[str, str]) -> str:
    """A shipped URL with its `${NAME,OTHER:-default}` filled in."""

    def one(mark: re.Match[str]) -> str:
        found = _variable(mark[1].split(","), environ)
        return found.value if found else mark[2] or ""

    return _MARK.sub(one, url)


def _lacking(entry: ProviderEntry, environ: Mapping[str, str]) -> str:
    """The variable without which the base URL is none."""
    marks = _MARK.finditer(entry.base_url or "")
    missing = (mark[1] for mark in marks if mark[2] is None and _variable(mark[1].split(","), environ) is None)
    return next(missing, "").replace(",", " or ")


def _allowed(name: str, entry: ProviderEntry, environ: Mapping[str, str]) -> tuple[frozenset[str], str]:
    """The models that may be asked of a provider, and what says so."""
    variable = f"{re.sub(r'[^A-Z0-9]', '_', name.upper())}_ALLOWED_MODELS"
    listed = _names(environ.get(variable, "").split(","))
    if listed:
        return listed, variable
    return _names(entry.allowed_models or ()), f"providers.{name}.allowed_models"


def _names(said: Iterable[str]) -> frozenset[str]:
    return frozenset(name.strip().casefold() for name in said if name.strip())


def _problems(name: str, entry: ProviderEntry, key: _Found | None, address: _Found | None) -> Iterator[Problem]:
    def problem(place: str, field: str, wrong: str) -> Problem:
        return Problem(place, 0, 0, f"providers.{name}.{field}", wrong)

    if not entry.dialect:
        yield problem("configuration", "dialect", "missing; a provider of your own needs one")
    if address and (wrong := why_bad_url(address.value)):
        yield problem(address.place, "base_url", wrong)
    if key and why_bad_header("Authorization", key.value):
        yield problem(key.place, "api_key", "a key is one line of ASCII")
    for header, value in (entry.headers or {}).items():
        if wrong := why_bad_header(header, value):
            yield problem("configuration", "headers", wrong)


def _clock_problems(environ: Mapping[str, str]) -> Iterator[Problem]:
    for variable in custom.wrong(environ):
        where = f"providers.{custom.NAME}.timeouts"
        yield Problem(f"environment {variable}", 0, 0, where, "expected a number of seconds above 0")


def _version(entry: ProviderEntry, environ: Mapping[str, str]) -> str | None:
    found = _variable([entry.api_version_env] if entry.api_version_env else [], environ)
    return found.value if found else entry.api_version


def _default_model(entry: ProviderEntry, environ: Mapping[str, str]) -> str | None:
    found = _variable([entry.default_model_env] if entry.default_model_env else [], environ)
    return found.value if found else entry.default_model


def _pass_headers(entry: ProviderEntry) -> tuple[str, ...]:
    """The client's headers that it gets: those it names, or those of every dialect that it speaks."""
    own = [name for dialect in (entry.dialect or "", *(entry.also or ())) for name in _PASSED.get(dialect, ())]
    own += _PASSED_ON.get(entry.auth, ())
    return tuple(dict.fromkeys(name.lower() for name in entry.pass_headers or own))


def _flavor(entry: ProviderEntry) -> Flavor:
    said = entry.flavor or FlavorEntry()
    thoughts = said.thoughts or PLAIN.thoughts
    return Flavor(
        said.thinking or PLAIN.thinking,
        None if thoughts == "none" else thoughts,
        said.documents or PLAIN.documents,
        cache_marks=said.cache_marks or False,
        free_text=said.free_text or False,
        ask_usage=entry.usage != "always",
        prefill=said.prefill or PLAIN.prefill,
    )


def _cannot(entry: ProviderEntry) -> frozenset[str]:
    """The capabilities that it is known to be without."""
    able = _able(entry)
    return frozenset() if able is None else frozenset(_CAPABILITIES).difference(able)


def _provider(
    name: str,
    entry: ProviderEntry,
    key: _Found | None,
    address: _Found | None,
    *,
    environ: Mapping[str, str],
    wanted: bool,
) -> Provider:
    moved = address is not None and address.source != _CONFIG
    timeouts = entry.timeouts or NO_TIMEOUTS
    if name == custom.NAME and address is not None:
        timeouts = custom.timeouts(address.value, entry.timeouts, environ)
    allowed, allowed_by = _allowed(name, entry, environ)
    return Provider(
        name=name,
        dialect=entry.dialect or "",
        base_url=address.value.rstrip("/") if address else "",
        api_key=Secret(key.value) if key else None,
        also=tuple(entry.also or ()),
        auth=entry.auth or _AUTH.get(entry.dialect or "", "bearer"),
        paths=entry.paths or "plain",
        api_version=_version(entry, environ),
        region=entry.region,
        key_env=_key_env(entry),
        key_source=key.source if key else None,
        key_optional=entry.key_optional or False,
        headers=tuple((entry.headers or {}).items()),
        timeouts=timeouts,
        quirks=() if entry.fidelity == "raw" else tuple(entry.quirks or ()),
        usage=entry.usage or "asked",
        models=tuple(entry.models or ()),
        default_model=_default_model(entry, environ),
        configured=wanted or key is not None or moved or _is_ours(entry),
        pass_headers=_pass_headers(entry),
        flavor=_flavor(entry),
        vendor=entry.vendor or name,
        serves=entry.serves or "own",
        cannot=_cannot(entry),
        allowed=allowed,
        allowed_by=allowed_by,
        lacks=_lacking(entry, environ),
        private_network=entry.private_network or False,
        slug=entry.slug or "",
        routes=bool(entry.flavor and entry.flavor.routes),
        data_collection=entry.data_collection or "",
        zdr=entry.zdr or False,
        quantizations=tuple(entry.quantizations or ()),
    )
