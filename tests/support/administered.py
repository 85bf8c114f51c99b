"""A real gateway with a directory of keys, and requests to it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from fairlead import home
from fairlead.clock import Clock
from fairlead.config.load import load
from fairlead.ledger.directory import Directory
from tests.support.gateway import HttpReply, Running, running

ADMIN_KEY = "fla-the-operators-admin-key"


@contextlib.asynccontextmanager
async def administered(
    folder: Path,
    settings: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
    *,
    recorded: bool = True,
    **environ: str,
) -> AsyncIterator[tuple[Running, Directory]]:
    """A gateway and its directory. It looks for changes only when the test says so, or changes something itself."""
    folder.mkdir(exist_ok=True)
    variables = {"HOME": str(folder), "FAIRLEAD_DATA_DIR": str(folder / "data"), "FAIRLEAD_ADMIN_KEY": ADMIN_KEY}
    variables |= environ
    settings = {"providers": {}, **(settings or {})}
    async with running(folder, settings, variables, clock) as gateway:
        loaded = load(str(folder / "fairlead.yaml"), variables, folder)
        there = await asyncio.to_thread(home.directory, loaded.config, variables, gateway.engine.clock)
        gateway.engine.keyring.attach(there)
        gateway.service.admin.directory = there
        await gateway.engine.keyring.look()
        if recorded:
            journal = folder / "data" / "journal"
            gateway.service.records.usage = gateway.engine.accounting.open(there.database, journal, loaded.config)
        yield gateway, there


async def asked(
    gateway: Running, method: str, path: str, key: str | None = ADMIN_KEY, body: Any = None, **headers: str
) -> HttpReply:
    """One request, to a name of this machine unless it says another."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    said = {
        "host": f"127.0.0.1:{gateway.port}",
        "authorization": "" if key is None else f"Bearer {key}",
        "content_length": str(len(data)) if data or method == "POST" else "",
    }
    return await gateway.request(method, path, data, **{**said, **headers})
