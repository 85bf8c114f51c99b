"""One operation of the gateway, and who may ask for it."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from fairlead.errors import ConfigError
from fairlead.http.exchange import Handler
from fairlead.ledger.principal import Role

# Who may: everybody; a client key; an admin key of that role, or of one that may more.
Access = Literal["public", "client", "member", "auditor", "admin"]
ADMINISTRATIVE: Final = {role: Role(role) for role in ("member", "auditor", "admin")}


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `role` is the least that its key must have. `{model}` or `{id}` in the path stands for any name.

    `takes` is the body's type, `gives` the reply's, where the reference tells them; `query` what else may be asked.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    role: Access
    dialect: str = "openai-chat"
    takes: type | None = None
    gives: object = None
    query: tuple[str, ...] = ()


def checked(table: tuple[Route, ...]) -> tuple[Route, ...]:
    """The table. Raises `ConfigError` where a route does not say who may ask for it, or is there twice."""
    seen: set[tuple[str, str]] = set()
    for route in table:
        if route.role not in get_args(Access):
            raise ConfigError(f"the route {route.method} {route.path} has no role", hint="this is a bug in Fairlead")
        if (route.method, route.path) in seen:
            raise ConfigError(f"the route {route.method} {route.path} is there twice", hint="this is a bug in Fairlead")
        seen.add((route.method, route.path))
    return table
