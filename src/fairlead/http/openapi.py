"""The OpenAPI document of what is administrative, made from the route table and the types that its bodies have."""

from typing import Any, get_args

import msgspec

from fairlead import __version__
from fairlead.http.exchange import Exchange
from fairlead.http.route import ADMINISTRATIVE, Route
from fairlead.pipeline.call import Headers

_JSON: Headers = [(b"content-type", b"application/json")]
_REFERENCE = "#/components/schemas/{name}"


class Described:
    """A handler that gives the document. It is made when it is first asked for."""

    def __init__(self, table: tuple[Route, ...]) -> None:
        self._table = table
        self._made = b""

    async def __call__(self, exchange: Exchange) -> None:
        self._made = self._made or msgspec.json.encode(document(self._table))
        exchange.reply(200, _JSON, self._made)


def document(table: tuple[Route, ...]) -> dict[str, Any]:
    """The document."""
    told = [route for route in table if route.role in ADMINISTRATIVE]
    types = list(dict.fromkeys(each for route in told for each in (route.takes, route.gives) if each is not None))
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    by_type = dict(zip(map(_name, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in told:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_type)
    key = {"type": "http", "scheme": "bearer", "description": "an admin key, `fla-…`"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fairlead", "version": __version__},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"key": key}},
        "security": [{"key": []}],
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    gives = {} if route.gives is None else schemas[_name(route.gives)]
    status = "201" if route.method == "POST" and route.path in _MAKING else "200"
    told: dict[str, Any] = {
        "summary": route.summary,
        "description": f"For keys of the role `{route.role}`, or one that may more.",
        "responses": {status: {"description": "as asked", "content": {"application/json": {"schema": gives}}}},
    }
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "query", "schema": {"type": "string"}} for name in route.query
    ]
    if "{id}" in route.path:
        parameters.append({"name": "id", "in": "path", "required": True, "schema": {"type": "string"}})
    if parameters:
        told["parameters"] = parameters
    if route.takes is not None:
        told["requestBody"] = {"content": {"application/json": {"schema": schemas[_name(route.takes)]}}}
    return told


_MAKING = tuple(f"/api/{kind}s" for kind in ("organisation", "team", "user", "key"))


def _name(of: Any) -> str:
    inner = get_args(of)
    return f"{of.__name__}[{inner[0].__name__}]" if inner else str(of.__name__)
