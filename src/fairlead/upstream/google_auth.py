"""Access tokens of Google: what to ask for them with, and what the reply says. No network, and no clock.

A key is one of these: the JSON of a service account's key; the JSON that `gcloud auth application-default login`
leaves; or an access token that somebody else keeps fresh.
Source: https://developers.google.com/identity/protocols/oauth2/service-account#httprest.
"""

import math
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from fairlead.dialects import lenient
from fairlead.errors import ConfigError, FailureKind, UpstreamFailure

TOKEN_URL: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
CONTENT_TYPE: Final = "application/x-www-form-urlencoded"
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_CREDENTIALS: Final = ("assertion", "client_secret", "refresh_token")
_HOUR: Final = 3600
# A token is renewed this long before its end, so that none ends on its way.
_MARGIN: Final = 300.0
_SHOWN: Final = 200
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account's key, with which we sign that we are it."""

    email: str
    private_key: str = field(repr=False)
    key_id: str | None = None
    token_url: str = TOKEN_URL


@dataclass(frozen=True, slots=True)
class AuthorizedUser:
    """A person who let a program act for them."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    token_url: str = TOKEN_URL


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and when it ends (Unix seconds)."""

    value: str = field(repr=False)
    expires: float = math.inf

    def good(self, at: float) -> bool:
        """Whether a call that begins at `at` can use it."""
        return self.expires - at > _MARGIN


def credentials(text: str) -> ServiceAccount | AuthorizedUser | Token:
    """What a configured key is. Raises `ConfigError`."""
    text = text.strip()
    if not text.startswith("{"):
        return Token(text)
    value = lenient.members(text.encode())
    kind = value.get("type")
    if kind == "service_account":
        key_id = value.get("private_key_id")
        return ServiceAccount(
            _needed(value, "client_email"),
            _needed(value, "private_key"),
            key_id if isinstance(key_id, str) else None,
            _token_url(value),
        )
    if kind == "authorized_user":
        needed = (_needed(value, name) for name in ("client_id", "client_secret", "refresh_token"))
        return AuthorizedUser(*needed)
    raise ConfigError(
        f"Google's key is of the type {str(kind)[:40]!r}, which is not known here",
        hint="give the JSON key of a service account, that of `gcloud auth application-default login`, or a token",
    )


def _needed(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found:
        raise ConfigError(f"Google's key has no `{name}`", hint="download the key again, and give the whole file")
    return found


def _token_url(value: dict[str, Any]) -> str:
    url = value.get("token_uri")
    if url is None:
        return TOKEN_URL
    if not isinstance(url, str) or not url.startswith("https://"):
        raise ConfigError("`token_uri` of Google's key must begin with https://", hint=f"it is {TOKEN_URL}")
    return url


def request_body(account: ServiceAccount | AuthorizedUser, at: float) -> bytes:
    """The form to POST to `account.token_url` at `at` (Unix seconds). Raises `ConfigError`."""
    if isinstance(account, ServiceAccount):
        return urlencode({"grant_type": _GRANT, "assertion": assertion(account, at)}).encode()
    form = {
        "grant_type": "refresh_token",
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "refresh_token": account.refresh_token,
    }
    return urlencode(form).encode()


def shown(body: bytes) -> list[str]:
    """What of such a form is a credential."""
    return [value for name, value in parse_qsl(body.decode()) if name in _CREDENTIALS]


def assertion(account: ServiceAccount, at: float) -> str:
    """A JWT, good for an hour, in which the account asks for a token."""
    head = {"alg": "RS256", "typ": "JWT"} | ({"kid": account.key_id} if account.key_id else {})
    claims = {
        "iss": account.email,
        "scope": _SCOPE,
        "aud": account.token_url,
        "iat": int(at),
        "exp": int(at) + _HOUR,
    }
    told = b".".join(_base64(_encode(part)) for part in (head, claims))
    return (told + b"." + _base64(_rs256(account.private_key, told))).decode()


def _base64(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _rs256(private_key: str, data: bytes) -> bytes:
    """The signature. RSA is the one thing here that the standard library lacks."""
    try:
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - few need it
        from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "a service account of Google needs the package `cryptography`",
            hint="`pip install 'fairlead[google]'`, or give an access token in place of the key",
        ) from None
    try:
        key = serialization.load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError(
            "`private_key` of Google's key is no RSA key", hint="download the key again, and give the whole file"
        )
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def read_token(status: int, body: bytes, at: float) -> Token:
    """The token in a reply that came at `at`. Raises `UpstreamFailure`, whose detail has nothing secret in it."""
    said = lenient.members(body)
    if status == 200:
        value = lenient.word(said, "access_token")
        if not value:
            raise UpstreamFailure(FailureKind.BAD_RESPONSE, "Google's reply has no `access_token`", status=status)
        return Token(value, at + (lenient.count(said, "expires_in") or _HOUR))
    why = lenient.word(said, "error_description") or lenient.word(said, "error") or f"HTTP {status}"
    kind = FailureKind.AUTH if 400 <= status < 500 and status != 429 else FailureKind.SERVER
    raise UpstreamFailure(kind, f"Google gives no access token: {why[:_SHOWN]}", status=status)
