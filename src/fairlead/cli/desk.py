"""Where keys and what they belong to are administered: in the database itself, or at a gateway that runs."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

import click
import msgspec

from fairlead import home
from fairlead.cli import loop, settings
from fairlead.cli.answer import Told
from fairlead.cli.usage import NAMED, BadUsage
from fairlead.dialects.openai import errors as openai_errors
from fairlead.errors import UpstreamFailure
from fairlead.ledger.objects import (
    Change,
    Key,
    MadeKey,
    NewKey,
    NewOrganisation,
    NewTeam,
    NewUser,
    ObjectKind,
    Organisation,
    Page,
    Record,
    Rotation,
    Team,
    User,
    Verdict,
)
from fairlead.providers.catalog import why_bad_header, why_bad_url
from fairlead.providers.row import Provider
from fairlead.secret import Secret
from fairlead.upstream.api import Clocks, Request

T = TypeVar("T")
New = NewOrganisation | NewTeam | NewUser
_KINDS: dict[type[New], ObjectKind] = {NewOrganisation: "organisation", NewTeam: "team", NewUser: "user"}
_CLOCKS = Clocks(connect=5.0, first_byte=60.0, idle=60.0, total=120.0)
_MOST = 1000
_SHOWN: dict[ObjectKind, type[Organisation | Team | User | Key]] = {
    "organisation": Organisation,
    "team": Team,
    "user": User,
    "key": Key,
}
_PAGES: dict[ObjectKind, Any] = {
    "organisation": Page[Organisation],
    "team": Page[Team],
    "user": Page[User],
    "key": Page[Key],
}
GATEWAY = click.option(
    "--gateway", type=NAMED, metavar="URL", help="Administer a running gateway, with FAIRLEAD_ADMIN_KEY."
)


class Desk(Protocol):
    """What can be administered."""

    def add_key(self, wanted: NewKey) -> MadeKey: ...
    def add(self, wanted: New) -> Any: ...
    def every(self, kind: ObjectKind, team: str = "") -> list[Any]: ...
    def show(self, kind: ObjectKind, named: str) -> Any: ...
    def change(self, kind: ObjectKind, named: str, wanted: Change) -> Any: ...
    def rotate(self, named: str, wanted: Rotation) -> MadeKey: ...
    def block(self, kind: ObjectKind, named: str, *, blocked: bool) -> Any: ...
    def delete(self, kind: ObjectKind, named: str) -> Any: ...
    def records(self, after: int | None, limit: int) -> Page[Record]: ...
    def verify(self) -> Verdict: ...


@contextlib.contextmanager
def at(gateway: str | None, config: str | None) -> Iterator[Desk]:
    """The desk of the gateway that is named, by option or by FAIRLEAD_URL beside FAIRLEAD_ADMIN_KEY; else here."""
    key = os.environ.get("FAIRLEAD_ADMIN_KEY", "").strip()
    url = gateway or (os.environ.get("FAIRLEAD_URL", "").strip() if key else "")
    if url:
        yield There(_provider(url, key))
        return
    loaded, environ = settings.read(config)
    settings.quiet_log(loaded)
    directory = home.directory(loaded.config, environ)
    directory.open()
    try:
        yield Here(directory)
    finally:
        directory.close()


class Here:
    """The database, which whoever can read it may administer."""

    def __init__(self, directory: Any) -> None:
        self._there = directory

    def add_key(self, wanted: NewKey) -> MadeKey:
        made: MadeKey = self._there.add_key(home.OPERATOR, wanted)
        return made

    def add(self, wanted: New) -> Any:
        return self._there.add(home.OPERATOR, wanted)

    def every(self, kind: ObjectKind, team: str = "") -> list[Any]:
        return _all(lambda after: self._there.page(home.OPERATOR, kind, after=after, limit=_MOST, team=team))

    def show(self, kind: ObjectKind, named: str) -> Any:
        return self._there.show(home.OPERATOR, kind, named)

    def change(self, kind: ObjectKind, named: str, wanted: Change) -> Any:
        return self._there.change(home.OPERATOR, kind, named, wanted)

    def rotate(self, named: str, wanted: Rotation) -> MadeKey:
        made: MadeKey = self._there.rotate(home.OPERATOR, named, wanted)
        return made

    def block(self, kind: ObjectKind, named: str, *, blocked: bool) -> Any:
        return self._there.block(home.OPERATOR, kind, named, blocked=blocked)

    def delete(self, kind: ObjectKind, named: str) -> Any:
        return self._there.delete(home.OPERATOR, kind, [named])[0]

    def records(self, after: int | None, limit: int) -> Page[Record]:
        page: Page[Record] = self._there.records(home.OPERATOR, after=after, limit=limit)
        return page

    def verify(self) -> Verdict:
        verdict: Verdict = self._there.verify(home.OPERATOR)
        return verdict


class There:
    """A gateway that runs."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def add_key(self, wanted: NewKey) -> MadeKey:
        return self._ask("POST", "/api/keys", MadeKey, wanted)

    def add(self, wanted: New) -> Any:
        kind = _KINDS[type(wanted)]
        return self._ask("POST", f"/api/{kind}s", _SHOWN[kind], wanted)

    def every(self, kind: ObjectKind, team: str = "") -> list[Any]:
        def page(after: str) -> Any:
            asked = urlencode({"limit": _MOST, "after": after, **({"team": team} if team else {})})
            return self._ask("GET", f"/api/{kind}s?{asked}", _PAGES[kind])

        return _all(page)

    def show(self, kind: ObjectKind, named: str) -> Any:
        return self._ask("GET", _one(kind, named), _SHOWN[kind])

    def change(self, kind: ObjectKind, named: str, wanted: Change) -> Any:
        return self._ask("PATCH", _one(kind, named), _SHOWN[kind], wanted)

    def rotate(self, named: str, wanted: Rotation) -> MadeKey:
        return self._ask("POST", f"{_one('key', named)}/rotate", MadeKey, wanted)

    def block(self, kind: ObjectKind, named: str, *, blocked: bool) -> Any:
        return self._ask("POST", f"{_one(kind, named)}/{'block' if blocked else 'unblock'}", _SHOWN[kind])

    def delete(self, kind: ObjectKind, named: str) -> Any:
        return self._ask("DELETE", _one(kind, named), _SHOWN[kind])

    def records(self, after: int | None, limit: int) -> Page[Record]:
        asked = urlencode({"limit": limit, **({} if after is None else {"after": after})})
        return self._ask("GET", f"/api/audit?{asked}", Page[Record])

    def verify(self) -> Verdict:
        return self._ask("GET", "/api/audit/verify", Verdict)

    def _ask(self, method: str, path: str, gives: type[T], body: object = None) -> T:
        status, said = loop.run(self._sent(method, path, b"" if body is None else msgspec.json.encode(body)))
        if status >= 400:
            facts = openai_errors.read(status, said)
            raise Told(f"the gateway refuses: {facts.message}", hint=_hint(said), exit_code=4 if status < 500 else 3)
        return msgspec.json.decode(said, type=gives)

    async def _sent(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        from fairlead import app  # noqa: PLC0415 - the engine, which only a gateway elsewhere takes

        upstream = app.outbound(dict(os.environ))
        try:
            response = await upstream.send(Request(self._provider, method, path, body, _CLOCKS))
            try:
                return response.status, await response.read()
            finally:
                response.close()
        except UpstreamFailure as caught:
            raise Told(
                f"no gateway answers at {self._provider.base_url}: {caught.failure.detail}",
                hint="`ai serve` starts one; without --gateway and FAIRLEAD_URL the database here is administered",
                exit_code=3,
            ) from None
        finally:
            await upstream.aclose()


def _all(page: Any) -> list[Any]:
    found: list[Any] = []
    after: str | None = ""
    while after is not None:
        part = page(after)
        found += part.data
        after = part.next
    return found


def _one(kind: ObjectKind, named: str) -> str:
    return f"/api/{kind}s/{quote(named, safe='')}"


def _hint(said: bytes) -> str | None:
    try:
        hint = msgspec.json.decode(said)["error"]["hint"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return None
    return str(hint)


def _provider(url: str, key: str) -> Provider:
    base = url.rstrip("/").removesuffix("/v1")
    if wrong := why_bad_url(base):
        raise BadUsage(f"`--gateway` is not a gateway's URL: {wrong}", hint="for example http://127.0.0.1:8787")
    if not key:
        raise BadUsage("FAIRLEAD_ADMIN_KEY is not set", hint="a gateway is administered with an admin key, `fla-…`")
    if wrong := why_bad_header("authorization", key):
        raise BadUsage(f"FAIRLEAD_ADMIN_KEY cannot be sent to a gateway: {wrong}")
    return Provider("gateway", "openai-chat", base, Secret(key), private_network=True)
