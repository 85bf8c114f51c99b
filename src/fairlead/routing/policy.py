"""What routing knows: providers, models, intents. Made from the configuration, never changed after."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from fairlead.providers.portkey import Portkey
from fairlead.providers.registry import Registry
from fairlead.providers.row import Provider, Timeouts
from fairlead.routing.experiments import Experiments
from fairlead.routing.health import Board
from fairlead.routing.how import Care
from fairlead.routing.intent import DEFAULT
from fairlead.routing.tables import NO_TABLES, Tables
from fairlead.routing.tiers import Tiers
from fairlead.upstream.api import Clocks

if TYPE_CHECKING:
    from fairlead.routing.portkey_config.prepared import Prepared


@dataclass(frozen=True, slots=True)
class OnLoss:
    """Whether a target is refused that has no words for the call's meaning, or for its hints; else they are dropped."""

    refuse_meaning: bool = True
    refuse_hints: bool = False


By = Literal["weighted", "cheapest", "fastest", "least-busy", "best"]


@dataclass(frozen=True, slots=True)
class Equal:
    """The targets of a model are equals: by what one is chosen, and the `weights` of all.

    A session stays where it was answered for `stay` seconds; with 0 it does not.
    """

    by: By = "best"
    weights: tuple[float, ...] = ()
    stay: float = 600.0


@dataclass(frozen=True, slots=True)
class Model:
    """A named model: (provider, model id there) in the order to try them.

    Instead of those it may have `gateways`, which serve the model of that name of its `vendor`; or
    `config`, the name of a config that its calls go by.
    """

    name: str
    targets: tuple[tuple[str, str], ...]
    aliases: tuple[str, ...] = ()
    timeouts: Timeouts | None = None
    on_loss: OnLoss | None = None
    care: Care | None = None
    gateways: tuple[str, ...] = ()
    vendor: str = ""
    tiers: Tiers | None = None
    equal: Equal | None = None
    config: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a call is for: `primary` at each provider in order, then `fallback` at each."""

    name: str
    primary: str
    fallback: str
    providers: tuple[str, ...]


DEFAULT_LOSS = OnLoss()
NO_MODELS = Registry()
NO_PORTKEY = Portkey()


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything a plan is made from, besides the call.

    `order` has the providers to look for a model at, by its name; without one there is no such order. Under `strict`
    a name is refused that neither the registry nor the configuration has. `default_model` is meant by a call that names
    none: a name, or `auto` for the best of the registry. `tables` say who serves roles and tasks.
    `configs` are config objects by name; `made` is where what comes of them is remembered.
    """

    providers: Mapping[str, Provider]
    models: Mapping[str, Model]
    intents: Mapping[str, Intent]
    default_provider: str | None = None
    order: tuple[str, ...] = ()
    registry: Registry = NO_MODELS
    portkey: Portkey = NO_PORTKEY
    strict: bool = False
    on_loss: OnLoss = DEFAULT_LOSS
    default_model: str | None = None
    experiments: Experiments = ()
    last: str | None = None
    tables: Tables = NO_TABLES
    configs: Mapping[str, "Prepared"] = field(default_factory=dict)
    default_config: str | None = None
    made: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    board: Board = field(default_factory=Board, compare=False, repr=False)

    def by_name(self) -> list[Provider]:
        """The providers to look for a model at, in order."""
        return [self.providers[name] for name in self.in_order(self.order) if name in self.providers]

    def slug_providers(self, otherwise: Iterable[str]) -> list[Provider]:
        """Who takes any vendor's slug: those of the order, or `otherwise` where there is none."""
        if self.order:
            return [provider for provider in self.by_name() if provider.serves == "slugs"]
        return [self.providers[name] for name in self.in_order(otherwise) if name in self.providers]

    def model_named(self, name: str) -> Model | None:
        """The configured model of that name or alias; case does not matter."""
        found = self.models.get(name)
        if found is not None:
            return found
        wanted = name.casefold()
        for model in self.models.values():
            if wanted == model.name.casefold() or wanted in (alias.casefold() for alias in model.aliases):
                return model
        return None

    def owner_of(self, model: str) -> Provider | None:
        """The provider whose own models are named like `model` (`gpt-…` is OpenAI's)."""
        name = model.lower()
        for provider in self.providers.values():
            if any(fnmatchcase(name, pattern) for pattern in provider.models):
                return provider
        return None

    def intent_named(self, name: str) -> Intent:
        """The intent of that name; an unknown one is `fast`, as it was in Fairlead's predecessor."""
        found = self.intents.get(name.strip().lower())
        return found or self.intents[DEFAULT]

    def in_order(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names with the default provider first, where it is among them."""
        return tuple(sorted(names, key=lambda name: name != self.default_provider))

    def nearest_model(self, name: str) -> list[str]:
        """Names a caller may have meant."""
        if name in self.intents:
            return [f"intent:{name}"]
        known = [*self.models, *(alias for model in self.models.values() for alias in model.aliases)]
        known += [name for model in self.registry.models for name in model.names]
        known += [p.default_model for p in self.providers.values() if p.default_model]
        known += ["auto", *(f"intent:{intent}" for intent in self.intents)]
        return difflib.get_close_matches(name, known, n=3, cutoff=0.6)


_USUAL = Clocks()
_USUAL_WHOLE = 300.0  # first byte of a reply that is not streamed: it begins when it is done


def clocks(provider: Provider, model: Timeouts | None, *, stream: bool) -> Clocks:
    """The four clocks of an attempt: the model's, else the provider's, else the defaults."""
    own = model or Timeouts()
    base = provider.timeouts

    def pick(mine: float | None, theirs: float | None, default: float) -> float:
        return next((value for value in (mine, theirs) if value is not None), default)

    return Clocks(
        connect=pick(own.connect, base.connect, _USUAL.connect),
        first_byte=pick(own.first_byte, base.first_byte, _USUAL.first_byte if stream else _USUAL_WHOLE),
        idle=pick(own.idle, base.idle, _USUAL.idle),
        total=pick(own.total, base.total, _USUAL.total),
    )
