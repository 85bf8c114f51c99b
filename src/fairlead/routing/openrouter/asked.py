"""What a call asks for in OpenRouter's words: models in the order to try them, and what it wants of providers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from fairlead.errors import RequestError
from fairlead.routing.facts import Facts
from fairlead.routing.openrouter import preferences, variants
from fairlead.routing.openrouter.preferences import Preferences
from fairlead.routing.policy import Policy
from fairlead.routing.target import Wanted

MODELS: Final = "models"
# What is kept at a router under a name, further models among it.
PRESET: Final = "preset"
# By these a body shows that it asks in OpenRouter's words. Nobody else knows what they mean.
MEMBERS: Final = frozenset({MODELS, preferences.MEMBER, PRESET, "route", "session_id", "transforms"})
# The session may be named in a header instead.
HEADERS: Final = (b"x-session-id",)
_MOST_MODELS: Final = 10
_LONGEST: Final = 512
# What a provider has to be able to do for a parameter.
_ABLE: Final = {
    "tools": "tools",
    "functions": "tools",
    "reasoning": "reasoning",
    "reasoning_effort": "reasoning",
    "response_format": "structured_output",
    "stream": "streaming",
}
_SHAPES: Final = ("json_schema", "json_object")


@dataclass(frozen=True, slots=True)
class Named:
    """A model that a call names, without its variant, which is empty where it has none."""

    name: str
    variant: str = ""

    @property
    def written(self) -> str:
        """As the client writes it."""
        return f"{self.name}:{self.variant}" if self.variant else self.name


@dataclass(frozen=True, slots=True)
class Asked:
    """All of it. `said` has those members of the body that only a router knows; `size` is that of the body in bytes.

    `needs` has parameters of the call and the capability that a provider needs for each.
    """

    models: tuple[Named, ...]
    wants: Preferences
    said: Mapping[str, Any]
    size: int = 0
    tier: str | None = None
    needs: tuple[tuple[str, str], ...] = ()

    @property
    def chooses(self) -> bool:
        """Whether it says anything of models or providers, besides the one model that every call names."""
        return bool(self.models[0].variant or self.said.get(MODELS) or self.said.get(preferences.MEMBER))


def asked(wanted: Wanted, policy: Policy) -> Asked | None:
    """What the call asks for; None where it says nothing in OpenRouter's words. Raises `RequestError`."""
    facts = wanted.facts
    said = members(facts, MEMBERS)
    first = Named(*variants.split(wanted.model, policy))
    if not said and not first.variant and not any(map(facts.header, HEADERS)):
        return None
    others = [Named(*variants.split(name, policy)) for name in _models(said.get(MODELS))]
    wants = preferences.read(said.get(preferences.MEMBER))
    tier = members(facts, ("service_tier",)).get("service_tier")
    return Asked(
        tuple(dict.fromkeys((first, *others))),
        _sorted(wants, first.variant),
        said,
        len(facts.body),
        tier if isinstance(tier, str) else None,
        tuple(_needs(members(facts, _ABLE))) if wants.require_parameters else (),
    )


def members(facts: Facts, names: Iterable[str]) -> dict[str, Any]:
    """Those members of a call's body that are there, decoded. Raises `RequestError`."""
    held = ((name, facts.member(name)) for name in names)
    return {name: _decoded(name, value) for name, value in held if value is not None}


def _decoded(name: str, value: bytes) -> Any:
    try:
        return msgspec.json.decode(value)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"`{name}` cannot be read: {error}", param=name) from None


def _models(value: Any) -> list[str]:
    """The names of the member `models`. Raises `RequestError`."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise RequestError(f"`{MODELS}` must be a list of names", param=MODELS, hint="name the first choice first")
    if len(value) > _MOST_MODELS:
        raise RequestError(f"`{MODELS}` names more than {_MOST_MODELS} models", param=MODELS, hint="name fewer")
    for place, name in enumerate(value):
        where = f"{MODELS}[{place}]"
        if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST or not name.isprintable():
            raise RequestError(f"`{where}` must be a string that names a model", param=where)
    return value


def _sorted(wants: Preferences, variant: str) -> Preferences:
    """A variant that sorts says what `sort` would, unless the call says that too."""
    by = variants.SORTS.get(variant)
    return wants if by is None or wants.sort is not None else replace(wants, sort=by)


def _needs(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, capability in _ABLE.items():
        value = params.get(name)
        if value and (name != "response_format" or _shaped(value)):
            yield name, capability


def _shaped(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") in _SHAPES
