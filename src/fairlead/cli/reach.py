"""What `ai doctor` finds out over the network: the providers, their keys, the port, the clock."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from errno import EACCES, EADDRINUSE
from typing import Literal

from fairlead import app
from fairlead.cli.checks import Check
from fairlead.clock import Clock
from fairlead.config.env_files import origin
from fairlead.config.schema import Config, Server
from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.http.server import bind
from fairlead.providers.row import Provider
from fairlead.routing.plan import LAST_RESORT
from fairlead.routing.policy import Policy
from fairlead.routing.target import why_not
from fairlead.upstream import secrets
from fairlead.upstream.api import Clocks, Request, Upstream
from fairlead.upstream.paths import full_path

_CLOCKS = Clocks(connect=3.0, first_byte=5.0, idle=3.0, total=8.0)
_PATIENCE = 9.0
# https://platform.claude.com/docs/en/api/versioning: a request without it is refused
_VERSION = {"anthropic-messages": (("anthropic-version", "2023-06-01"),)}
_SKEW, _FAR_OFF = 30.0, 300.0
_THIS_YEAR = 1767225600.0  # 2026-01-01, before which there was no Fairlead
_REMEDY = {
    FailureKind.TLS: "its certificate is not trusted here; see SSL_CERT_FILE, or a proxy that replaces certificates",
    FailureKind.PROXY: "see HTTPS_PROXY and NO_PROXY",
    FailureKind.ADDRESS: "where that is meant, say `private_network: true` in its entry; else look at your DNS",
    FailureKind.REDIRECT: "give `base_url` the address that it redirects to",
    FailureKind.BAD_RESPONSE: "see that `base_url` is an API's",
}


@dataclass(frozen=True, slots=True)
class _Heard:
    status: int
    date: str | None
    ours: bool


async def all_checks(policy: Policy, config: Config, environ: Mapping[str, str], *, offline: bool) -> list[Check]:
    """The checks of providers, port and clock. With `offline`, only what needs nobody else."""
    clock = Clock()
    upstream = app.outbound(environ, clock)
    there = (p for p in policy.providers.values() if p.configured and p.name not in LAST_RESORT)
    providers = [_with_origin(provider, environ) for provider in there]
    try:
        # Those sign each request, which takes more than a key.
        asked = () if offline else [p for p in providers if p.usable and p.auth not in ("aws", "google")]
        found = await asyncio.gather(*(_provider(upstream, p) for p in asked))
        port = await _port(upstream, config.server)
    finally:
        await upstream.aclose()
    checks = {check.name: check for check, _ in found}
    told = [checks.get(f"provider {p.name}") or _unasked(p) for p in providers]
    return [*told, port, _clock(clock.wall(), [date for _, date in found if date])]


def _with_origin(provider: Provider, environ: Mapping[str, str]) -> Provider:
    """The provider, with the file that its key's variable stands in."""
    place = origin(environ, provider.key_source or "")
    if place.startswith("environment"):
        return provider
    return replace(provider, key_source=f"{provider.key_source} of {place}")


async def _provider(upstream: Upstream, provider: Provider) -> tuple[Check, str | None]:
    name = f"provider {provider.name}"
    try:
        async with asyncio.timeout(_PATIENCE):
            path = full_path(provider, "", "/models")
            heard = await _get(upstream, provider, path)
            keyless = replace(provider, api_key=None)
            open_to_all = heard.status == 200 and (await _get(upstream, keyless, path)).status == 200
    except UpstreamFailure as caught:
        kind = caught.failure.kind
        remedy = _REMEDY.get(kind, f"see that this machine reaches {provider.base_url}, perhaps by HTTPS_PROXY")
        return Check(name, "fail", caught.failure.detail, remedy), None
    except TimeoutError:
        return Check(name, "fail", f"no answer within {_PATIENCE:g} s", "see that this machine reaches it"), None
    return _heard_of(provider, heard, open_to_all), heard.date


def _heard_of(provider: Provider, heard: _Heard, open_to_all: bool) -> Check:
    name, key = f"provider {provider.name}", _key(provider)
    if heard.status in (401, 403):
        remedy = f"put a key that is good into {' or '.join(provider.key_env) or 'its entry'}"
        refused = f"it refuses {key}" if provider.api_key else "it wants a key"
        return Check(name, "fail", f"{refused} (HTTP {heard.status})", remedy)
    if heard.status == 200:
        if provider.api_key is None:
            return Check(name, "ok", "answers, and needs no key")
        said = "its list of models is open to all, so the key was not tried" if open_to_all else "the key is good"
        return Check(name, "ok", f"answers; {key}: {said}{_only_by_name(provider)}")
    if heard.status in (404, 405):
        return Check(name, "ok", f"answers; it lists no models, so {key} was not tried{_only_by_name(provider)}")
    return Check(name, "warn", f"answers with HTTP {heard.status}", "try again later, or see its status page")


def _only_by_name(provider: Provider) -> str:
    """What is said of one of which a call must name the model."""
    if provider.default_model or provider.serves != "own":
        return ""
    return f"; it has no default model: a call names one, as `@{provider.name}/MODEL`"


def _unasked(provider: Provider) -> Check:
    name = f"provider {provider.name}"
    if provider.usable:
        return Check(name, "ok", f"{_key(provider)}; not asked{_only_by_name(provider)}")
    if provider.offline:
        return Check(name, "ok", f"not asked: {why_not(provider)}")
    if not provider.base_url:
        return Check(name, "warn", why_not(provider), "set it, or give its entry a `base_url`")
    missing = " or ".join(provider.key_env) or "its key"
    return Check(name, "warn", f"no key: {missing} is not set", f"set {missing} to use it")


def _key(provider: Provider) -> str:
    if provider.api_key is None:
        return "no key"
    source = "the configuration's key" if provider.key_source == "config" else provider.key_source
    ending = secrets.ending(provider)
    return f"{source} (ends in {ending})" if ending else f"{source}"


async def _port(upstream: Upstream, server: Server) -> Check:
    name = f"port {server.port}"
    try:
        bind(server.host, server.port).close()
    except OSError as error:
        if error.errno == EADDRINUSE:
            return await _taken(upstream, server, name)
        remedy = "choose one above 1023" if error.errno == EACCES else "give `server.host` an address of this machine"
        return Check(name, "fail", f"cannot listen on {server.host}: {error.strerror}", remedy)
    return Check(name, "ok", f"free on {server.host}")


async def _taken(upstream: Upstream, server: Server, name: str) -> Check:
    host = f"[{server.host}]" if ":" in server.host else server.host
    there = Provider("port", "openai-chat", f"http://{host}:{server.port}", None, private_network=True)
    try:
        async with asyncio.timeout(_PATIENCE):
            heard = await _get(upstream, there, "/v1/models")
    except (UpstreamFailure, TimeoutError):
        heard = None
    if heard is not None and heard.ours:
        return Check(name, "ok", f"a Fairlead listens on {server.host}")
    return Check(name, "warn", f"another program listens on {server.host}", "`ai serve --port PORT` takes another")


async def _get(upstream: Upstream, provider: Provider, path: str) -> _Heard:
    response = await upstream.send(
        Request(provider, "GET", path, b"", _CLOCKS, headers=list(_VERSION.get(provider.dialect, ())))
    )
    try:
        date = response.header(b"date")
        ours = response.header(b"x-fairlead-request-id") is not None
        return _Heard(response.status, date.decode("latin-1") if date else None, ours)
    finally:
        response.close()


def _clock(now: float, dates: list[str]) -> Check:
    skews = sorted((now - then for then in _times(dates)), key=abs)
    remedy = "set this machine's clock, for example by NTP"
    if not skews:
        ok = now >= _THIS_YEAR
        return Check("clock", "ok", "nobody to compare it with") if ok else Check("clock", "fail", "far behind", remedy)
    # Of several witnesses the one that agrees best: a provider's clock may be wrong too.
    skew = skews[0]
    if abs(skew) < _SKEW:
        return Check("clock", "ok", "agrees with the providers'")
    behind = "behind" if skew < 0 else "ahead of"
    status: Literal["warn", "fail"] = "fail" if abs(skew) > _FAR_OFF else "warn"
    return Check("clock", status, f"{abs(skew):.0f} s {behind} the providers'", remedy)


def _times(dates: list[str]) -> Iterator[float]:
    for date in dates:
        try:
            yield parsedate_to_datetime(date).timestamp()
        except ValueError:
            continue
