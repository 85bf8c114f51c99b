"""One dialect at several hosts: Azure, DIAL, Vertex and Bedrock differ in paths, queries and in how a key is shown."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import trustme  # noqa: F401 - the key below is made with what it brings
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.gateway import ask, one_provider, running
from tests.support.scripted import Connection, Received, Script, reply, scripted
from tests.translate.vendors import TEXT, VENDORS, Said, answering_as

CHAT, GEMINI, MESSAGES, CONVERSE = (
    answering_as(VENDORS[name], Said()) for name in ("openai-chat", "gemini", "anthropic-messages", "bedrock-converse")
)


async def asked(folder: Path, script: Script, url_path: str = "", stream: bool = False, **entry: Any) -> Received:
    """The request that a provider with this entry gets for a call; the call must succeed."""
    async with (
        scripted(script) as up,
        running(folder, one_provider(up.url.removesuffix("/v1") + url_path, **entry)) as gateway,
    ):
        got = await gateway.post(ask(stream=stream))
        assert got.status == 200, got.body
        assert got.text == TEXT
    return up.received[-1]


@pytest.mark.parametrize("version", ["2024-12-01-preview", None])
async def test_azure_and_dial_have_the_model_in_the_path_and_the_key_in_their_own_header(
    version: str | None, tmp_path: Path
) -> None:
    request = await asked(
        tmp_path, CHAT, dialect="openai-chat", paths="deployments", auth="api-key", api_version=version
    )
    query = f"?api-version={version}" if version else ""
    assert request.path == f"/openai/deployments/up-model/chat/completions{query}"
    assert request.headers["api-key"] == "up-secret-key"
    assert "authorization" not in request.headers


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_gemini_at_vertex(stream: bool, tmp_path: Path) -> None:
    base = "/v1/projects/p/locations/l"
    request = await asked(
        tmp_path, GEMINI, base, stream, dialect="gemini", paths="vertex", auth="google", api_key="token"
    )
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    assert request.path == f"{base}/publishers/google/models/up-model:{verb}"
    assert request.headers["authorization"] == "Bearer token"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_claude_at_vertex(stream: bool, tmp_path: Path) -> None:
    request = await asked(
        tmp_path, MESSAGES, stream=stream, dialect="anthropic-messages", paths="vertex", auth="google", api_key="token"
    )
    assert request.path == f"/publishers/anthropic/models/up-model:{'streamRawPredict' if stream else 'rawPredict'}"
    assert "model" not in request.json
    assert request.json["anthropic_version"] == "vertex-2023-10-16"


async def test_a_service_account_gets_one_token_for_many_calls(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    tokens: list[bytes] = []

    async def google(connection: Connection) -> None:
        while request := await connection.request():
            if request.path == "/token":
                tokens.append(request.body)
                await connection.send(reply({"access_token": "lent", "expires_in": 3600}))
            else:
                await connection.send(reply(VENDORS["gemini"].whole(Said())))

    async with scripted(google) as up:
        account = {
            "type": "service_account", "client_email": "a@b", "private_key": key.decode(),
            "token_uri": up.url.removesuffix("/v1").replace("http:", "https:") + "/token",
        }  # fmt: skip
        settings = one_provider(up.url, dialect="gemini", paths="vertex", auth="google", api_key=json.dumps(account))
        async with running(tmp_path, settings) as gateway:
            refused = await gateway.post(ask())
    # The token's address must be https, and nothing listens there with a certificate: the account is not sent in clear.
    assert refused.status in (502, 503)
    assert tokens == []
    assert "PRIVATE KEY" not in refused.body.decode()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_bedrock_is_signed_to(stream: bool, tmp_path: Path) -> None:
    request = await asked(
        tmp_path, CONVERSE, stream=stream, dialect="bedrock-converse", api_key="AKID:secret:session", region="eu-west-1"
    )
    assert request.path == f"/model/up-model/{'converse-stream' if stream else 'converse'}"
    assert request.headers["x-amz-security-token"] == "session"
    proof = request.headers["authorization"]
    assert re.match(r"AWS4-HMAC-SHA256 Credential=AKID/\d{8}/eu-west-1/bedrock/aws4_request, SignedHeaders=", proof)
    assert "secret" not in proof


async def test_bedrocks_own_keys_are_shown_as_they_are(tmp_path: Path) -> None:
    request = await asked(tmp_path, CONVERSE, dialect="bedrock-converse", api_key="bedrock-api-key-x")
    assert request.headers["authorization"] == "Bearer bedrock-api-key-x"


async def test_a_region_that_nobody_knows_is_said(tmp_path: Path) -> None:
    async with (
        scripted(CONVERSE) as up,
        running(tmp_path, one_provider(up.url, dialect="bedrock-converse", api_key="AKID:secret")) as gateway,
    ):
        got = await gateway.post(ask())
    assert got.status == 502
    assert "the region is not known" in got.json["error"]["message"]
