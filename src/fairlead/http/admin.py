"""The administrative API: thin handlers over the directory, which decides. Its work is done in a thread."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs

import msgspec

from fairlead.dialects.members import Members
from fairlead.errors import BodyTooLarge, RequestError, StoreUnavailable
from fairlead.http.exchange import Exchange
from fairlead.ledger.keyring import Keyring
from fairlead.ledger.objects import Change, NewKey, NewOrganisation, NewTeam, NewUser, ObjectKind, Rotation
from fairlead.pipeline.call import Headers

if TYPE_CHECKING:  # it brings the database's library, which nothing else here needs
    from fairlead.ledger.directory import Directory

T = TypeVar("T")
Body = TypeVar("Body", bound=msgspec.Struct)
# What is here may have a key in it.
_JSON: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
_LONGEST = 256 * 1024


class Admin:
    """Takes a request to the directory, and lets the keyring know what changed. `directory` is set once it is open."""

    def __init__(self, keyring: Keyring) -> None:
        self.directory: Directory | None = None
        self._keyring = keyring

    async def page(self, kind: ObjectKind, exchange: Exchange) -> None:
        asked = query(exchange, "after", "limit", *(("team",) if kind in ("user", "key") else ()))
        after, team, limit = asked.get("after", ""), asked.get("team", ""), _number(asked, "limit", 100)
        actor = exchange.principal
        reply(exchange, await self.read(lambda there: there.page(actor, kind, after=after, limit=limit, team=team)))

    async def show(self, kind: ObjectKind, exchange: Exchange) -> None:
        reply(exchange, await self.read(lambda there: there.show(exchange.principal, kind, _named(exchange))))

    async def add(self, new: type[NewOrganisation | NewTeam | NewUser], exchange: Exchange) -> None:
        wanted = body(exchange, new)
        reply(exchange, await self.write(lambda there: there.add(exchange.principal, wanted)), 201)

    async def add_key(self, exchange: Exchange) -> None:
        wanted = body(exchange, NewKey)
        reply(exchange, await self.write(lambda there: there.add_key(exchange.principal, wanted)), 201)

    async def change(self, kind: ObjectKind, change: type[Change], exchange: Exchange) -> None:
        wanted, named = body(exchange, change), _named(exchange)
        reply(exchange, await self.write(lambda there: there.change(exchange.principal, kind, named, wanted)))

    async def rotate(self, exchange: Exchange) -> None:
        wanted, named = body(exchange, Rotation), _named(exchange)
        reply(exchange, await self.write(lambda there: there.rotate(exchange.principal, named, wanted)))

    async def block(self, kind: ObjectKind, exchange: Exchange) -> None:
        reply(exchange, await self.write(lambda there: there.block(exchange.principal, kind, _named(exchange))))

    async def unblock(self, kind: ObjectKind, exchange: Exchange) -> None:
        named = _named(exchange)
        reply(exchange, await self.write(lambda there: there.block(exchange.principal, kind, named, blocked=False)))

    async def delete(self, kind: ObjectKind, exchange: Exchange) -> None:
        found = await self.write(lambda there: there.delete(exchange.principal, kind, [_named(exchange)]))
        reply(exchange, found[0])

    async def audit(self, exchange: Exchange) -> None:
        asked = query(exchange, "after", "limit")
        after = _number(asked, "after", 0) if "after" in asked else None
        limit = _number(asked, "limit", 100)
        reply(exchange, await self.read(lambda there: there.records(exchange.principal, after=after, limit=limit)))

    async def verify(self, exchange: Exchange) -> None:
        reply(exchange, await self.read(lambda there: there.verify(exchange.principal)))

    async def read(self, action: "Callable[[Directory], T]") -> T:
        """What the directory says. Raises `FairleadError`."""
        there = self.directory
        if there is None:
            raise StoreUnavailable("no database is open here", hint="`database` in the configuration says which")
        return await asyncio.to_thread(action, there)

    async def write(self, action: "Callable[[Directory], T]") -> T:
        """What the directory made of a change, which this gateway's next call knows of. Raises `FairleadError`."""
        made = await self.read(action)
        await self._keyring.look()
        return made


def body(exchange: Exchange, wanted: type[Body]) -> Body:
    """The body as what is wanted; where there is none, as if it were `{}`. Raises `RequestError`."""
    said = exchange.body
    if len(said) > _LONGEST:
        raise BodyTooLarge(f"the body is longer than {_LONGEST} bytes", hint="nothing here needs as much")
    try:
        return msgspec.json.decode(Members(said or b"{}").body, type=wanted)
    except msgspec.ValidationError as error:
        takes = ", ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(wanted))
        raise RequestError(f"the body cannot be used: {_mended(str(error))}", hint=f"it takes {takes}") from None


def query(exchange: Exchange, *known: str) -> dict[str, str]:
    """What the query says of what is known. Raises `RequestError` for anything else."""
    try:
        found = parse_qs(exchange.url.partition(b"?")[2].decode("ascii"), max_num_fields=20)
    except ValueError:
        raise RequestError("the query cannot be read") from None
    for name, values in found.items():
        if name not in known or len(values) > 1:
            hint = f"it takes {', '.join(f'`{each}`' for each in known)}, each once"
            raise RequestError("the query has what is not taken here", hint=hint)
    return {name: values[0] for name, values in found.items()}


def reply(exchange: Exchange, value: Any, status: int = 200) -> None:
    """The value as JSON."""
    exchange.reply(status, _JSON, msgspec.json.encode(value))


def _named(exchange: Exchange) -> str:
    return exchange.named or ""


def _number(asked: dict[str, str], name: str, default: int) -> int:
    said = asked.get(name)
    if said is None:
        return default
    if not said.isascii() or not said.isdigit() or len(said) > 15:
        raise RequestError(f"`{name}` is no number", param=name)
    return int(said)


def _mended(said: str) -> str:
    return said[:1].lower() + said[1:200]
