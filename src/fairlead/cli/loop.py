"""The event loop of a command."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class _Unwaited(ThreadPoolExecutor):
    """Looks names up. A name server that says nothing holds a thread for half a minute, and the user has left."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        super().shutdown(wait=False, cancel_futures=True)


def run(coroutine: Coroutine[None, None, T]) -> T:
    """Run it to its end. Ctrl-C cancels it, and is raised as `KeyboardInterrupt` once it has cleaned up."""
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(_Unwaited())
        return runner.run(coroutine)
