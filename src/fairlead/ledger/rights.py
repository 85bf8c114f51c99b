"""What a key may do: which models, providers, endpoints, and from which addresses. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Annotated

from msgspec import Meta, Struct

_Patterns = Annotated[list[Annotated[str, Meta(min_length=1, max_length=512)]], Meta(min_length=1, max_length=200)]
_Config = Annotated[str, Meta(min_length=1, max_length=200)]
KINDS = ("models", "providers", "endpoints", "addresses")


class Rights(Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """Limits, each of which is absent where there is none. `*` stands for any run of characters."""

    models: Annotated[_Patterns | None, Meta(description="models, such as `gpt-4o` or `anthropic/*`")] = None
    providers: Annotated[_Patterns | None, Meta(description="providers, by their names")] = None
    endpoints: Annotated[_Patterns | None, Meta(description="paths, such as `/v1/chat/completions` or `/v1/*`")] = None
    addresses: Annotated[_Patterns | None, Meta(description="clients' addresses, such as `10.0.0.0/8`")] = None
    config_override: Annotated[
        bool | None, Meta(description="whether a call may bring a config of its own (`x-portkey-config`); no if absent")
    ] = None
    config: Annotated[_Config | None, Meta(description="the config that its calls go by, of those under `configs`")] = (
        None
    )


NO_LIMITS = Rights()


class Granted:
    """The rights of a key and of all that stands above it: what every one of them allows, and nothing else."""

    __slots__ = ("_keeps_config", "config", "levels", "limits_entry", "limits_targets", "overrides_config")

    def __init__(self, levels: Iterable[Rights] = (), *, overrides_config: bool = False) -> None:
        levels = tuple(levels)
        said = [level.config_override for level in levels if level.config_override is not None]
        # Whether a call may bring a config of its own: one of them says so, and none says no.
        self.overrides_config = all(said) if said else overrides_config
        self._keeps_config = False in said
        # The innermost comes last.
        self.config = next((level.config for level in reversed(levels) if level.config is not None), None)
        self.levels = tuple(dict.fromkeys(level for level in map(_hashable, levels) if level != ((),) * len(KINDS)))
        # Looked at before each call, and false for most.
        self.limits_entry = any(level[2] or level[3] for level in self.levels)
        self.limits_targets = any(level[0] or level[1] for level in self.levels)

    def permits_endpoint(self, path: str) -> bool:
        """Whether the operation at this path of ours may be asked for."""
        return all(_any(level[2], path) for level in self.levels)

    def permits_address(self, address: str) -> bool:
        """Whether a client may call from there. What is no address may call only where none is asked for."""
        return all(not level[3] or _within(level[3], address) for level in self.levels)

    def permits(self, asked: str, provider: str, model: str) -> bool:
        """Whether a call that asked for a name may go to that provider's model.

        A limit on models is met by the name that was asked for, by `PROVIDER/MODEL`, or by the model's own name.
        """
        names = (asked, f"{provider}/{model}", model)
        return all(_any(level[1], provider) and any(_any(level[0], name) for name in names) for level in self.levels)

    def excess(self, child: Rights) -> str | None:
        """What `child` says and is not granted here, in words; None where all is. What it does not say it inherits."""
        if child.config_override and self._keeps_config:
            return "`config_override`, which is refused there"
        own = _hashable(child)
        for level in self.levels:
            for kind, parent, wanted in zip(KINDS, level, own, strict=True):
                missing = next((each for each in wanted if not _held(kind, parent, (each,))), None) if parent else None
                if missing is not None:
                    return f"`{missing}` of `{kind}`, where only {_listed(parent)} may be used"
        return None

    def beyond(self, levels: Iterable[Rights]) -> str | None:
        """In which kind something with all of those limits could do more than this, in words; None where in none."""
        others = [_hashable(level) for level in levels]
        for level in self.levels:
            for at, (kind, parent) in enumerate(zip(KINDS, level, strict=True)):
                if parent and not any(other[at] and _held(kind, parent, other[at]) for other in others):
                    return f"`{kind}`, of which only {_listed(parent)} may be used"
        return None

    def shown(self) -> list[dict[str, list[str]]]:
        """The limits, from the outermost on; a call has to keep within each."""
        return [{kind: list(said) for kind, said in zip(KINDS, level, strict=True) if said} for level in self.levels]


def wrong(rights: Rights) -> str | None:
    """What in these rights cannot be meant; None where all can."""
    for each in rights.addresses or ():
        try:
            ip_network(each)
        except ValueError as error:
            return f"`addresses`: {error}"
    return None


Level = tuple[tuple[str, ...], ...]


def _hashable(rights: Rights) -> Level:
    folded = tuple(tuple(sorted({each.strip().casefold() for each in said or ()})) for said in _lists(rights)[:3])
    return (*folded, tuple(sorted(set(rights.addresses or ()))))


def _lists(rights: Rights) -> tuple[list[str] | None, ...]:
    return rights.models, rights.providers, rights.endpoints, rights.addresses


def _listed(patterns: Iterable[str]) -> str:
    shown = [f"`{each}`" for each in patterns]
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")


def _any(patterns: tuple[str, ...], name: str) -> bool:
    return not patterns or _compiled(patterns).fullmatch(name.casefold()) is not None


@lru_cache(maxsize=4096)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(_expression, patterns)), re.DOTALL)


def _expression(pattern: str) -> str:
    """One pattern. Runs of stars are one, and each takes as little as it can and gives nothing back but forward."""
    parts = [re.escape(part) for part in re.split(r"\*+", pattern)]
    if len(parts) == 1:
        return parts[0]
    # An atomic group around each middle part: the first place where it fits is as good as any later one.
    middle = "".join(f"(?>.*?{part})" for part in parts[1:-1])
    return f"{parts[0]}{middle}.*{parts[-1]}"


def _held(kind: str, parent: tuple[str, ...], child: tuple[str, ...]) -> bool:
    """Whether all that each of `child` stands for is in one of `parent`."""
    if kind == "addresses":
        return all(any(_holds_network(outer, inner) for outer in parent) for inner in child)
    # A star of the child's is a character that only a star of the parent's fits.
    return all(any(_any((outer,), inner) for outer in parent) for inner in child)


@lru_cache(maxsize=4096)
def _networks(addresses: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(ip_network(each) for each in addresses)


def _within(addresses: tuple[str, ...], address: str) -> bool:
    try:
        client = _plain(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return any(client in network for network in _networks(addresses))  # type: ignore[operator]  # either version


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that came in IPv6's clothes, as what it is."""
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _holds_network(parent: str, child: str) -> bool:
    outer, inner = ip_network(parent), ip_network(child)
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # the same version


EVERYTHING = Granted(overrides_config=True)
