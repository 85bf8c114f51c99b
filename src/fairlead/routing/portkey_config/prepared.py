"""A config object made ready: what is said further out handed down, its queries read, its times in seconds.

Nothing here knows of providers, so that an object is made ready once, and not for each policy or call.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from fairlead.config.portkey_objects import planted, schema
from fairlead.config.portkey_objects.query import Query, Reader
from fairlead.routing.breaker import DEFAULT, Rules
from fairlead.routing.how import Care, Edits, How, Retry

RETRIED: Final = frozenset({429, 500, 502, 503, 504, 529})
"""What is tried again where an object does not say it."""
_NEVER: Final = 1_000_000_000
_FEWEST: Final = 5  # calls before a share of failures counts, where an object does not say it
_LONGEST_REST: Final = 3600.0

Mode = Literal["single", "loadbalance", "fallback", "conditional"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A target: the provider that it names, if it does, and the model that it puts in place of the call's."""

    path: str
    how: How
    provider: str | None = None
    virtual_key: str | None = None
    model: str | None = None
    default_model: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Targets and how one of them is chosen. `rules` has conditions with the place of the target for each."""

    path: str
    mode: Mode
    children: tuple["Node", ...]
    weights: tuple[float, ...] = ()
    statuses: frozenset[int] | None = None
    rules: tuple[tuple[Query, int], ...] = ()
    default: int | None = None
    sticky: tuple[str, ...] | None = None
    ttl: float = 0.0


Node: TypeAlias = Leaf | Group


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A whole object, equal to itself alone. `unused` has what it says that is accepted and not acted on yet."""

    name: str
    root: Node
    unused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Handed:
    """What is handed down from an object to those within it."""

    retry: Retry | None = None
    timeout: float | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    drops: tuple[str, ...] = ()
    rules: Rules | None = None
    brought: bool = False


def prepared(said: schema.ConfigObject, name: str) -> Prepared:
    """The object, ready. It has been checked, so that nothing is wrong with it.

    One without a name came with a call, and changes nothing for other calls: no target rests by its `cb_config`.
    """
    brought = not name
    return Prepared(name, _node(said, "config", _Handed(brought=brought)), tuple(_unused(said, "config", brought)))


def _unused(said: schema.ConfigObject, path: str, brought: bool) -> Iterator[str]:
    """What an object says that is accepted and not acted on yet."""
    yield from (f"{path}.{name}" for name in schema.UNUSED if getattr(said, name) is not None)
    outer = said.strategy.cb_config if said.strategy else None
    for place, breaker in (("cb_config", said.cb_config), ("strategy.cb_config", outer)):
        if breaker is not None and brought:
            yield f"{path}.{place}"
        elif breaker is not None and breaker.failure_status_codes is not None:
            yield f"{path}.{place}.failure_status_codes"
    for at, each in enumerate(said.targets):
        yield from _unused(each, f"{path}.targets[{at}]", brought)


def _node(said: schema.ConfigObject, path: str, outer: _Handed) -> Node:
    own = _handed(said, outer)
    if said.strategy is None or not said.targets:
        return _leaf(said, path, own)
    strategy = said.strategy
    inner = replace(own, rules=_rules(strategy.cb_config, own) or own.rules)
    children = tuple(_node(each, f"{path}.targets[{at}]", inner) for at, each in enumerate(said.targets))
    named = {each.name: at for at, each in reversed(list(enumerate(said.targets)))}
    sticky = strategy.sticky if strategy.sticky and strategy.sticky.enabled else None
    return Group(
        path,
        strategy.mode,
        children,
        tuple(each.weight for each in said.targets),
        None if strategy.on_status_codes is None else frozenset(strategy.on_status_codes),
        tuple((_query(each.query), named[each.then]) for each in strategy.conditions),
        None if strategy.default is None else named[strategy.default],
        tuple(sticky.hash_fields) if sticky else None,
        float(sticky.ttl) if sticky else 0.0,
    )


def _query(said: dict[str, Any]) -> Query:
    return Reader().query(planted.of(said))


def _handed(said: schema.ConfigObject, outer: _Handed) -> _Handed:
    """What holds within an object: `retry` and `request_timeout` replace what is further out, params add to it."""
    return _Handed(
        _retry(said.retry) if said.retry else outer.retry,
        said.request_timeout / 1000 if said.request_timeout else outer.timeout,
        {**outer.overrides, **(said.override_params or {})},
        {**outer.defaults, **(said.default_params or {})},
        tuple(dict.fromkeys((*outer.drops, *said.drop_params))),
        _rules(said.cb_config, outer) or outer.rules,
        outer.brought,
    )


def _leaf(said: schema.ConfigObject, path: str, own: _Handed) -> Leaf:
    overrides, defaults = dict(own.overrides), dict(own.defaults)
    model, default = overrides.pop("model", None), defaults.pop("model", None)
    edits = Edits(defaults, overrides, own.drops) if defaults or overrides or own.drops else None
    care = Care(rules=own.rules) if own.rules else None
    return Leaf(
        path,
        How(path, own.retry, own.timeout, edits, care=care, hurried=own.brought and own.timeout is not None),
        said.provider,
        said.virtual_key,
        model if isinstance(model, str) and model else None,
        default if isinstance(default, str) and default else None,
    )


def _retry(said: schema.Retry) -> Retry:
    statuses = RETRIED if said.on_status_codes is None else frozenset(said.on_status_codes)
    return Retry(said.attempts, statuses, said.use_retry_after_header)


def _rules(said: schema.Breaker | None, within: _Handed) -> Rules | None:
    """The breaker that an object asks for, if it does. Where it gives one threshold alone, the other never opens it."""
    if said is None or within.brought:
        return None
    share = said.failure_threshold_percentage
    return Rules(
        failures=said.failure_threshold or _NEVER,
        share=2.0 if share is None else share / 100,
        calls=said.minimum_requests or _FEWEST,
        window=max(DEFAULT.window, rest := (said.cooldown_interval or 30_000) / 1000),
        cooldown=rest,
        longest=max(rest, min(_LONGEST_REST, DEFAULT.longest)),
    )
