"""However a hedge ends, nothing of it goes on."""

import asyncio
from typing import Any, cast

import pytest

from fairlead.errors import BudgetExceeded, Failure, FailureKind
from fairlead.pipeline.answers import Answer, Streamed
from fairlead.pipeline.attempt import Attempts
from fairlead.pipeline.call import Attempt, Call
from fairlead.pipeline.hedge import Hedge
from fairlead.routing.health import Standing
from fairlead.routing.plan import Target
from tests.reliability.test_failover import Held


class Pipe:
    closed = False

    class relay:  # noqa: N801 - it stands for an attribute
        usage = None
        produced = 40

    def close(self) -> None:
        self.closed = True


class Two:
    """Stands for `Attempts`: the first target does `first`, the other `second`."""

    def __init__(self, first: Any, second: Any) -> None:
        self.clock = Held()
        self.gate = asyncio.Event()
        self.lost: list[Call] = []
        self._does = {"first": first, "second": second}

    async def one(self, call: Call, target: Target, _left: float) -> Answer | Failure:
        name = target.model
        call.attempts.append(Attempt(target, 0.0))
        if name == "first":
            await self.gate.wait()
        does = self._does[name]
        if isinstance(does, Exception):
            call.attempts.clear()
            raise does
        if isinstance(does, Failure):
            call.attempts[-1].failure = does
        return cast("Answer | Failure", does)

    def overtaken(self, call: Call) -> None:
        self.lost.append(call)


def hedge(two: Two) -> tuple[Hedge, Call, Any, Any]:
    standing = Standing()
    for _ in range(20):
        standing.answered(0.0, 0.0, stream=True)
    first, second = (_Named(name, standing) for name in ("first", "second"))
    call = Call("id", cast("Any", None), cast("Any", None), 0.0, cast("Any", None))
    return Hedge(cast("Attempts", two), call, 10.0), call, first, second


class _Named:
    def __init__(self, model: str, standing: Standing) -> None:
        self.model, self.standing = model, standing


async def test_a_stream_that_begins_as_its_client_leaves_is_closed() -> None:
    pipe = Pipe()
    two = Two(Streamed(cast("Any", pipe), b"", b""), Failure(FailureKind.SERVER, "boom"))
    made, call, first, second = hedge(two)
    running = asyncio.ensure_future(made.run(first, second))
    for _ in range(10):
        await asyncio.sleep(0)
    two.gate.set()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert pipe.closed
    assert len(call.attempts) == 2
    assert two.lost[0].produced > 0, "what it had said is charged"


async def test_where_the_first_cannot_be_paid_for_and_the_other_fails_that_is_told() -> None:
    refused = BudgetExceeded.__new__(BudgetExceeded)
    two = Two(refused, Failure(FailureKind.SERVER, "boom"))
    made, call, first, second = hedge(two)
    running = asyncio.ensure_future(made.run(first, second))
    for _ in range(10):
        await asyncio.sleep(0)
    two.gate.set()
    with pytest.raises(BudgetExceeded):
        await running
    assert [target.model for target, _ in made.failures] == ["second"]
    assert len(call.attempts) == 1
