"""Who we are, where a header with a key will not do: a signature for AWS, an access token for Google."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import Final

from fairlead.clock import Clock
from fairlead.errors import ConfigError, FailureKind, UpstreamFailure
from fairlead.providers.row import Provider
from fairlead.secret import Secret
from fairlead.upstream import google_auth, secrets, sigv4
from fairlead.upstream.api import Clocks, Request, Response
from fairlead.upstream.google_auth import AuthorizedUser, ServiceAccount, Token

Headers = list[tuple[str, str]]
Send = Callable[[Request], Awaitable[Response]]
_NOT_YET = Token("", -math.inf)
_TOKEN_CLOCKS = Clocks(first_byte=15.0, idle=15.0, total=30.0)
# AWS takes a signature that is five minutes old. What it says of one that is older, or not yet due:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
_SKEW: Final = 240.0
_EXPIRED: Final = (b"InvalidSignatureException", b"RequestExpired", b"RequestTimeTooSkewed", b"SignatureDoesNotMatch")


class Proofs:
    """Makes the headers that prove a request. Keeps access tokens until shortly before their end."""

    def __init__(self, send: Send, clock: Clock) -> None:
        self._send = send
        self._clock = clock
        self._tokens: dict[str, tuple[Secret, Token]] = {}
        self._asking: dict[str, asyncio.Lock] = {}
        self._failed: dict[str, tuple[float, UpstreamFailure]] = {}
        self._ahead: dict[str, float] = {}

    async def of(self, request: Request) -> Headers:
        """The headers to add to a request. Raises `UpstreamFailure`."""
        try:
            if request.provider.auth == "aws":
                return self._of_aws(request)
            return [("authorization", f"Bearer {await self._token(request.provider)}")]
        except ConfigError as error:
            raise UpstreamFailure(FailureKind.AUTH, f"{error.message}; {error.hint}") from None

    def _of_aws(self, request: Request) -> Headers:
        """A signature, or the key itself where it is one of Bedrock's own, which has no two parts."""
        key = secrets.text(request.provider)
        if ":" not in key:
            return [("authorization", f"Bearer {key}")]
        url = request.provider.base_url + request.path
        host = url.partition("://")[2].partition("/")[0]
        region = request.provider.region or sigv4.region_of(host)
        if region is None:
            raise ConfigError("the region is not known", hint="set AWS_REGION, or `region` of the provider")
        headers = [("content-type", request.content_type), *request.headers]
        credentials = sigv4.credentials(key)
        at = self._clock.wall() + self._ahead.get(request.provider.name, 0.0)
        return sigv4.sign(request.method, url, headers, request.body, credentials, region, at=at)

    def learned(self, provider: Provider, response: Response) -> bool:
        """Whether AWS refused a signature because the clock here is wrong; from now on the provider's is gone by."""
        said = response.header(b"x-amzn-errortype") or b""
        if provider.auth != "aws" or not said.startswith(_EXPIRED):
            return False
        ahead = _time_of(response) - self._clock.wall()
        if not abs(ahead - self._ahead.get(provider.name, 0.0)) > _SKEW:
            return False
        self._ahead[provider.name] = ahead
        return True

    async def _token(self, provider: Provider) -> str:
        # One asks, and whoever comes meanwhile waits for the same answer, good or bad.
        came = self._clock.monotonic()
        async with self._asking.setdefault(provider.name, asyncio.Lock()):
            held = self._tokens.get(provider.name)
            token = held[1] if held is not None and held[0] is provider.api_key else _NOT_YET
            if not token.good(self._clock.wall()):
                token = await self._asked_once(provider, came)
                if provider.api_key is not None:
                    self._tokens[provider.name] = (provider.api_key, token)
            return token.value

    async def _asked_once(self, provider: Provider, came: float) -> Token:
        at, failed = self._failed.get(provider.name, (-math.inf, None))
        if failed is not None and at > came:
            raise UpstreamFailure(failed.failure.kind, failed.failure.detail, status=failed.failure.status)
        try:
            token = await self._asked(provider)
        except UpstreamFailure as caught:
            kept = UpstreamFailure(caught.failure.kind, caught.failure.detail, status=caught.failure.status)
            self._failed[provider.name] = (self._clock.monotonic(), kept)
            raise
        self._failed.pop(provider.name, None)
        return token

    async def _asked(self, provider: Provider) -> Token:
        account = google_auth.credentials(secrets.text(provider))
        if isinstance(account, Token):
            return account
        asking = google_auth.request_body(account, self._clock.wall())
        secrets.lend(provider, *google_auth.shown(asking))
        response = await self._send(_token_request(provider, account, asking))
        try:
            body = await response.read()
        except BaseException:
            response.close()
            raise
        if response.status != 200:
            body = secrets.redact(provider, body)
        token = google_auth.read_token(response.status, body, self._clock.wall())
        secrets.lend(provider, token.value)
        return token


def _time_of(response: Response) -> float:
    """What time it is there, in Unix seconds; not a number where it does not say."""
    try:
        return parsedate_to_datetime((response.header(b"date") or b"").decode("latin-1")).timestamp()
    except (ValueError, OverflowError):
        return math.nan


def _token_request(asked: Provider, account: ServiceAccount | AuthorizedUser, body: bytes) -> Request:
    issuer = Provider("google's token service", "", account.token_url, None, private_network=asked.private_network)
    return Request(issuer, "POST", "", body, _TOKEN_CLOCKS, content_type=google_auth.CONTENT_TYPE)
