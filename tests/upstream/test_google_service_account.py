"""A service account of Google from its key file to an answer of Vertex AI: a signed JWT, a token for it, a call."""

import asyncio
import contextlib
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import trustme
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from fairlead.clock import Clock
from tests.support.gateway import FORGIVING, HttpReply, Running, ask, running
from tests.support.scripted import Connection, Received, Scripted, answering, completion, reply, scripted
from tests.upstream.conftest import served_by

PLACE = "/v1/projects/p/locations/global"
SAID = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "well"}]}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
}
HOUR = 3600


class Ahead(Clock):
    """The real clocks, both of which a test may push forward."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.monotonic = lambda: time.monotonic() + self.seconds
        self.wall = lambda: time.time() + self.seconds


@dataclass
class Cloud:
    """A gateway before Google's token service and Vertex AI, and `other`, who takes over."""

    gateway: Running
    google: Scripted
    vertex: Scripted
    other: Scripted
    clock: Ahead
    refusals: list[bytes] = field(default_factory=list)

    async def ask(self, model: str = "vertex/gemini-2.5-flash") -> HttpReply:
        return await self.gateway.post({**ask(), "model": model})

    @property
    def shown(self) -> list[str]:
        """The tokens that Vertex AI was shown."""
        return [each.headers["authorization"] for each in self.vertex.received]


Clouds = Callable[[], contextlib.AbstractAsyncContextManager[Cloud]]


@pytest.fixture
def cloud(authority: trustme.CA, trust: dict[str, str], account: dict[str, Any], tmp_path: Path) -> Clouds:
    @contextlib.asynccontextmanager
    async def make() -> AsyncIterator[Cloud]:
        refusals: list[bytes] = []
        given = 0

        async def tokens(connection: Connection) -> None:
            nonlocal given
            while await connection.request():
                if refusals:
                    await connection.send(refusals.pop(0))
                    continue
                given += 1
                await asyncio.sleep(0.05)  # so that others come meanwhile
                said = {"access_token": f"ya29.number-{given}", "expires_in": HOUR, "token_type": "Bearer"}
                await connection.send(reply(said))

        context = served_by(authority.issue_cert("localhost"))
        async with (
            scripted(tokens, ssl=context) as google,
            scripted(answering(reply(SAID)), ssl=context) as vertex,
            scripted(answering(reply(completion("rescued")))) as other,
        ):
            clock = Ahead()
            key_file = tmp_path / "key.json"
            key_file.write_text(json.dumps({**account, "token_uri": f"https://localhost:{google.port}/token"}))
            targets = [{"provider": "vertex", "model": "gemini-2.5-flash"}, {"provider": "other", "model": "m2"}]
            settings = {
                "providers": {
                    "vertex": {"base_url": f"https://localhost:{vertex.port}{PLACE}"},
                    "other": {"dialect": "openai-chat", "base_url": other.url, "api_key": "other-key-0123"},
                },
                "models": {"both": {"targets": targets}},
                "reliability": FORGIVING,  # each try is looked at by itself
            }
            environ = {**trust, "GOOGLE_APPLICATION_CREDENTIALS": str(key_file)}
            async with running(tmp_path, settings, environ, clock) as gateway:
                yield Cloud(gateway, google, vertex, other, clock, refusals)

    return make


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims(received: Received, public: rsa.RSAPublicKey) -> dict[str, Any]:
    """What a request for a token claims. Raises `InvalidSignature` where nobody with the key has signed that."""
    form = parse_qs(received.body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    told, _, signature = form["assertion"][0].rpartition(".")
    public.verify(decoded(signature), told.encode(), padding.PKCS1v15(), hashes.SHA256())
    head, said = (json.loads(decoded(part)) for part in told.split("."))
    assert head == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    return dict(said)


async def test_a_signed_claim_becomes_a_token_and_that_an_answer(
    cloud: Clouds, signing: rsa.RSAPrivateKey, account: dict[str, Any]
) -> None:
    async with cloud() as it:
        began = int(time.time())
        got = await it.ask()
        assert (got.status, got.text) == (200, "well")
        (asked,), (called,) = it.google.received, it.vertex.received
        assert (asked.method, asked.path) == ("POST", "/token")
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert "authorization" not in asked.headers
        said = claims(asked, signing.public_key())
        assert began <= said["iat"] <= time.time()
        assert said == {
            "iss": account["client_email"],
            "scope": "https://www.googleapis.com/auth/cloud-platform",
            "aud": f"https://localhost:{it.google.port}/token",
            "iat": said["iat"],
            "exp": said["iat"] + HOUR,
        }
        with pytest.raises(InvalidSignature):
            claims(asked, rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key())
        assert called.path == f"{PLACE}/publishers/google/models/gemini-2.5-flash:generateContent"
        assert it.shown == ["Bearer ya29.number-1"]
        assert not any("x-goog-api-key" in each.headers for each in it.vertex.received)


async def test_a_token_is_used_until_shortly_before_its_end(cloud: Clouds) -> None:
    async with cloud() as it:
        for ahead in (0, HOUR // 2, HOUR - 400, HOUR - 299, HOUR):
            it.clock.seconds = ahead
            assert (await it.ask()).status == 200
        first, second = "Bearer ya29.number-1", "Bearer ya29.number-2"
        assert it.shown == [first, first, first, second, second]
        assert len(it.google.received) == 2


async def test_calls_that_come_at_once_ask_for_one_token(cloud: Clouds) -> None:
    async with cloud() as it:
        told = await asyncio.gather(*(it.ask() for _ in range(8)))
        assert [each.status for each in told] == [200] * 8
        assert len(it.google.received) == 1
        assert {*it.shown} == {"Bearer ya29.number-1"}


GRANT = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
REFUSALS = {
    "a key that is revoked": (reply(GRANT, 400), "upstream_auth", "auth", "Invalid JWT Signature."),
    "a service that is down": (reply({"error": "internal_failure"}, 503), "upstream_error", "server", "internal_fail"),
    "no token in the reply": (reply({"expires_in": 1}), "upstream_bad_response", "bad_response", "access_token"),
    "no reply that is one": (b"nonsense\r\n\r\n", "upstream_bad_response", "bad_response", ""),
}


@pytest.mark.parametrize(("refusal", "code", "kind", "why"), REFUSALS.values(), ids=REFUSALS)
async def test_without_a_token_the_next_target_is_asked(
    cloud: Clouds, refusal: bytes, code: str, kind: str, why: str
) -> None:
    async with cloud() as it:
        it.refusals += [refusal] * 2
        alone = await it.ask()
        assert alone.status == (503 if code == "upstream_error" else 502)
        assert alone.error["code"] == code
        (attempt,) = alone.error["attempts"]
        assert attempt["failure"] == kind
        assert why in attempt["detail"]
        rescued = await it.ask("both")
        assert (rescued.text, rescued.headers["x-fairlead-provider"]) == ("rescued", "other")
        assert not it.vertex.received
        well = await it.ask("both")
        assert (well.text, well.headers["x-fairlead-provider"]) == ("well", "vertex")


async def test_a_token_service_that_is_not_there(cloud: Clouds) -> None:
    async with cloud() as it:
        assert it.google._server is not None
        it.google._server.close()
        alone = await it.ask()
        assert (alone.status, alone.error["code"]) == (503, "upstream_unavailable")
        assert (await it.ask("both")).text == "rescued"
        assert not it.vertex.received
