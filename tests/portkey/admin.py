"""Portkey's Admin API, as a script that keeps to its OpenAPI document."""

import functools
import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from tests.support.scripted import Connection, Script, completion, reply

DOCUMENT = Path(__file__).resolve().parents[3] / "shared" / "data" / "portkey-openapi.yaml.gz"
KEY = "pk-admin-0123456789"
UUID = "4e54a1a4-109c-43ee-b0f7-11e7d60b0066"
UNAUTHORIZED = {"success": False, "data": {"message": "Unauthorised Request"}}
# https://portkey.ai/docs/help-center/you-do-not-have-enough-permissions
NO_SCOPE = {
    "success": False,
    "data": {"message": "You do not have enough permissions to execute this request", "errorCode": "AB03"},
}
MISSING = {"success": False, "data": {"message": "Config not found", "errorCode": "AB07"}}


def listed(configs: Mapping[str, str], **status: str) -> dict[str, Any]:
    """What `GET /configs` gives: slugs with their names."""
    rows = [
        {
            "id": UUID, "name": name, "slug": slug, "organisation_id": UUID, "workspace_id": UUID, "is_default": 0,
            "status": status.get(slug.replace("-", "_"), "active"), "owner_id": UUID, "updated_by": UUID,
            "created_at": "2024-05-12T21:37:06.000Z", "last_updated_at": "2024-05-23T23:36:06.000Z",
        }
        for slug, name in configs.items()
    ]  # fmt: skip
    return {"success": True, "data": rows}


ONE = {
    "success": True,
    "data": {
        "config": {
            "retry": {"attempts": 5, "on_status_codes": [429, 529]},
            "cache": {"mode": "simple", "max_age": 3600},
            "strategy": {"mode": "fallback"},
            "targets": [{"provider": "openai", "virtual_key": "main-258f4d"}],
        }
    },
}


def portkey(
    configs: Mapping[str, str], elsewhere: tuple[str, ...] = (), key: str = KEY, scoped: bool = True, **status: str
) -> Script:
    """Portkey: its Admin API with these configs, those `elsewhere` told by id alone, and chat completions."""

    def answer(path: str) -> bytes:
        if not scoped:
            return reply(NO_SCOPE, 403)
        if path == "/v1/configs":
            return reply(listed(configs, **status))
        slug = path.removeprefix("/v1/configs/")
        return reply(ONE) if slug in (*configs, *elsewhere) else reply(MISSING, 404)

    async def script(connection: Connection) -> None:
        while request := await connection.request():
            if request.path == "/v1/chat/completions":
                await connection.send(reply(completion("hello")))
            elif request.path == "/v1/models":
                await connection.send(reply({"object": "list", "data": []}))
            elif request.headers.get("x-portkey-api-key") != key:
                await connection.send(reply(UNAUTHORIZED, 401))
            else:
                await connection.send(answer(request.path))

    return script


@functools.cache
def _document() -> Any:
    with gzip.open(DOCUMENT) as file:
        return yaml.load(file, Loader=yaml.CSafeLoader)


def conforms(path: str, body: Any) -> None:
    """Fail unless the document has such a reply at that path, with no member that it does not name."""
    operation = _document()["paths"][path]["get"]
    schema = _closed(operation["responses"]["200"]["content"]["application/json"]["schema"])
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(body)


def _closed(schema: Any) -> Any:
    """The schema with every member that it names, and no other."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _closed(value) for name, value in schema.items()}
    return {**made, "additionalProperties": False} if "properties" in made else made
