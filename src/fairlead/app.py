"""The composition root: the one place that names concrete classes and ties them together."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fairlead import home
from fairlead.accounting import Accounting
from fairlead.clock import Clock, Ticker
from fairlead.config import schema
from fairlead.config.environment import kept
from fairlead.config.find import expand
from fairlead.config.load import Loaded
from fairlead.config.names import providers_in
from fairlead.config.schema import Config
from fairlead.errors import ConfigError
from fairlead.gateway import Gateway
from fairlead.http.admin import Admin
from fairlead.http.calls import Calls
from fairlead.http.hosts import Hosts
from fairlead.http.ledger import Records
from fairlead.http.pages import Pages
from fairlead.http.protocol import Bounds
from fairlead.http.proxies import Proxies
from fairlead.http.routes import Front, routes
from fairlead.ledger.keyring import Keyring, Own
from fairlead.ledger.principal import Principal, Role
from fairlead.local import weights
from fairlead.local.echo import EchoUpstream
from fairlead.local.supervisor import LocalModel
from fairlead.local.upstream import LocalUpstream
from fairlead.observe.metrics import Metrics
from fairlead.pipeline.dispatch import Dispatcher
from fairlead.pipeline.kept import Kept
from fairlead.pipeline.pins import Pins
from fairlead.pipeline.plan import Planner
from fairlead.pipeline.remembered import Remembered
from fairlead.pipeline.run import Pipeline
from fairlead.pipeline.settle import Settler
from fairlead.providers import catalog, portkey, quirks, registry
from fairlead.providers.custom import is_here
from fairlead.providers.portkey import Listed, Portkey
from fairlead.providers.registry import Registry
from fairlead.providers.row import Provider
from fairlead.routing import intent, notes
from fairlead.routing.plan import LAST_RESORT, keyed
from fairlead.routing.policy import Intent, Model, OnLoss, Policy
from fairlead.secret import Secret
from fairlead.upstream.api import Upstream
from fairlead.upstream.client import HttpUpstream
from fairlead.upstream.connect import Connector, is_loopback, split_url
from fairlead.upstream.portkey_found import Discovery
from fairlead.upstream.switch import Switch

if TYPE_CHECKING:
    from fairlead.ledger.directory import Directory


@dataclass(slots=True)
class Engine:
    """A gateway and what it stands on."""

    gateway: Gateway
    upstream: Upstream
    ticker: Ticker
    clock: Clock
    metrics: Metrics
    _local: LocalUpstream
    pins: Pins
    portkey: Discovery
    keyring: Keyring
    accounting: Accounting

    @property
    def local(self) -> LocalModel | None:
        return self._local.model

    def reconfigure(self, loaded: Loaded, environ: Mapping[str, str], check: Callable[[Policy], None]) -> None:
        """Serve new calls by another configuration, if `check` allows. Raises `ConfigError` and changes nothing."""
        policy = make_policy(loaded.config, environ, self.portkey.found(loaded.config))
        check(policy)
        # The weights may have been fetched since the start.
        self._local.model = self._local.model or _local_model(loaded.config, environ, self.clock)
        made = _pipeline(policy, loaded.config, self.upstream, self.metrics, self.clock, self.pins, self.accounting)
        self.gateway.swap(made, policy)

    async def aclose(self) -> None:
        """Let go of every connection and end the local model."""
        await self.keyring.aclose()
        await self.upstream.aclose()
        if self.pins.beyond is not None:
            self.pins.beyond.close()
        await self.accounting.aclose()


def engine(loaded: Loaded, environ: Mapping[str, str], key: Secret | None = None, clock: Clock | None = None) -> Engine:
    """An engine for a configuration, with a client key of the operator's. Opens nothing before its first call.

    Raises `ConfigError`.
    """
    clock = clock or Clock()
    policy = make_policy(loaded.config, environ)
    ticker, metrics = Ticker(clock), Metrics()
    http = HttpUpstream(Connector(environ), ticker)
    local = LocalUpstream(_local_model(loaded.config, environ, clock), http)
    upstream = Switch(http, {"local": local, "echo": EchoUpstream(clock)})
    pins = Pins()
    keyring, accounting = Keyring(_own_keys(key, environ)), Accounting(clock, metrics)
    made = _pipeline(policy, loaded.config, upstream, metrics, clock, pins, accounting)
    gateway = Gateway(made, policy, keyring, clock, metrics, accounting.record)
    return Engine(gateway, upstream, ticker, clock, metrics, local, pins, Discovery(upstream), keyring, accounting)


def _own_keys(key: Secret | None, environ: Mapping[str, str]) -> list[Own]:
    """The operator's keys, which no database knows of. Raises `ConfigError` where one is to be both kinds."""
    found = [Own(key, Principal("default"))] if key is not None else []
    said = environ.get("FAIRLEAD_ADMIN_KEY", "").strip()
    if said:
        admin = Secret(said)
        if admin == key:
            raise ConfigError(
                "FAIRLEAD_ADMIN_KEY and FAIRLEAD_KEY are the same",
                hint="a key makes calls or administers, and not both: give them different values",
            )
        found.append(Own(admin, Principal("operator", role=Role.ADMIN)))
    return found


async def open_directory(engine: Engine, service: "Service", config: Config, environ: Mapping[str, str]) -> "Directory":
    """Let in by the stored keys and record calls from now on, and administer both over HTTP. Raises `ConfigError`.

    A database that does not answer is asked again each second.
    """
    there = await asyncio.to_thread(home.directory, config, environ, engine.clock)
    engine.keyring.attach(there)
    service.admin.directory = there
    await engine.keyring.look()
    engine.keyring.follow()
    engine.pins.beyond = Remembered(home.data_dir(config, environ) / "made.jsonl")
    journal = home.data_dir(config, environ) / "journal"
    service.records.usage = engine.accounting.open(there.database, journal, config)
    return there


def outbound(environ: Mapping[str, str], clock: Clock | None = None) -> Upstream:
    """What carries single requests for whoever has no engine."""
    return HttpUpstream(Connector(environ), Ticker(clock or Clock()))


@dataclass(slots=True)
class Service:
    """An engine behind HTTP."""

    front: Front
    pages: Pages
    admin: Admin
    records: Records
    bounds: Bounds


def service(engine: Engine, config: Config) -> Service:
    """What a server serves over an engine."""
    # Else the first call without a model would wait for it.
    intent.vocabulary()
    pages = Pages(engine.gateway, engine.clock, lambda: engine.accounting.warning)
    settings = config.server
    bounds = Bounds(
        body=settings.max_body,
        head_seconds=settings.header_timeout,
        pause_seconds=settings.body_timeout,
        write_seconds=settings.write_timeout,
    )
    admin, records = Admin(engine.keyring), Records()
    table = routes(Calls(engine.gateway), pages, admin, records)
    proxies = Proxies(settings.trusted_proxies) if settings.trusted_proxies else None
    front = Front(engine.gateway, table, Hosts((*settings.hosts, settings.host)), proxies)
    return Service(front, pages, admin, records, bounds)


def _local_model(config: Config, environ: Mapping[str, str], clock: Clock) -> LocalModel | None:
    file = weights.installed(home.data_dir(config, environ))
    return LocalModel(file, clock) if file is not None else None


def _pipeline(
    policy: Policy,
    config: Config,
    upstream: Upstream,
    metrics: Metrics,
    clock: Clock,
    pins: Pins,
    accounting: Accounting,
) -> Pipeline:
    notes.announce(policy)
    limiter, till = accounting.stages(config, policy)
    settler = Settler(metrics, clock, pins, till, accounting.record, keeps_bodies=config.keep_bodies)
    dispatcher = Dispatcher(upstream, clock, till)
    return Pipeline(limiter, Planner(policy, pins), dispatcher, settler, clock, Kept(policy, upstream, pins))


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
        {
            name: Model(
                name,
                tuple((t.provider, t.model) for t in model.targets),
                tuple(model.aliases),
                model.timeouts,
                _on_loss(model.on_loss) if model.on_loss else None,
            )
            for name, model in config.models.items()
        },
        {
            name: Intent(name, intent.primary, intent.fallback, tuple(intent.providers))
            for name, intent in config.intents.items()
        },
        config.default_provider,
        catalog.in_order(config.provider_order, providers),
        *models_by_name(config, environ, found),
        on_loss=_on_loss(config.on_loss),
        default_model=_default_model(config.default_model),
    )


def _default_model(said: str | None) -> str | None:
    name = (said or "").strip()
    return "auto" if name.casefold() == "auto" else name or None


def _on_loss(said: schema.OnLoss) -> OnLoss:
    return OnLoss(refuse_meaning=said.meaning == "error", refuse_hints=said.hints == "error")


def models_by_name(
    config: Config, environ: Mapping[str, str], found: Iterable[Listed] = ()
) -> tuple[Registry, Portkey, bool]:
    """The registry of models, Portkey's credentials, and whether other names are refused. Raises `ConfigError`."""
    held = portkey.read(config.portkey.configs, config.portkey.virtual_keys, environ).finding(tuple(found))
    if not config.registry:
        return Registry(), held, False
    said = (config.models_file, config.custom_models_file)
    files = (expand(file, environ) if file else None for file in said)
    return registry.load(*files), held, config.strict_models


def needs_local(policy: Policy) -> bool:
    """Whether a call may come to the local model: no provider has a key, or a model's targets name it."""
    return not keyed(policy) or any(name == "local" for model in policy.models.values() for name, _ in model.targets)


def _identity(config: Config) -> tuple[tuple[str, str], ...]:
    app = config.app
    return (("HTTP-Referer", app.referer), ("X-Title", app.title), ("X-OpenRouter-Title", app.title))


def _reached(provider: Provider, config: Config) -> Provider:
    """A provider, or what is left of one that must not be asked."""
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


def check_exposure(config: Config, environ: Mapping[str, str], stored: int = 0) -> None:
    """Refuse to listen beyond this machine with a key that nobody chose, none being stored. Raises `ConfigError`."""
    host = config.server.host
    if is_loopback(host) or environ.get("FAIRLEAD_KEY") or stored:
        return
    raise ConfigError(
        f"listening on {host} without a key of your own is refused",
        hint="`ai keys create` makes one, or set FAIRLEAD_KEY to a long random value, or listen on 127.0.0.1",
    )


def check_loop(policy: Policy, host: str, port: int) -> None:
    """Refuse to serve calls by sending them to ourselves: `OPENAI_BASE_URL` may be set for clients. `ConfigError`."""
    here = {host, "127.0.0.1", "::1", "localhost"}
    for provider in policy.providers.values():
        if not provider.usable or provider.name in LAST_RESORT:
            continue
        origin, _ = split_url(provider.base_url)
        if origin.port == port and origin.host in here:
            raise ConfigError(
                f"provider `{provider.name}` has the address of this gateway itself, {provider.base_url}",
                hint="a variable such as OPENAI_BASE_URL may be meant for clients: unset it for the gateway, or set "
                f"`providers.{provider.name}.base_url`",
            )
