"""Every key that counts, in memory: what a call is let in by. No call waits for a database."""

import asyncio
import contextlib
import hashlib
import hmac
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from fairlead.errors import FairleadError, StoreUnavailable, Unauthorized
from fairlead.ledger import keys
from fairlead.ledger.principal import Principal
from fairlead.secret import Secret

log = logging.getLogger("fairlead.keys")

NEVER = float("inf")
INTERVAL = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A key by its hash: whom it stands for, and until when. `refusal` says why it does not count."""

    digest: bytes
    principal: Principal
    ends: float = NEVER
    refusal: str = ""


class Store(Protocol):
    """Where keys are kept. Its methods block."""

    pepper: bytes

    def open(self) -> None: ...
    def counter(self) -> int: ...
    def entries(self) -> list[Entry]: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Own:
    """A key of the operator's, from the environment."""

    secret: Secret
    principal: Principal


class Snapshot:
    """Keys as they were at one moment. Never changed; another takes its place."""

    __slots__ = ("_entries", "_hasher", "stored")

    def __init__(self, pepper: bytes, own: Iterable[Own] = (), stored: Iterable[Entry] = ()) -> None:
        self._hasher = hashlib.blake2b(digest_size=32, key=pepper)
        self._entries = {entry.digest: entry for entry in stored}
        self.stored = len(self._entries)
        for each in own:
            digest = each.secret.hashed(self._hash)
            self._entries[digest] = Entry(digest, each.principal)

    def _hash(self, key: bytes) -> bytes:
        hasher = self._hasher.copy()
        hasher.update(key)
        return hasher.digest()

    def find(self, presented: bytes) -> Entry | None:
        hasher = self._hasher.copy()
        hasher.update(presented)
        digest = hasher.digest()
        entry = self._entries.get(digest)
        return entry if entry is not None and hmac.compare_digest(entry.digest, digest) else None


class Keyring:
    """Whom a presented key stands for. Follows a store, once there is one, and outlives its outages."""

    def __init__(self, own: Iterable[Own] = ()) -> None:
        self._own = tuple(own)
        self._store: Store | None = None
        self._seen: int | None = None
        self._pepper, self._entries = os.urandom(32), list[Entry]()
        self._snapshot = Snapshot(self._pepper, self._own)
        self._troubled = False
        self._task: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()

    @property
    def troubled(self) -> bool:
        """Whether the store did not answer when it was last asked."""
        return self._troubled

    @property
    def stored(self) -> int:
        """How many stored keys are known, counting the one before a rotation while it works."""
        return self._snapshot.stored

    def principal_of(self, presented: bytes, now: float) -> Principal:
        """Whom the key stands for at this moment (seconds since 1970). Raises `Unauthorized`, and echoes nothing."""
        if len(presented) > keys.LONGEST:
            raise unknown(presented)
        entry = self._snapshot.find(presented)
        if entry is None:
            raise unknown(presented)
        if entry.refusal or entry.ends <= now:
            raise _useless(entry)
        return entry.principal

    def add(self, own: Own) -> None:
        """Let in one more key of the operator's."""
        self._own = (*self._own, own)
        self._snapshot = Snapshot(self._pepper, self._own, self._entries)

    def attach(self, store: Store) -> None:
        """Follow what is stored there, from the next look on."""
        self._store, self._seen = store, None

    async def look(self) -> None:
        """Read the keys anew if they changed. Where the store does not answer, what is known stays."""
        async with self._looking:
            store = self._store
            if store is None:
                return
            try:
                counter, entries = await asyncio.to_thread(self._read, store)
            except StoreUnavailable as error:
                if not self._troubled:
                    log.warning("keys cannot be read: %s; those that are known keep working", error)
                self._troubled = True
                return
            if self._troubled:
                log.info("keys can be read again")
            self._troubled = False
            if entries is not None:
                self._seen, self._pepper, self._entries = counter, store.pepper, entries
                self._snapshot = await asyncio.to_thread(Snapshot, store.pepper, self._own, entries)

    def _read(self, store: Store) -> tuple[int, list[Entry] | None]:
        if self._seen is None:
            store.open()
        # Before the keys: a change between the two is then seen once more, and not missed.
        counter = store.counter()
        if counter == self._seen:
            return counter, None
        return counter, store.entries()

    def follow(self, interval: float = INTERVAL) -> None:
        """Look again and again, until `aclose`."""
        self._task = asyncio.get_running_loop().create_task(self._follow(interval))

    async def _follow(self, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            try:
                await self.look()
            except FairleadError as error:
                log.error("keys cannot be read: %s", error)  # noqa: TRY400 - the sentence says it all
            except Exception:
                log.exception("keys cannot be read")

    async def aclose(self) -> None:
        """Stop looking, and let go of the store."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._store is not None:
            async with self._looking:
                await asyncio.to_thread(self._store.close)


def missing() -> Unauthorized:
    """The error for a request without a key."""
    return Unauthorized(
        "the call has no key",
        hint="send `Authorization: Bearer KEY` with the key that `ai serve` or `ai keys create` showed, "
        "or the one in FAIRLEAD_KEY",
    )


def unknown(presented: bytes) -> Unauthorized:
    """The error for a key that is nobody's."""
    if keys.kind_of(presented) is None:
        hint = "a provider's key is not a client key; use the one that `ai serve` showed, or the one in FAIRLEAD_KEY"
    else:
        hint = "it may have been deleted or replaced: `ai keys list` shows what there is, `ai keys create` makes one"
    return Unauthorized("the key is not one of this gateway's", hint=hint)


def _useless(entry: Entry) -> Unauthorized:
    why = entry.refusal or "it has expired"
    return Unauthorized(
        f"the key `{entry.principal.name}` does not count: {why}", hint="ask whoever runs this gateway for another"
    )
