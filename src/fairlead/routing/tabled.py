"""From what a configuration says of roles, gateways and tasks to what routing takes them for."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from fairlead.config import routing as schema
from fairlead.config.schema import Config, Model, PriceEntry
from fairlead.ledger.rates import nano
from fairlead.routing.hosted import model_id
from fairlead.routing.policy import Policy
from fairlead.routing.tables import Gateway, Role, Routing, Step, Tables, plain

_MS_PER_SECOND = 1000
_PER_MILLION = 1000  # thousands


def tables(config: Config) -> Tables:
    """Who serves what a call is for."""
    return Tables(
        roles={plain(name): _role(name, role) for name, role in config.roles.items()},
        gateways={name: Gateway(name, said.priority, tuple(said.use_for)) for name, said in config.gateways.items()},
        tasks=_tasks(config.routing, config.models),
        routing=_routing(config.routing) if config.routing is not None else None,
    )


def _role(name: str, said: schema.Role) -> Role:
    parts = (step.partition("/") for step in said.providers)
    return Role(name, tuple(Step(provider, model or None) for provider, _, model in parts), said.through)


def _tasks(said: schema.Routing | None, models: Mapping[str, Model]) -> dict[str, tuple[str, ...]]:
    """The models for each task: the primary one first, then those that are said to be for it, in their order."""
    found: dict[str, list[str]] = {}
    for task, name in said.primary_models.items() if said is not None else ():
        found.setdefault(plain(task), []).append(name)
    for name, model in models.items():
        for task in model.use_for:
            found.setdefault(plain(task), []).append(name)
    return {task: tuple(dict.fromkeys(names)) for task, names in found.items()}


def _routing(said: schema.Routing) -> Routing:
    latency, levels = said.latency_threshold_ms, said.complexity
    named = {"simple": levels.simple, "medium": levels.medium, "high": levels.high}
    return Routing(
        strategy=said.strategy,
        chain=tuple(said.fallback_chain),
        cost=nano(said.cost_threshold) if said.cost_threshold is not None else None,
        latency=latency / _MS_PER_SECOND if latency is not None else None,
        vision=tuple(said.vision),
        search=tuple(said.web_search),
        levels={level: name for level, name in named.items() if name},
    )


def gateways(said: str | Iterable[str] | None) -> tuple[str, ...]:
    """The gateways that a model names, whichever way it writes them."""
    if said is None:
        return ()
    return (said,) if isinstance(said, str) else tuple(said)


def prices(config: Config, policy: Policy) -> dict[str, PriceEntry]:
    """What models say that they cost at their gateways, as entries of `prices`, which win over these."""
    found = {}
    for name, said in config.models.items():
        model = policy.models.get(name)
        if model is None or (said.cost_per_1k_input is None and said.cost_per_1k_output is None):
            continue
        entry = PriceEntry(input=_million(said.cost_per_1k_input), output=_million(said.cost_per_1k_output))
        for gateway in dict.fromkeys((*model.gateways, *policy.tables.gateways)):
            found[f"{gateway}/{model_id(model, gateway, policy)}"] = entry
    return found | config.prices


def _million(dollars: str | float | None) -> str | None:
    return None if dollars is None else f"{Decimal(str(dollars)) * _PER_MILLION:f}"
