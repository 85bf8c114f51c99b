"""`ai serve` as processes that a test may kill, the calls of its clients, and what its ledger says in the end."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from fairlead.ledger.row import Row, decoded
from fairlead.state.database import Database
from fairlead.state.tables.budgets import accounts, leases
from fairlead.state.tables.ledger import calls, sums
from tests.cli.conftest import AI, KEY, Program
from tests.support.gateway import HttpReply, ask, read_reply, request_bytes
from tests.support.scripted import END, STREAM_HEAD, Connection, Scripted, chunk, completion, piece, reply

QUICK = (sys.executable, str(Path(__file__).with_name("quick.py")))
UP = re.compile(r"worker (\d+) \(process (\d+)\) is up")
MILL = 1_000_000  # a tenth of a cent, in nano-dollars: what each call costs


def settings(up: Scripted, *, room: int | None = None, **server: Any) -> dict[str, Any]:
    """The models `m` and `n`, each call for 0.001 $; `room` is how many calls a budget for each model allows."""
    row = {"dialect": "openai-chat", "base_url": up.url, "api_key": "up-secret-key-0123456789"}
    said: dict[str, Any] = {
        "server": {"workers": 4, **server},
        "providers": {"up": row},
        "models": {name: {"targets": [{"provider": "up", "model": f"up-{name}"}]} for name in "mn"},
        "prices": {"up/*": {"input": "0", "output": "0", "request": "0.001"}},
    }
    if room is not None:
        said["budgets"] = {"each": {"limit": f"{room / 1000:.3f}", "every": "total", "group_by": ["model"]}}
    return said


async def answering(connection: Connection) -> None:
    """A stream of three events, or a whole answer, as was asked."""
    while request := await connection.request():
        if request.json.get("stream"):
            words = [chunk({"content": "a"}), chunk({"content": "b"}), chunk({}, "stop"), b"data: [DONE]\n\n"]
            await connection.send(STREAM_HEAD + b"".join(map(piece, words)) + END)
        else:
            await connection.send(reply(completion("ab")))


@dataclass
class Served:
    """A server that runs, with its workers."""

    process: asyncio.subprocess.Process
    output: Path
    killed: set[int] = field(default_factory=set)

    @property
    def said(self) -> str:
        return self.output.read_text()

    async def told(self, pattern: str, times: int = 1) -> str:
        """Wait until it has said that so often; gives all that it has said."""
        async with asyncio.timeout(40):
            while len(re.findall(pattern, self.said)) < times:
                assert self.process.returncode is None, self.said
                await asyncio.sleep(0.02)
        return self.said

    @property
    def url(self) -> str:
        return self.said.partition("listens on ")[2].split()[0]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def workers(self) -> dict[int, int]:
        """The process of each worker that is up, by its number."""
        found = {int(number): int(process) for number, process in UP.findall(self.said)}
        return {number: process for number, process in found.items() if process not in self.killed}

    def kill(self, *processes: int) -> None:
        self.killed.update(processes)
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    async def call(self, key: str = KEY, **members: Any) -> HttpReply:
        """One call on a connection of its own. Raises `OSError` or `EOFError` where it breaks."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        try:
            return await talk(reader, writer, key=key, **members)
        finally:
            writer.transport.abort()

    async def end(self, *, within: float = 20) -> int:
        """TERM, and the status that it ends with."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(within):
            return await self.process.wait()


async def talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, key: str = KEY, **members: Any
) -> HttpReply:
    """One call on this connection. Raises `OSError` or `EOFError` where it breaks."""
    body = json.dumps({**ask(), **members}).encode()
    writer.write(request_bytes("POST", "/v1/chat/completions", body, authorization=f"Bearer {key}"))
    return await read_reply(reader)


@contextlib.asynccontextmanager
async def serving(
    ai: Program, *args: str, command: tuple[str, ...] = AI, workers: int = 4, **environ: Any
) -> AsyncIterator[Served]:
    """A server with all its workers up; killed at the end, if it is there yet."""
    output = ai.home / f"output-{len(list(ai.home.glob('output-*')))}"
    with output.open("wb") as to:
        process = await asyncio.create_subprocess_exec(
            *command, "serve", "--port", "0", *args,
            stdin=asyncio.subprocess.DEVNULL, stdout=to, stderr=to, cwd=ai.home,
            env={**ai.environ, "FAIRLEAD_KEY": KEY, **environ},
        )  # fmt: skip
    served = Served(process, output)
    try:
        if workers > 1:
            await served.told(UP.pattern, workers)
        await served.told('Hello"\n')
        yield served
    finally:
        served.kill(*served.workers.values())
        if process.returncode is None:
            process.kill()
        await process.wait()


@dataclass
class Ledger:
    """What a database says when all is over."""

    rows: list[Row]
    counted: int
    taken: int
    spent: int
    held: int

    def spent_on(self, model: str) -> int:
        return sum(row.cost or 0 for row in self.rows if row.model == model)

    @property
    def processes(self) -> set[str]:
        return {row.process for row in self.rows}

    @property
    def at_rest(self) -> bool:
        """Whether nobody holds anything that is not spent."""
        return not self.held and self.taken == self.spent

    @property
    def charged(self) -> int:
        return sum(sum(row.charges.values()) for row in self.rows)


def ledger(url: str) -> Ledger:
    """What stands in it."""
    with contextlib.closing(Database(url)) as database, database.reading() as connection:
        rows = [decoded(line) for line in connection.execute(select(calls.c.line)).scalars()]
        counted = connection.execute(select(func.sum(sums.c.calls)).where(sums.c.span == 24)).scalar()
        taken, spent = connection.execute(select(func.sum(accounts.c.taken), func.sum(accounts.c.spent))).one()
        held = connection.execute(select(func.sum(leases.c.granted - leases.c.used))).scalar()
    return Ledger(
        [row for row in rows if isinstance(row, Row)], *(int(each or 0) for each in (counted, taken, spent, held))
    )
