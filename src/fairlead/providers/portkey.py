"""Portkey's own credentials: which of its configs, or which virtual key, carries a call to which vendor.

A config wins over a virtual key; of several virtual keys for one vendor, the spelling that stands first in `SPELLINGS`
wins. Pure, but for `read`, which is given the environment.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from fairlead.errors import ConfigError
from fairlead.providers.catalog import is_placeholder, why_bad_header
from fairlead.providers.row import Provider

NOTHING = "Neither Portkey config nor virtual key available"
SPELLINGS = ("portkey.virtual_keys", "portkey_virtual_key_*", "*_VK", "PORTKEY_VK_*", "PORTKEY_VIRTUAL_KEY")
"""Where a virtual key may stand, the first winning."""

_CONFIG = re.compile(r"PORTKEY_CONFIG_(\w+)")
_KEYS = (
    re.compile(r"(?i:portkey_virtual_key)_(\w+)"),
    re.compile(r"(?!PORTKEY_)(\w+)_VK"),
    re.compile(r"PORTKEY_VK_(\w+)"),
)
_FALLBACK = "PORTKEY_VIRTUAL_KEY"
_CREDENTIAL = re.compile("key|secret|token|password|authorization", re.IGNORECASE)
# The predecessor of seed 000 kept a whole config in this one; it belongs to no model.
_NO_MODEL = ("json",)
_SPARES_FOUR = 16


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor behind Portkey: the names of its configs and keys, and words in the names of its models."""

    name: str
    spellings: tuple[str, ...]
    words: tuple[str, ...]


VENDORS = (
    Vendor("openai", ("openai", "gpt"), ("gpt", "openai")),
    Vendor("anthropic", ("claude", "anthropic"), ("claude", "anthropic")),
    Vendor("google", ("gemini", "google"), ("gemini", "google")),
    Vendor("meta", ("llama", "meta", "together"), ("llama", "meta")),
    Vendor("mistral", ("mistral",), ("mistral",)),
    Vendor("deepseek", ("deepseek",), ("deepseek",)),
    Vendor("xai", ("xai", "grok"), ("grok", "x-ai")),
    Vendor("cohere", ("cohere",), ("command-", "cohere")),
    Vendor("perplexity", ("perplexity",), ("sonar", "perplexity")),
)
_BY_NAME = {vendor.name: vendor for vendor in VENDORS}
# Together serves others' models, under keys of its own.
_MEANT = {name: vendor.name for vendor in VENDORS for name in vendor.spellings if name != "together"}


def vendor_of(model: str) -> str | None:
    """Whose model a name that no registry knows seems to be."""
    name = model.lower()
    return next((vendor.name for vendor in VENDORS if any(word in name for word in vendor.words)), None)


def named(model: str) -> tuple[str | None, str]:
    """The vendor that a model's name begins with, as `@groq/llama-3.1-70b`, and what is left of the name."""
    vendor, _, rest = model.removeprefix("@").partition("/")
    if not model.startswith("@") or not vendor or not rest:
        return None, model
    return _MEANT.get(vendor.lower(), vendor.lower()), rest


def stands_at(provider: Provider) -> bool:
    """Whether it is Portkey that answers there."""
    return provider.serves == "relayed" or provider.auth == "x-portkey-api-key"


@dataclass(frozen=True, slots=True)
class Key:
    """A virtual key and where it stands."""

    value: str = field(repr=False)
    source: str
    rank: int

    @property
    def shown(self) -> str:
        """Its place, with the end of it to know it by."""
        ending = f" (ends in {self.value[-4:]})" if len(self.value) >= _SPARES_FOUR else ""
        return f"{self.source}{ending}"


@dataclass(frozen=True, slots=True)
class Way:
    """How a call is carried: the headers that say so, in words, and as a line for the log.

    `once`: Portkey may try again by its config, so that nobody else should. `hidden` must be told to nobody.
    """

    headers: tuple[tuple[str, str], ...] = field(repr=False)
    shown: str
    note: str
    once: bool
    hidden: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """A config that Portkey says it has: its id, and what its owner called it."""

    slug: str
    name: str

    @property
    def meant(self) -> str:
        """What a variable `PORTKEY_CONFIG_…` for it would end with: `OpenAI config` is `openai`."""
        words = re.split(r"[\W_]+", self.name.lower())
        return "_".join(word for word in words if word not in ("", "portkey", "config", "configs"))


@dataclass(frozen=True, slots=True)
class Portkey:
    """What is known of Portkey's configs, by their lower-case names, and of its virtual keys, by vendors' names."""

    configs: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, tuple[Key, ...]] = field(default_factory=dict)
    fallback: Key | None = None

    def __bool__(self) -> bool:
        return bool(self.configs or self.keys or self.fallback)

    def finding(self, listed: Iterable[Listed]) -> "Portkey":
        """The same, with the configs of vendors and models that it has neither a config nor a virtual key for.

        Of two that are called the same, neither is taken.
        """
        called = Counter(each.meant for each in listed)
        own = {name for name in called if self._has(name)}
        found = {
            each.meant: each.slug
            for each in listed
            if called[each.meant] == 1 and each.meant not in own | {"", *_NO_MODEL}
        }
        return replace(self, configs={**found, **self.configs})

    def _has(self, name: str) -> bool:
        """Whether something is set up for the vendor or the model of that name."""
        vendor = _MEANT.get(name, name)
        own = [key for key in self.keys_for(vendor) if key is not self.fallback]
        return bool(own) or self.config_for(name, vendor) is not None

    def way(self, model: str, vendor: str | None) -> Way | None:
        """How `model`, which is `vendor`'s, is carried; None where neither a config nor a virtual key fits."""
        config = self.config_for(model, vendor)
        if config is not None:
            shown = config if is_slug(config) else "(written out)"
            note = f"Using Portkey config '{shown}' for model '{model}'"
            hidden = (config, *_keys_within(config))
            return Way((("x-portkey-config", config),), f"config `{shown}`", note, once=True, hidden=hidden)
        keys = self.keys_for(vendor)
        if not keys:
            return None
        # What Portkey now calls a provider is written with an at sign and goes into another header.
        name = "x-portkey-provider" if keys[0].value.startswith("@") else "x-portkey-virtual-key"
        note = f"Using Portkey virtual key for model '{model}'"
        value = keys[0].value
        return Way(((name, value),), f"virtual key of {keys[0].shown}", note, once=False, hidden=(value,))

    def ways(self) -> tuple[Way, ...]:
        """Every way that a call may have been carried, each once."""
        named = (self.way(name, _MEANT.get(name, name)) for name in (*self.configs, *self.keys))
        return tuple({way.headers: way for way in (*named, self.way("", None)) if way is not None}.values())

    def config_for(self, model: str, vendor: str | None) -> str | None:
        """The config for that very model (`PORTKEY_CONFIG_GPT_4`), else for its vendor."""
        spellings = _BY_NAME[vendor].spellings if vendor in _BY_NAME else (vendor or "",)
        names = (re.sub(r"\W", "_", model.lower()), *spellings)
        return next((self.configs[name] for name in names if name in self.configs), None)

    def keys_for(self, vendor: str | None) -> tuple[Key, ...]:
        """The virtual keys for a vendor, the winner first."""
        spellings = _BY_NAME[vendor].spellings if vendor in _BY_NAME else (vendor or "",)
        # Its own name before its models' name.
        names = sorted(spellings, key=lambda name: name != vendor)
        found = [key for name in names for key in self.keys.get(name, ())]
        found += [self.fallback] if self.fallback else []
        return tuple(sorted(found, key=lambda key: key.rank))


def is_slug(config: str) -> bool:
    """Whether a config is the id of one that Portkey keeps, and not one that is written out as JSON."""
    return re.fullmatch(r"[\w.-]+", config) is not None


def is_written_out(config: str) -> bool:
    """Whether it is a config as JSON."""
    try:
        return isinstance(json.loads(config), dict)
    except (ValueError, RecursionError):
        return False


def _keys_within(config: str) -> Iterator[str]:
    """The credentials in a config that is written out."""
    try:
        left: list[object] = [json.loads(config)]
    except (ValueError, RecursionError):
        return
    while left:
        value = left.pop()
        if isinstance(value, dict):
            yield from (held for name, held in value.items() if _CREDENTIAL.search(name) and isinstance(held, str))
            left += value.values()
        elif isinstance(value, list):
            left += value


def read(configs: Mapping[str, str], keys: Mapping[str, str], environ: Mapping[str, str]) -> Portkey:
    """What the configuration says of Portkey, over what the environment does. Raises `ConfigError`."""
    held = {name: value.strip() for name, value in environ.items() if value.strip() and not is_placeholder(value)}
    from_files = {f"portkey.configs.{name}": value for name, value in configs.items()}
    from_files |= {f"portkey.virtual_keys.{name}": value for name, value in keys.items()}
    own = {name.lower(): value.strip() for name, value in configs.items() if value.strip()}
    found: dict[str, list[Key]] = {}
    for name, key in (*_of_file(keys), *_of_environment(held)):
        found.setdefault(name, []).append(key)
    _check({**from_files, **{name: value for name, value in held.items() if _is_ours(name)}})
    fallback = Key(held[_FALLBACK], _FALLBACK, len(_KEYS) + 1) if _FALLBACK in held else None
    return Portkey({**_configs(held), **own}, {name: tuple(kept) for name, kept in found.items()}, fallback)


def _configs(held: Mapping[str, str]) -> dict[str, str]:
    named = ((_CONFIG.fullmatch(name), value) for name, value in held.items())
    found = {match[1].lower(): value for match, value in named if match}
    return {name: value for name, value in found.items() if name not in _NO_MODEL}


def _of_file(keys: Mapping[str, str]) -> Iterator[tuple[str, Key]]:
    for name, value in keys.items():
        if value.strip():
            yield name.lower(), Key(value.strip(), f"portkey.virtual_keys.{name}", 0)


def _of_environment(held: Mapping[str, str]) -> Iterator[tuple[str, Key]]:
    for rank, pattern in enumerate(_KEYS, 1):
        for name, value in held.items():
            if match := pattern.fullmatch(name):
                yield match[1].lower(), Key(value, name, rank)


def _is_ours(name: str) -> bool:
    return name == _FALLBACK or any(pattern.fullmatch(name) for pattern in (_CONFIG, *_KEYS))


def _check(values: Mapping[str, str]) -> None:
    """Refuse what cannot be sent as a header, without showing it."""
    for name, value in values.items():
        if wrong := why_bad_header("X", value):
            raise ConfigError(f"{name}: {wrong}", hint="it is sent to Portkey as a header")
