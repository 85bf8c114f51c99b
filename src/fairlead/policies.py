"""From a configuration to the policy that calls are routed by: what it says of providers, models, intents and tasks."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec

from fairlead import home
from fairlead.config import schema
from fairlead.config.environment import kept
from fairlead.config.find import expand
from fairlead.config.names import providers_in
from fairlead.config.schema import Config
from fairlead.config.tiers import ByDifficulty
from fairlead.ledger.rates import nano
from fairlead.local import weights
from fairlead.providers import catalog, portkey, quirks, registry
from fairlead.providers.custom import is_here
from fairlead.providers.portkey import Listed, Portkey
from fairlead.providers.registry import Registry
from fairlead.providers.row import Provider
from fairlead.routing import arms, tabled
from fairlead.routing.how import Care
from fairlead.routing.policy import Equal, Intent, Model, OnLoss, Policy
from fairlead.routing.portkey_config.prepared import prepared
from fairlead.routing.tiers import Tiers


def make_policy(config: Config, environ: Mapping[str, str], found: Iterable[Listed] = ()) -> Policy:
    """What routing knows, from a configuration, the keys in the environment, and what was found. `ConfigError`."""
    environ = kept(environ, config.ignored_environment)
    providers = catalog.build(config.providers, environ, providers_in(config))
    for provider in providers.values():
        quirks.mender(provider.quirks)
    identity = _identity(config)
    here = weights.installed(home.data_dir(config, environ)) is not None
    return Policy(
        {name: _ready(_reached(provider, config), identity, here) for name, provider in providers.items()},
        {name: _model(name, said) for name, said in config.models.items()},
        {
            name: Intent(name, said.primary, said.fallback, tuple(said.providers))
            for name, said in config.intents.items()
        },
        config.default_provider,
        catalog.in_order(config.provider_order, providers),
        *_by_name(config, environ, found),
        on_loss=_on_loss(config.on_loss),
        default_model=_default_model(config.default_model),
        experiments=arms.experiments(config.experiments),
        last="portkey" if config.legacy_portkey else None,
        tables=tabled.tables(config),
        configs={name: prepared(said, name) for name, said in config.configs.items()},
        default_config=config.default_config,
    )


def _model(name: str, said: schema.Model) -> Model:
    return Model(
        name,
        tuple((target.provider, target.model) for target in said.targets),
        tuple(said.aliases),
        said.timeouts,
        _on_loss(said.on_loss) if said.on_loss else None,
        _care(said),
        equal=_equal(said),
        tiers=_tiers(said.by_difficulty),
        gateways=tabled.gateways(said.gateway),
        vendor=said.provider or "",
        config=said.config or "",
    )


def _care(said: schema.Model) -> Care | None:
    care = Care(
        hedge=said.hedge,
        carry_on=said.carry_on,
        first_token=said.first_token_timeout,
        pace=said.min_tokens_per_second,
        past_policy=said.on_refusal == "next",
    )
    return None if care == Care() else care


def _tiers(said: ByDifficulty | None) -> Tiers | None:
    if said is None:
        return None
    worth = None if said.worth is None else nano(said.worth)
    return Tiers(said.cheap, said.strong, said.threshold, said.otherwise == "strong", worth)


def _default_model(said: str | None) -> str | None:
    name = (said or "").strip()
    return "auto" if name.casefold() == "auto" else name or None


def _equal(said: schema.Model) -> Equal | None:
    weights = tuple(1.0 if target.weight is None else target.weight for target in said.targets)
    return Equal(said.balance, weights, said.sticky) if said.balance else None


def _on_loss(said: schema.OnLoss) -> OnLoss:
    return OnLoss(refuse_meaning=said.meaning == "error", refuse_hints=said.hints == "error")


def _by_name(
    config: Config, environ: Mapping[str, str], found: Iterable[Listed] = ()
) -> tuple[Registry, Portkey, bool]:
    """The registry of models, Portkey's credentials, and whether other names are refused. Raises `ConfigError`."""
    held = portkey.read(config.portkey.configs, config.portkey.virtual_keys, environ).finding(tuple(found))
    if not config.registry:
        return Registry(), held, False
    said = (config.models_file, config.custom_models_file)
    files = (expand(file, environ) if file else None for file in said)
    return registry.load(*files), held, config.strict_models


def _identity(config: Config) -> tuple[tuple[str, str], ...]:
    app = config.app
    return (("HTTP-Referer", app.referer), ("X-Title", app.title), ("X-OpenRouter-Title", app.title))


def _reached(provider: Provider, config: Config) -> Provider:
    """A provider with its clocks, or what is left of one that must not be asked."""
    first_byte = config.reliability.request_timeout
    if first_byte is not None and provider.timeouts.first_byte is None:
        provider = replace(provider, timeouts=msgspec.structs.replace(provider.timeouts, first_byte=first_byte))
    if not config.offline or not provider.base_url or is_here(provider.base_url):
        return provider
    return replace(provider, base_url="", offline=True)


def _ready(provider: Provider, identity: tuple[tuple[str, str], ...], weights_here: bool) -> Provider:
    """A provider with what only the whole program knows of it."""
    if provider.name == "openrouter":
        own = {name.casefold() for name, _ in provider.headers}
        said = tuple(pair for pair in identity if pair[0].casefold() not in own)
        return replace(provider, headers=(*said, *provider.headers))
    if provider.name == "echo" or (provider.name == "local" and weights_here):
        return replace(provider, base_url=f"{provider.name}:")
    return provider
