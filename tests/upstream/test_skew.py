"""A clock that is wrong, where signatures are only good for five minutes."""

import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path

import pytest

from fairlead.clock import Clock
from tests.faults.stage import check_reply
from tests.support.gateway import Running, ask, one_provider, running
from tests.support.invariants import CANARY, Held, Invariants, priced
from tests.support.scripted import Connection, Script, Scripted, reply, scripted
from tests.translate.vendors import VENDORS, Said

CONVERSE = VENDORS["bedrock-converse"]
HOUR = 3600.0


class Wrong(Clock):
    """A clock that is so far ahead of the world's, in seconds."""

    def __init__(self, ahead: float) -> None:
        self.wall = lambda: time.time() + ahead


def signed_at(date: str) -> float:
    return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def strict(kind: str = "InvalidSignatureException", *, says_when: bool = True, always: bool = False) -> Script:
    """Refuses what was not signed within five minutes of the world's time, as Bedrock does."""
    lines = f"x-amzn-errortype: {kind}:http://internal.amazon.com/coral/\r\n"
    lines += f"date: {formatdate(usegmt=True)}\r\n" if says_when else ""

    async def script(connection: Connection) -> None:
        while asked := await connection.request():
            if always or abs(signed_at(asked.headers["x-amz-date"]) - time.time()) > 300:
                await connection.send(reply({"message": "Signature expired"}, 403, lines))
            else:
                await connection.send(reply(CONVERSE.whole(Said())))

    return script


@contextlib.asynccontextmanager
async def signing(folder: Path, script: Script, ahead: float = 0.0) -> AsyncIterator[tuple[Running, Scripted]]:
    """A gateway whose clock is so far ahead, before Bedrock. The invariants hold after the block."""
    before = Held.now()
    async with scripted(script) as up:
        entry = {"dialect": "bedrock-converse", "auth": "aws", "region": "us-east-1", "api_key": f"AKID:{CANARY}"}
        settings = priced(one_provider(up.url) | {"providers": {"up": {**entry, "base_url": up.url}}})
        async with running(folder, settings, {}, Wrong(ahead)) as gateway:
            holds = Invariants(gateway, folder)
            async with holds.watched():
                yield gateway, up
                for got in gateway.seen:
                    check_reply(got)
                    holds.row(got)
            await holds.check(up, calls=len(gateway.seen))
    await before.again()


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, 13 * HOUR])
async def test_u32_a_signature_that_is_refused_for_the_clock_is_made_once_more_by_the_providers(
    tmp_path: Path, ahead: float
) -> None:
    async with signing(tmp_path, strict(), ahead) as (gateway, up):
        for _ in range(3):
            got = await gateway.post(ask())
            assert got.status == 200, got.body
            assert got.headers["x-fairlead-attempts"] == "1"
        assert len(up.received) == 4  # the first one twice; then it is known
        for asked in up.received:
            assert list(asked.headers).count("authorization") == 1


@pytest.mark.parametrize(
    "script",
    [strict(always=True), strict(says_when=False), strict("AccessDeniedException")],
    ids=["refused again", "no date", "another reason"],
)
async def test_u32_what_the_clock_does_not_mend_is_an_error(tmp_path: Path, script: Script) -> None:
    async with signing(tmp_path, script, HOUR) as (gateway, up):
        got = await gateway.post(ask())
        assert (got.status, got.error["code"]) == (502, "upstream_auth")
        assert len(up.received) <= 2


async def test_u32_a_clock_that_is_right_is_not_corrected(tmp_path: Path) -> None:
    async with signing(tmp_path, strict(always=True)) as (gateway, up):
        assert (await gateway.post(ask())).status == 502
        assert len(up.received) == 1
