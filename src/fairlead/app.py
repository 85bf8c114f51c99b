"""The composition root: the one place that names concrete classes and ties them together."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fairlead import home
from fairlead.accounting import Accounting
from fairlead.clock import Clock, Ticker
from fairlead.config.load import Loaded
from fairlead.config.schema import Config
from fairlead.errors import ConfigError
from fairlead.gateway import Gateway
from fairlead.http import health
from fairlead.http.admin import Admin
from fairlead.http.calls import Calls
from fairlead.http.hosts import Hosts
from fairlead.http.ledger import Records
from fairlead.http.pages import Pages
from fairlead.http.protocol import Bounds
from fairlead.http.proxies import Proxies
from fairlead.http.routes import Front, routes
from fairlead.http.waiting import Waiting
from fairlead.ledger.keyring import Keyring, Own
from fairlead.ledger.principal import Principal, Role
from fairlead.local import weights
from fairlead.local.echo import EchoUpstream
from fairlead.local.supervisor import LocalModel
from fairlead.local.upstream import LocalUpstream
from fairlead.observe.metrics import Metrics
from fairlead.pipeline.attempt import Attempts
from fairlead.pipeline.budgets import Retries
from fairlead.pipeline.dispatch import Dispatcher
from fairlead.pipeline.kept import Kept
from fairlead.pipeline.moments import Moments
from fairlead.pipeline.pins import Pins
from fairlead.pipeline.plan import Planner
from fairlead.pipeline.remembered import Remembered
from fairlead.pipeline.run import Pipeline
from fairlead.pipeline.settle import Settler
from fairlead.pipeline.shadow import Copies, ShadowPlanner, Shadows
from fairlead.policies import make_policy
from fairlead.routing import difficulty, intent, notes
from fairlead.routing.analysis import cues
from fairlead.routing.plan import LAST_RESORT, keyed
from fairlead.routing.policy import Policy
from fairlead.routing.sticky import Sessions
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
    sessions: Sessions
    portkey: Discovery
    keyring: Keyring
    accounting: Accounting
    copies: Copies = field(default_factory=Copies)

    @property
    def local(self) -> LocalModel | None:
        return self._local.model

    def reconfigure(self, loaded: Loaded, environ: Mapping[str, str], check: Callable[[Policy], None]) -> None:
        """Serve new calls by another configuration, if `check` allows. Raises `ConfigError` and changes nothing."""
        policy = make_policy(loaded.config, environ, self.portkey.found(loaded.config))
        policy = replace(policy, board=self.gateway.policy.board)
        check(policy)
        # The weights may have been fetched since the start.
        self._local.model = self._local.model or _local_model(loaded.config, environ, self.clock)
        made = _pipeline(
            policy,
            loaded.config,
            self.upstream,
            self.metrics,
            self.clock,
            self.pins,
            self.sessions,
            self.accounting,
        )
        made.shadows = self.shadows(made, policy)
        self.gateway.swap(made, policy)

    def shadows(self, made: Pipeline, policy: Policy) -> Shadows | None:
        """What copies calls, where an experiment wants copies."""
        wanted = [each.name for each in policy.experiments if each.shadow]
        if not wanted:
            return None
        moments = _moments(self.clock, self.accounting, self.sessions)
        carried = {name: made.apart(ShadowPlanner(name, policy, self.pins, moments)) for name in wanted}
        return Shadows(policy, carried, self.copies, self.clock)

    async def aclose(self) -> None:
        """Let go of every connection and end the local model."""
        await self.keyring.aclose()
        await self.copies.aclose()
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
    sessions = Sessions()
    made = _pipeline(policy, loaded.config, upstream, metrics, clock, pins, sessions, accounting)
    gateway = Gateway(made, policy, keyring, clock, metrics, accounting.record)
    found = Discovery(upstream)
    engine = Engine(gateway, upstream, ticker, clock, metrics, local, pins, sessions, found, keyring, accounting)
    made.shadows = engine.shadows(made, policy)
    return engine


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
    engine.accounting.share(engine.gateway.policy.board)
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
    # Else the first call that is read for them would wait for these.
    intent.vocabulary()
    policy = engine.gateway.policy
    if policy.tables.routing is not None:
        cues.vocabulary()
    if policy.tables.routing is not None or any(model.tiers for model in policy.models.values()):
        difficulty.vocabulary()
    accounting, clock = engine.accounting, engine.clock
    engine.metrics.targets = lambda: health.measured(engine.gateway.policy.board, engine.clock.monotonic())
    pages = Pages(
        engine.gateway,
        clock,
        lambda: accounting.warning,
        lambda provider, model: accounting.prices.price(provider, model, clock.wall()),
    )
    settings = config.server
    bounds = Bounds(
        body=settings.max_body,
        head_seconds=settings.header_timeout,
        pause_seconds=settings.body_timeout,
        write_seconds=settings.write_timeout,
    )
    admin, records = Admin(engine.keyring), Records()
    calls = Calls(engine.gateway, Waiting(settings.comment_after), settings.open_streams_after)
    table = routes(calls, pages, admin, records)
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
    sessions: Sessions,
    accounting: Accounting,
) -> Pipeline:
    notes.announce(policy)
    limiter, till = accounting.stages(config, policy)
    settler = Settler(metrics, clock, pins, till, accounting.record, keeps_bodies=config.keep_bodies)
    attempts = Attempts(upstream, clock, till, config.reliability, random.random)
    dispatcher = Dispatcher(attempts, Retries(config.reliability.retry_percent, policy.board, clock))
    planner = Planner(policy, pins, _moments(clock, accounting, sessions))
    return Pipeline(limiter, planner, dispatcher, settler, clock, Kept(policy, upstream, pins))


def _moments(clock: Clock, accounting: Accounting, sessions: Sessions) -> Moments:
    return Moments(clock, random.random, accounting.prices, sessions)


def needs_local(policy: Policy) -> bool:
    """Whether a call may come to the local model: no provider has a key, or a model's targets name it."""
    return not keyed(policy) or any(name == "local" for model in policy.models.values() for name, _ in model.targets)


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
