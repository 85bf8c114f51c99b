"""Where a call goes at providers that put the model into the path."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import RequestError
from fairlead.providers.row import Provider
from fairlead.upstream.paths import full_path, vertex_body
from tests.dialects.test_members import JSON


def provider(dialect: str = "openai-chat", paths: Any = "plain", version: str | None = None) -> Provider:
    return Provider("p", dialect, "https://h", None, paths=paths, api_version=version)


@given(st.text(max_size=9))
def test_a_plain_path_stays(model: str) -> None:
    assert full_path(provider(), model, "/chat/completions") == "/chat/completions"


def test_a_version_goes_into_the_query_of_any_path() -> None:
    assert full_path(provider(version="preview"), "m", "/responses") == "/responses?api-version=preview"
    assert full_path(provider(version="a b"), "m", "/x?y=1") == "/x?y=1&api-version=a%20b"


@pytest.mark.parametrize(
    "path",
    [
        "/chat/completions",
        "/completions",
        "/embeddings",
        "/images/generations",
        "/audio/speech",
        "/audio/transcriptions",
    ],
)
def test_azure_and_dial_serve_a_model_at_its_deployment(path: str) -> None:
    at = provider(paths="deployments", version="2024-12-01-preview")
    assert full_path(at, "gpt-4o", path) == f"/openai/deployments/gpt-4o{path}?api-version=2024-12-01-preview"
    assert full_path(at, "a/b c?#", path).startswith("/openai/deployments/a%2Fb%20c%3F%23/")


@pytest.mark.parametrize("path", ["/models", "/files", "/deployments"])
def test_what_has_no_deployment_stands_beside_them(path: str) -> None:
    assert full_path(provider(paths="deployments", version="v"), "m", path) == f"/openai{path}?api-version=v"


@pytest.mark.parametrize("version", [None, "2024-10-21", "2025-04-01-preview", "preview", "v1"])
def test_what_belongs_to_no_deployment_is_asked_for_by_the_newer_version(version: str | None) -> None:
    at = provider(paths="deployments", version=version)
    query = f"?api-version={version}" if version in ("preview", "v1") else ""
    for model, path in (("m", "/responses"), ("", "/responses/resp_1/cancel"), ("", "/chat/completions/chatcmpl-1")):
        assert full_path(at, model, path) == f"/openai/v1{path}{query}"


@pytest.mark.parametrize(
    ("path", "full"),
    [
        ("/models/gemini-2.5-flash:generateContent", "/publishers/google/models/gemini-2.5-flash:generateContent"),
        (
            "/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
            "/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        ),
        ("/models/a%2Fb:countTokens", "/publishers/google/models/a%2Fb:countTokens"),
        ("/cachedContents", "/cachedContents"),
    ],
)
def test_gemini_at_vertex_has_a_publisher(path: str, full: str) -> None:
    assert full_path(provider("gemini", "vertex"), "ignored", path) == full


def test_claude_at_vertex_is_predicted_raw() -> None:
    at, base = provider("anthropic-messages", "vertex"), "/publishers/anthropic/models"
    for path in ("/messages", "/v1/messages", "/v1/messages?beta=true"):
        assert full_path(at, "claude-opus-4@20250514", path) == f"{base}/claude-opus-4@20250514:rawPredict"
        assert full_path(at, "claude-opus-5", path, stream=True) == f"{base}/claude-opus-5:streamRawPredict"
        assert full_path(at, "a/b:c;d", path) == f"{base}/a%2Fb%3Ac%3Bd:rawPredict"
    assert full_path(at, "m", "/v1/messages/count_tokens") == f"{base}/count-tokens:rawPredict"


def test_openais_dialect_at_vertex_has_an_endpoint_of_its_own() -> None:
    at = provider("openai-chat", "vertex")
    assert full_path(at, "google/gemini-2.5-flash", "/chat/completions") == "/endpoints/openapi/chat/completions"


def test_recorded_bodies_lose_the_model_and_gain_the_version(shared: Path) -> None:
    with gzip.open(shared / "recordings" / "anthropic.jsonl.gz", "rt") as file:
        requests = [json.loads(line)["request"] for line in file]
    bodies = [each["body"].encode() for each in requests if each["path"].endswith("/messages")]
    assert bodies
    for body in bodies[:100]:
        said = {name: value for name, value in json.loads(body).items() if name != "model"}
        assert json.loads(vertex_body(body)) == {**said, "anthropic_version": "vertex-2023-10-16"}


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=3))
def test_all_else_of_a_body_stays(members: dict[str, Any]) -> None:
    said = json.loads(vertex_body(json.dumps({**members, "model": "m"}).encode()))
    assert said == {"anthropic_version": "vertex-2023-10-16"} | {k: v for k, v in members.items() if k != "model"}


def test_a_version_that_the_client_gave_stays() -> None:
    assert vertex_body(b'{"model":"m","anthropic_version":"v"}') == b'{"anthropic_version":"v"}'


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(RequestError):
        vertex_body(b"[]")
