"""LiteLLM's words for keys and teams, over the same directory. What they say and we lack is refused, not dropped."""

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import UNSET, Meta, Struct
from msgspec.structs import replace

from fairlead.errors import RequestError
from fairlead.http.admin import Admin, body, query, reply
from fairlead.http.exchange import Exchange
from fairlead.http.litellm_limits import Allowed, budgets, limits, says, spent, told
from fairlead.ledger.money import NANO
from fairlead.ledger.objects import Key, KeyChange, MadeKey, Name, NewKey, NewTeam, Tags, Team
from fairlead.ledger.rights import Rights

if TYPE_CHECKING:  # it brings the database's library, which nothing else here needs
    from fairlead.ledger.directory import Directory

# What LiteLLM takes for every model.
_ALL_MODELS = "all-proxy-models"


_Names = Annotated[list[Name], Meta(max_length=200)]


class _Said(Allowed, forbid_unknown_fields=True, frozen=True, kw_only=True):
    models: _Names | None = None
    metadata: dict[str, Any] | None = None
    tags: Tags | None = None


class Generate(_Said, frozen=True, kw_only=True):
    """`/key/generate`."""

    key_alias: Name | None = None
    duration: str | None = None
    team_id: str | None = None
    user_id: str | None = None
    organization_id: str | None = None
    allowed_routes: _Names | None = None


class Update(_Said, frozen=True, kw_only=True):
    """`/key/update`."""

    key: str
    key_alias: Name | None = None
    duration: str | None = None
    blocked: bool | None = None


class OneKey(Struct, forbid_unknown_fields=True, frozen=True):
    """`/key/block`, `/key/unblock`: a key, or its id, which LiteLLM calls its token."""

    key: str


class Keys(Struct, forbid_unknown_fields=True, frozen=True):
    """`/key/delete`."""

    keys: _Names | None = None
    key_aliases: _Names | None = None


class TeamNew(_Said, frozen=True, kw_only=True):
    """`/team/new`."""

    team_alias: Name
    organization_id: str | None = None


class LiteLlm:
    """The aliases."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    async def generate(self, exchange: Exchange) -> None:
        said = body(exchange, Generate)
        routes = said.allowed_routes or None
        wanted = NewKey(
            said.key_alias,
            organisation=said.organization_id,
            team=said.team_id,
            user=said.user_id,
            tags=_tags(said),
            rights=Rights(models=_models(said), endpoints=routes),
            expires=said.duration,
            budgets=budgets(said, []),
            limits=limits(said, []),
        )
        made = await self._admin.write(lambda there: there.add_key(exchange.principal, wanted))
        reply(exchange, {"key": made.key, **_told(made)})

    async def info(self, exchange: Exchange) -> None:
        named = query(exchange, "key").get("key")
        if not named:
            raise RequestError("the query names no `key`", hint="/key/info?key=ID", param="key")

        def read(there: "Directory") -> tuple[Key, float]:
            key: Key = there.show(exchange.principal, "key", named)
            of_budget = spent(key)
            return key, there.spent(exchange.principal, key.id) / NANO if of_budget is None else of_budget

        found, dollars = await self._admin.read(read)
        reply(exchange, {"key": found.id, "info": {"spend": dollars, **_told(found)}})

    async def update(self, exchange: Exchange) -> None:
        said = body(exchange, Update)
        wanted = KeyChange(
            said.key_alias or UNSET,
            _tags(said) if said.metadata is not None or said.tags is not None else UNSET,
            expires=said.duration or UNSET,
        )
        if said.models is not None or says(said):
            wanted = _over(said, wanted, await self._show(exchange, said.key))
        found = await self._admin.write(lambda there: there.change(exchange.principal, "key", said.key, wanted))
        if said.blocked is not None:
            found = await self._block(exchange, said.key, blocked=said.blocked)
        reply(exchange, {"key": found.id, **_told(found)})

    async def _show(self, exchange: Exchange, named: str) -> Key:
        found: Key = await self._admin.read(lambda there: there.show(exchange.principal, "key", named))
        return found

    async def delete(self, exchange: Exchange) -> None:
        said = body(exchange, Keys)
        named = [*(said.keys or ()), *(said.key_aliases or ())]
        gone = await self._admin.write(lambda there: there.delete(exchange.principal, "key", named))
        reply(exchange, {"deleted_keys": [each.id for each in gone]})

    async def block(self, exchange: Exchange) -> None:
        reply(exchange, _told(await self._block(exchange, body(exchange, OneKey).key, blocked=True)))

    async def unblock(self, exchange: Exchange) -> None:
        reply(exchange, _told(await self._block(exchange, body(exchange, OneKey).key, blocked=False)))

    async def _block(self, exchange: Exchange, named: str, *, blocked: bool) -> Key:
        found: Key = await self._admin.write(
            lambda there: there.block(exchange.principal, "key", named, blocked=blocked)
        )
        return found

    async def new_team(self, exchange: Exchange) -> None:
        said = body(exchange, TeamNew)
        wanted = NewTeam(
            said.team_alias,
            said.organization_id,
            _tags(said),
            Rights(models=_models(said)),
            budgets(said, []),
            limits(said, []),
        )
        made: Team = await self._admin.write(lambda there: there.add(exchange.principal, wanted))
        reply(
            exchange,
            {
                "team_id": made.id,
                "team_alias": made.name,
                "organization_id": made.organisation,
                "models": made.rights.models or [],
                "metadata": {"tags": made.tags},
                "blocked": made.state == "blocked",
                "created_at": made.created,
                **told(made),
            },
        )


def _over(said: Update, wanted: KeyChange, before: Key) -> KeyChange:
    """The change with what it leaves as it is, where LiteLLM's words say less than ours."""
    if said.models is not None:
        wanted = replace(wanted, rights=replace(before.rights, models=_models(said)))
    if says(said):
        wanted = replace(wanted, budgets=budgets(said, before.budgets), limits=limits(said, before.limits))
    return wanted


def _models(said: _Said) -> list[str] | None:
    """An empty list is LiteLLM's word for all of them."""
    models = said.models or []
    return None if not models or _ALL_MODELS in models else models


def _tags(said: _Said) -> list[str]:
    metadata = said.metadata or {}
    tags = metadata.get("tags", [])
    if metadata.keys() - {"tags"} or not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise RequestError(
            "`metadata` has what is not kept here", hint="it takes `tags`, a list of texts", param="metadata"
        )
    return [*tags, *(said.tags or ())]


def _told(key: Key | MadeKey) -> dict[str, Any]:
    return {
        "token": key.id,
        "key_name": key.shown,
        "key_alias": key.name,
        "expires": key.expires,
        "models": key.rights.models or [],
        "team_id": key.team,
        "user_id": key.user,
        "organization_id": key.organisation,
        "metadata": {"tags": key.tags},
        "blocked": key.state == "blocked",
        "created_at": key.created,
        **told(key),
    }
