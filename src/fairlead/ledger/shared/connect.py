"""A client for the Redis that a URL names: one server, those that Sentinels know, or a cluster."""

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from fairlead.errors import ConfigError

if TYPE_CHECKING:
    from redis.asyncio import Redis, RedisCluster

HINT: Final = "redis://:PASSWORD@HOST:6379/0, rediss://, redis+cluster://HOST, or redis+sentinel://HOST,HOST/SERVICE"
_SENTINEL_PORT: Final = 26379
# Each caller has a deadline of its own, which is shorter; these end what nobody waits for any more.
_PATIENCE: Final = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0}
_SCHEMES: Final = {
    f"{name}{tls}{how}": (f"redis{tls}", how[1:])
    for name in ("redis", "valkey")
    for tls in ("", "s")
    for how in ("", "+sentinel", "+cluster")
} | {"unix": ("unix", "")}


def connect(url: str) -> "Redis | RedisCluster":
    """A client that has not connected yet. Raises `ConfigError`, which does not say what is secret in the URL."""
    try:
        import redis.asyncio  # noqa: F401, PLC0415 - only who has configured it needs it
    except ModuleNotFoundError:
        raise ConfigError("`redis` needs a client", hint="pip install 'fairlead[redis]'") from None
    try:
        parts = urlsplit(url)
        if not parts.netloc and not parts.path:
            raise ValueError
        scheme, how = _SCHEMES[parts.scheme]
        return _client(parts._replace(scheme=scheme), how)
    except (KeyError, ValueError, TypeError):
        raise ConfigError("`redis` is no URL of a Redis", hint=HINT) from None


async def disconnect(client: "Redis | RedisCluster") -> None:
    """Let go of every connection, and of those to Sentinels."""
    await client.aclose()
    manager = getattr(getattr(client, "connection_pool", None), "sentinel_manager", None)
    for sentinel in manager.sentinels if manager else ():
        await sentinel.aclose()


def failures() -> tuple[type[Exception], ...]:
    """What a client raises that was not answered, or not as it hoped."""
    from redis.exceptions import RedisError  # noqa: PLC0415

    return TimeoutError, OSError, RedisError


def where(url: str) -> str:
    """Which Redis, without its password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _client(parts: SplitResult, how: str) -> "Redis | RedisCluster":
    from redis.asyncio import Redis, RedisCluster  # noqa: PLC0415
    from redis.asyncio.retry import Retry  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415

    options: dict[str, Any] = {**_PATIENCE, "retry": Retry(NoBackoff(), 0), "decode_responses": True}
    if how == "sentinel":
        return _through_sentinels(parts, options)
    if parts.scheme != "unix" and parts.path.strip("/"):
        int(parts.path.strip("/"))
    if how == "cluster":
        return RedisCluster.from_url(parts.geturl(), **options)
    return Redis.from_url(parts.geturl(), **options)


def _through_sentinels(parts: SplitResult, options: dict[str, Any]) -> "Redis":
    from redis.asyncio.sentinel import Sentinel  # noqa: PLC0415

    secrets, _, hosts = parts.netloc.rpartition("@")
    user, _, password = secrets.partition(":")
    service, _, number = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError
    known = [_host(each) for each in hosts.split(",")]
    options |= {"ssl": parts.scheme == "rediss", "db": int(number or 0)}
    if secrets:
        options |= {"username": unquote(user) or None, "password": unquote(password)}
    sentinel = Sentinel(known, sentinel_kwargs=dict(_PATIENCE), **options)  # type: ignore[no-untyped-call]
    client: Redis = sentinel.master_for(service)
    return client


def _host(said: str) -> tuple[str, int]:
    name, _, port = said.rpartition(":") if said.rpartition(":")[2].isdigit() else (said, "", "")
    if not name:
        raise ValueError
    return name.strip("[]"), int(port or _SENTINEL_PORT)
