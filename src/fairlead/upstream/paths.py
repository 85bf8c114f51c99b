"""Where a call goes: a dialect has one path for it; some providers want another one, with the model in it."""

import re
from typing import Final
from urllib.parse import quote

from fairlead.dialects.members import Members
from fairlead.providers.row import Provider

# What Azure serves at a deployment; all else stands beside the deployments.
_DEPLOYED: Final = ("/chat/completions", "/completions", "/embeddings", "/images/", "/audio/")
# What stands there under a version of its own, which takes none of the dated ones.
_NEWER: Final = ("/responses", "/chat/completions")
_NEWER_VERSIONS: Final = ("v1", "preview", "latest")
_GEMINI = re.compile(r"/models/([^/:?]+)(:.+)")
_ANTHROPIC_VERSION: Final = b'"vertex-2023-10-16"'


def full_path(provider: Provider, model: str, path: str, *, stream: bool = False) -> str:
    """What to append to the provider's base URL for a call whose path in its dialect is `path`.

    What a provider keeps is asked for by its id alone: `model` is empty then.
    """
    version = provider.api_version
    if provider.paths == "deployments":
        path, version = _deployment(model, path, version)
    elif provider.paths == "vertex":
        path = _vertex(provider.dialect, model, path, stream=stream)
    if version is None:
        return path
    return f"{path}{'&' if '?' in path else '?'}api-version={quote(version, safe='')}"


def _deployment(model: str, path: str, version: str | None) -> tuple[str, str | None]:
    """The path at Azure and at DIAL, whose base URL is that of the resource, and the version to ask for there.

    Responses, and completions that are kept, belong to no deployment: both serve them on the newer surface, by its
    `v1`. Who wants all there names it as the base URL (`/openai/v1`), where paths are plain.
    https://learn.microsoft.com/en-us/azure/foundry/openai/reference
    https://learn.microsoft.com/en-us/azure/ai-foundry/openai/how-to/stored-completions
    """
    if model and path.startswith(_DEPLOYED):
        return f"/openai/deployments/{quote(model, safe='')}{path}", version
    if path.startswith(_NEWER):
        return f"/openai/v1{path}", version if version in _NEWER_VERSIONS else None
    return f"/openai{path}", version


def _vertex(dialect: str, model: str, path: str, *, stream: bool) -> str:
    """The path at Vertex AI, whose base URL ends with `/v1/projects/PROJECT/locations/LOCATION`.

    https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude
    """
    if dialect == "gemini":
        found = _GEMINI.fullmatch(path)
        return f"/publishers/google/models/{found[1]}{found[2]}" if found else path
    if dialect == "anthropic-messages":
        place = path.partition("?")[0].removeprefix("/v1")
        if place == "/messages":
            verb = "streamRawPredict" if stream else "rawPredict"
            return f"/publishers/anthropic/models/{quote(model, safe='@')}:{verb}"
        if place == "/messages/count_tokens":
            return "/publishers/anthropic/models/count-tokens:rawPredict"
    return f"/endpoints/openapi{path}" if dialect == "openai-chat" else path


def full_body(provider: Provider, path: str, body: bytes) -> bytes:
    """The body of a call whose path in its dialect is `path`, as the provider takes it."""
    if provider.paths == "vertex" and path.startswith("/messages") and "count_tokens" not in path:
        return vertex_body(body)
    return body


def vertex_body(body: bytes) -> bytes:
    """An `anthropic-messages` body as Vertex AI takes it: the model stands in the path, the version in the body.

    The body for `count_tokens` keeps its model, and is not for this. Raises `RequestError` for what is no JSON object.
    """
    members = Members(body)
    changes: dict[str, bytes | None] = {"model": None}
    if "anthropic_version" not in members:
        changes["anthropic_version"] = _ANTHROPIC_VERSION
    return members.splice(changes)
