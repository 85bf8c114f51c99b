"""Signatures of AWS, version 4: what a request needs to be believed. Pure; the time comes from the caller.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. Amazon Bedrock's
own API keys need none of it: they go into `authorization: Bearer`
(https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from hashlib import sha256
from hmac import digest
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from fairlead.errors import ConfigError

Headers = list[tuple[str, str]]

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_PORTS: Final = {"http": 80, "https": 443}
# Whoever stands between may change these.
_UNSIGNED: Final = frozenset(
    {"authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"}
)
_REGION = re.compile(r"(?:^|\.)bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key of AWS; `session_token` belongs to one that is lent for a while."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def credentials(text: str) -> Credentials:
    """The credentials in `ACCESS_KEY:SECRET_KEY` or `ACCESS_KEY:SECRET_KEY:SESSION_TOKEN`."""
    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in (2, 3) or not all(parts):
        raise ConfigError(
            "the key is none of AWS's", hint="write ACCESS_KEY_ID:SECRET_ACCESS_KEY, and :SESSION_TOKEN if there is one"
        )
    return Credentials(*parts)


def region_of(host: str) -> str | None:
    """The region that Bedrock's host name says; None for any other host."""
    found = _REGION.search(host)
    return found[1] if found else None


def sign(
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    credentials: Credentials,
    region: str,
    service: str = "bedrock",
    *,
    at: float,
) -> Headers:
    """The headers to add to a request that is sent at `at` (Unix seconds): its date, the token, and the signature.

    `url` is the one that is sent, percent-encoded as it is sent. Every header given is signed, but for those that
    others change on the way, and `host` is, given or not.
    """
    parts = urlsplit(url)
    stamp = parsedate_to_datetime(formatdate(at, usegmt=True)).strftime("%Y%m%dT%H%M%SZ")
    added: Headers = [("x-amz-date", stamp)]
    if credentials.session_token:
        added.append(("x-amz-security-token", credentials.session_token))
    signed = _signed([*headers, *added], parts)
    names = ";".join(signed)
    lines = [method.upper(), _path(parts.path), _query(parts.query)]
    lines += [f"{name}:{value}" for name, value in signed.items()]
    lines += ["", names, sha256(body).hexdigest()]
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    told = "\n".join([_ALGORITHM, stamp, scope, sha256("\n".join(lines).encode()).hexdigest()])
    key = f"AWS4{credentials.secret_key}".encode()
    for each in scope.split("/"):
        key = digest(key, each.encode(), "sha256")
    signature = digest(key, told.encode(), "sha256").hex()
    proof = f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return [*added, ("authorization", proof)]


def _signed(headers: Headers, url: SplitResult) -> dict[str, str]:
    """The headers that are signed, in order; one that is repeated has its values joined."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        if (lower := name.strip().lower()) not in _UNSIGNED:
            values.setdefault(lower, []).append(" ".join(value.split()))
    values.setdefault("host", [_host(url)])
    return {name: ",".join(values[name]) for name in sorted(values)}


def _host(url: SplitResult) -> str:
    """What a client says in `host`: with the port, unless it is the scheme's own."""
    host = url.netloc.rpartition("@")[2].lower()
    port = _PORTS.get(url.scheme)
    return host.removesuffix(f":{port}") if url.port == port else host


def _path(path: str) -> str:
    """The path without dots and empty segments, encoded once more: only S3 signs it as it is sent."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    ends = "/" if kept and path.endswith("/") else ""
    return quote("/" + "/".join(kept) + ends, safe="/~")


def _query(query: str) -> str:
    """The query in order of names, then of values."""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&")) if query else []
    return "&".join(f"{name}={value}" for name, value in pairs)
