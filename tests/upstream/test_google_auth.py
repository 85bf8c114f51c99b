"""Google's access tokens: what we ask with, and what the reply says."""

import json
import math
import sys
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from fairlead.errors import ConfigError, FailureKind, UpstreamFailure
from fairlead.upstream import google_auth
from fairlead.upstream.google_auth import AuthorizedUser, ServiceAccount, Token

NOW = 1795263000.25
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: Any) -> str:
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return str(key.private_bytes(serialization.Encoding.PEM, form, none).decode())


# The members of a key file as Google's console gives it.
FILE: dict[str, Any] = {
    "type": "service_account",
    "project_id": "p",
    "private_key_id": "k1",
    "private_key": pem(KEY),
    "client_email": "robot@p.iam.gserviceaccount.com",
    "client_id": "1",
    "auth_uri": "https://accounts.google.com/o/oauth2/auth",
    "token_uri": "https://oauth2.googleapis.com/token",
    "universe_domain": "googleapis.com",
}
USER = {"type": "authorized_user", "client_id": "c", "client_secret": "s&", "refresh_token": "1//r", "account": ""}


def account(**members: Any) -> ServiceAccount:
    found = google_auth.credentials(json.dumps({**FILE, **members}))
    assert isinstance(found, ServiceAccount)
    return found


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_service_account_signs_that_it_is_itself_for_an_hour() -> None:
    form = parse_qs(google_auth.request_body(account(), NOW).decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    head, claims, signature = form["assertion"][0].split(".")
    assert json.loads(decoded(head)) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert json.loads(decoded(claims)) == {
        "iss": "robot@p.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": 1795263000,
        "exp": 1795266600,
    }
    told = f"{head}.{claims}".encode()
    KEY.public_key().verify(decoded(signature), told, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(decoded(signature), told + b"x", padding.PKCS1v15(), hashes.SHA256())


def test_a_person_asks_with_a_refresh_token() -> None:
    user = google_auth.credentials(json.dumps(USER))
    assert user == AuthorizedUser("c", "s&", "1//r")
    assert isinstance(user, AuthorizedUser)
    assert parse_qs(google_auth.request_body(user, NOW).decode()) == {
        "grant_type": ["refresh_token"],
        "client_id": ["c"],
        "client_secret": ["s&"],
        "refresh_token": ["1//r"],
    }


def test_a_ready_token_is_taken_as_it_is() -> None:
    token = google_auth.credentials(" ya29.token\n")
    assert token == Token("ya29.token", math.inf)
    assert isinstance(token, Token)
    assert token.good(NOW)


def test_nothing_secret_is_shown() -> None:
    for value in (account(), google_auth.credentials(json.dumps(USER)), Token("ya29.token")):
        assert not any(secret in repr(value) for secret in ("PRIVATE KEY", "s&", "1//r", "ya29"))


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"type": "external_account"}, "external_account"),
        ({"type": None}, "type"),
        ({"client_email": ""}, "client_email"),
        ({"private_key": 7}, "private_key"),
        ({"token_uri": "http://169.254.169.254/"}, "token_uri"),
        ({"token_uri": 7}, "token_uri"),
        ({"type": "authorized_user"}, "client_secret"),
    ],
)
def test_a_key_that_is_wrong_is_named_with_a_remedy(members: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        account(**members)
    assert caught.value.hint


@pytest.mark.parametrize("key", ["", "nonsense", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_key_that_is_no_rsa_key_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="no RSA key") as caught:
        google_auth.request_body(ServiceAccount("e", key), NOW)
    assert caught.value.hint


def test_without_the_package_for_rsa_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    with pytest.raises(ConfigError, match="needs the package `cryptography`") as caught:
        google_auth.request_body(account(), NOW)
    assert "fairlead[google]" in (caught.value.hint or "")


def test_a_token_is_good_until_shortly_before_its_end() -> None:
    body = b'{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"}'
    token = google_auth.read_token(200, body, NOW)
    assert token == Token("ya29.x", NOW + 3599)
    assert token.good(NOW)
    assert token.good(NOW + 3200)
    assert not token.good(NOW + 3400)
    assert google_auth.read_token(200, b'{"access_token":"t","expires_in":"x"}', NOW).expires == NOW + 3600


@pytest.mark.parametrize(
    ("status", "body", "kind", "why"),
    [
        (400, b'{"error":"invalid_grant","error_description":"Invalid JWT Signature."}', FailureKind.AUTH, "Signature"),
        (401, b'{"error":"unauthorized_client"}', FailureKind.AUTH, "unauthorized_client"),
        (429, b"", FailureKind.SERVER, "HTTP 429"),
        (503, b"<html>", FailureKind.SERVER, "HTTP 503"),
        (200, b'{"access_token":7}', FailureKind.BAD_RESPONSE, "access_token"),
        (200, b"[]", FailureKind.BAD_RESPONSE, "access_token"),
    ],
)
def test_a_refusal_says_why(status: int, body: bytes, kind: FailureKind, why: str) -> None:
    with pytest.raises(UpstreamFailure, match=why) as caught:
        google_auth.read_token(status, body, NOW)
    assert caught.value.failure.kind is kind
