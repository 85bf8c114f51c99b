"""A front for programs that call a Portkey manager: synchronous, one vendor named per call.

from fairlead.portkey import get_portkey_manager

manager = get_portkey_manager()
response = manager.create_completion(provider="openai", model="gpt-4-turbo", messages=[...], temperature=0.7)
response.choices[0].message.content
"""

import os
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from fairlead import embedded
from fairlead.dialects import lenient
from fairlead.embedded import Loop
from fairlead.record import Record

__all__ = ["PortkeyManager", "Record", "get_portkey_manager"]


class PortkeyManager:
    """Calls vendors through Portkey. Safe to share between threads."""

    def __init__(self, config: str | None = None, environ: Mapping[str, str] | None = None) -> None:
        """Set up by a configuration file, or by the one that `ai` would find, and the environment. `ConfigError`."""
        self._engine = embedded.make_engine(config, environ)
        self._loop = Loop()

    def create_completion(
        self,
        provider: str,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        temperature: float | None = None,
        **members: Any,
    ) -> Record:
        """The chat completion that `provider`, a vendor behind Portkey, gives. Raises `FairleadError`.

        `members` are any others of the request, such as `max_tokens`.
        """
        if members.get("stream"):
            raise TypeError("create_completion gives whole answers; stream_completion streams")
        body = _body(model, provider, messages, temperature, members)
        reply = self._loop.run(embedded.chat(self._engine.gateway, body))
        return Record(lenient.members(reply.body))

    def stream_completion(
        self,
        provider: str,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        temperature: float | None = None,
        **members: Any,
    ) -> Iterator[Record]:
        """The same as it is written, chunk by chunk. Raises `FairleadError`; closing the iterator ends the call."""
        body = _body(model, provider, messages, temperature, {**members, "stream": True})
        chunks = embedded.chunks(self._loop.run(embedded.chat(self._engine.gateway, body)))
        try:
            while (chunk := self._loop.run(_next(chunks))) is not None:
                yield Record(chunk)
        finally:
            self._loop.run(_closed(chunks))

    def close(self) -> None:
        """Let go of every connection. The manager is of no more use then; the next `get_portkey_manager` makes one."""
        if not self.closed:
            self._loop.run(self._engine.aclose())
            self._loop.close()

    @property
    def closed(self) -> bool:
        return self._loop.closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _body(
    model: str,
    provider: str,
    messages: Sequence[Mapping[str, Any]],
    temperature: float | None,
    members: Mapping[str, Any],
) -> dict[str, Any]:
    asked = {"model": f"@portkey/@{provider}/{model}", "messages": list(messages), **members}
    return asked if temperature is None else {**asked, "temperature": temperature}


async def _next(chunks: AsyncGenerator[dict[str, Any], None]) -> dict[str, Any] | None:
    return await anext(chunks, None)


async def _closed(chunks: AsyncGenerator[dict[str, Any], None]) -> None:
    await chunks.aclose()


def get_portkey_manager() -> PortkeyManager:
    """The manager of this process, made at the first call. Raises `ConfigError`."""
    # A process that was forked has none of its parent's threads, so it gets a manager of its own.
    with _making:
        found = _managers.get(os.getpid())
        if found is None or found.closed:
            found = _managers[os.getpid()] = PortkeyManager()
        return found


_managers: dict[int, PortkeyManager] = {}
_making = threading.Lock()
