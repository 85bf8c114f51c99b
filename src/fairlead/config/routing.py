"""What a configuration may say of where calls go by what they are for: roles, tasks, gateways."""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from fairlead.config.check import nearest
from fairlead.config.tiers import called
from fairlead.config.tree import Node, Section, Value, texts
from fairlead.errors import Problem

Name = Annotated[str, Meta(min_length=1)]
_OWN_ORDER: Final = "a model that goes by a config, which has an order of its own"
Strategy = Literal["hybrid_optimization", "cost_optimized"]
# In quotes, or as a number.
Dollars = (
    Annotated[str, Meta(pattern=r"^[0-9]{1,7}(\.[0-9]{1,9})?$")] | Annotated[float, Meta(ge=0, le=9_999_999)] | None
)


class Hosted(Struct, forbid_unknown_fields=True, frozen=True):
    """What a model says that gateways serve, instead of `targets`."""

    gateway: Annotated[
        str | list[str] | None, Meta(description="who serves it: a provider, or several, ordered by their priority")
    ] = None
    provider: Annotated[str | None, Meta(description="whose model it is, with a `gateway`: `openai`, `anthropic`")] = (
        None
    )
    cost_per_1k_input: Annotated[Dollars, Meta(description="US dollars for 1,000 tokens in, at its gateways")] = None
    cost_per_1k_output: Annotated[Dollars, Meta(description="US dollars for 1,000 tokens out, at its gateways")] = None
    capabilities: Annotated[list[Name], Meta(description="what it is good at; for people, nothing acts on it")] = []
    use_for: Annotated[list[Name], Meta(description="the task types that it serves")] = []


class Levels(Struct, forbid_unknown_fields=True, frozen=True):
    """A model for each level of complexity, for calls that name neither a model nor a task."""

    simple: Annotated[str | None, Meta(description="what is small")] = None
    medium: Annotated[str | None, Meta(description="what is neither")] = None
    high: Annotated[str | None, Meta(description="what takes thought")] = None


class Routing(Struct, forbid_unknown_fields=True, frozen=True):
    """Models by what a call is for, by what it may cost, and by how fast they answer."""

    strategy: Annotated[
        Strategy,
        Meta(description="`cost_optimized` takes the model that the cost-aware guide writes, by complexity and budget"),
    ] = "hybrid_optimization"
    primary_models: Annotated[dict[str, Name], Meta(description="the model for each task type")] = {}
    fallback_chain: Annotated[list[Name], Meta(description="models to try after it, in order")] = []
    cost_threshold: Annotated[
        Dollars,
        Meta(description="US dollars that a call may be estimated at; above it the next cheaper model is first"),
    ] = None
    latency_threshold_ms: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(description="milliseconds; a model stands last where 5 % of its streams take longer to begin"),
    ] = None
    vision: Annotated[list[Name], Meta(description="models for calls that need pictures seen")] = []
    web_search: Annotated[list[Name], Meta(description="models for calls that need the web")] = []
    complexity: Annotated[
        Levels, Meta(description="models for all other calls that name nothing, by how hard they are")
    ] = Levels()


class Gateway(Struct, forbid_unknown_fields=True, frozen=True):
    """A provider that serves models of many vendors, as models that name their `gateway` count on."""

    priority: Annotated[int, Meta(description="of two gateways of a model, the lower goes first")] = 1
    use_for: Annotated[list[Name], Meta(description="kinds of work that go there before others")] = []
    features: Annotated[list[Name], Meta(description="what it can do; for people, nothing acts on it")] = []


class Role(Struct, forbid_unknown_fields=True, frozen=True):
    """Who is asked for a role."""

    providers: Annotated[
        list[Name], Meta(min_length=1, description="`PROVIDER` or `PROVIDER/MODEL`, each tried once, in this order")
    ]
    through: Annotated[
        str | None, Meta(description="the provider that carries its calls, for vendors that it has credentials of")
    ] = None
    description: Annotated[str, Meta(description="what it is for; for people")] = ""


def providers_named(roles: Mapping[str, Role]) -> set[str]:
    """The providers that roles count on."""
    steps = {step.partition("/")[0] for role in roles.values() for step in role.providers}
    return steps | {role.through for role in roles.values() if role.through}


def check_routing(tree: Section, known: Collection[str], problems: list[Problem]) -> None:
    """Add what is wrong with the names in roles, gateways and models of gateways to `problems`."""
    for name, place in tree.under("gateways").keys.items():
        if name in tree.under("gateways").entries and name not in known:
            problems.append(place.problem(f"there is no provider `{name}`", nearest(name, known)))
    for name, place in tree.under("roles").keys.items():
        if not re.fullmatch(r"\w[\w -]*", name):
            problems.append(place.problem("a role's name has letters, digits and `_` alone"))
    for _, role in tree.under("roles").sections():
        for step in texts(role.entries.get("providers")):
            _check_provider(step, str(step.value).partition("/")[0], known, problems)
        for carrier in texts(role.entries.get("through")):
            _check_provider(carrier, str(carrier.value), known, problems)
    for _, model in tree.under("models").sections():
        _check_model(model, known, problems)
    _check_orders(tree, problems)


def _check_orders(tree: Section, problems: list[Problem]) -> None:
    """A model that goes by a config has an order of its own, so that it stands in none of `routing`."""
    models, routing = tree.under("models"), tree.under("routing")
    ordered = called(models, "config")
    said: list[Node | None] = [routing.entries.get(name) for name in ("fallback_chain", "vision", "web_search")]
    said += [node for name in ("primary_models", "complexity") for node in routing.under(name).entries.values()]
    problems += [
        text.place.problem(_OWN_ORDER, "name a model that has targets or a gateway")
        for node in said
        for text in texts(node)
        if str(text.value).casefold() in ordered
    ]
    for _, model in models.sections():
        if "config" in model.entries and "use_for" in model.entries:
            problems.append(model.keys["use_for"].problem(_OWN_ORDER, "leave `use_for` out, or give it targets"))


def _check_model(model: Section, known: Collection[str], problems: list[Problem]) -> None:
    for gateway in texts(model.entries.get("gateway")):
        _check_provider(gateway, str(gateway.value), known, problems)
    if "gateway" in model.entries:
        for name in {"targets", "by_difficulty"} & set(model.entries):
            said = f"`{name}` and `gateway` both say where it is served"
            problems.append(model.keys[name].problem(said, "keep one of them"))
        return
    for name in ("provider", "cost_per_1k_input", "cost_per_1k_output"):
        if name in model.entries:
            hint = "give it a `gateway`; a model with `targets` has its price under `prices`"
            problems.append(model.keys[name].problem("only a model with a `gateway` has it", hint))


def _check_provider(text: Value, name: str, known: Collection[str], problems: list[Problem]) -> None:
    if name not in known:
        problems.append(text.place.problem(f"there is no provider `{name}`", nearest(name, known)))
