"""Asks a second target too where the first takes longer than nineteen of twenty of its answers did.

The first answer is the call's. The other attempt is called off, and what it cost is charged: where nobody counted, by
our count of what it was asked and had said.
"""

import asyncio
import copy

from fairlead.dialects.anthropic.count import count_text
from fairlead.errors import Failure
from fairlead.pipeline import tally
from fairlead.pipeline.answers import Answer, Streamed, Whole
from fairlead.pipeline.attempt import NOT_TRIED, Attempts
from fairlead.pipeline.call import Call
from fairlead.pipeline.till import together
from fairlead.routing.plan import Target

Task = asyncio.Task[Answer | Failure]


class Hedge:
    """One call at two targets. `failures` has how each failed that did, by its target."""

    def __init__(self, attempts: Attempts, call: Call, left: float) -> None:
        self.failures: list[tuple[Target, Failure]] = []
        self._refused: Exception | None = None
        self._attempts = attempts
        self._call = call
        self._left = left
        self._branches: dict[Task, tuple[Call, Target]] = {}

    async def run(self, target: Target, beside: Target) -> Answer | Failure:
        """The first answer of the two, or how the first target failed. Raises as `Attempts.one` does for the first."""
        p95 = target.standing.p95
        if p95 is None:
            return await self._attempts.one(self._call, target, self._left)
        first = self._ask(target)
        pause = asyncio.ensure_future(self._attempts.clock.sleep(p95))
        try:
            await asyncio.wait({first, pause}, return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                self._ask(beside)
            return await self._first_of(first)
        finally:
            pause.cancel()
            await self._call_off()

    def _ask(self, target: Target) -> Task:
        branch = copy.copy(self._call)
        branch.attempts, branch.charges, branch.absorbed = [], {}, 0
        task = asyncio.ensure_future(self._attempts.one(branch, target, self._left))
        self._branches[task] = branch, target
        return task

    async def _first_of(self, first: Task) -> Answer | Failure:
        waiting, found = set(self._branches), None
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=lambda each: each is not first):
                answer = self._result(task, is_first=task is first)
                if isinstance(answer, Whole | Streamed):
                    self._take(task)
                    return answer
                found = answer if task is first else found
        if found is None:
            assert self._refused is not None  # noqa: S101 - the first one failed, or has raised
            raise self._refused
        return found

    def _result(self, task: Task, *, is_first: bool) -> Answer | Failure | None:
        """What a task gave; where it could not be tried, nothing."""
        branch, target = self._branches[task]
        try:
            answer = task.result()
        except NOT_TRIED as refused:
            if is_first:
                self._refused = refused
            del self._branches[task]
            return None
        if isinstance(answer, Failure):
            self._merge(branch)
            self.failures.append((target, answer))
            del self._branches[task]
        return answer

    def _take(self, task: Task) -> None:
        """The answer of this one is the call's; the other is charged, and stands before it in the record."""
        branch, _ = self._branches.pop(task)
        for other in list(self._branches):
            self._lose(other)
        self._merge(branch)
        call = self._call
        call.usage, call.dropped, call.made, call.returned = branch.usage, branch.dropped, branch.made, branch.returned
        call.most, call.reserved, call.canonical = branch.most, branch.reserved, branch.canonical

    def _lose(self, task: Task) -> None:
        branch, _ = self._branches[task]
        if task.done() and not task.cancelled() and task.exception() is None:
            self._drop(branch, task.result())
        else:
            task.cancel()
        if branch.attempts:
            self._attempts.overtaken(branch)
        self._merge(branch)

    def _drop(self, branch: Call, answer: Answer | Failure | BaseException) -> None:
        """Give up an answer that nobody gets; what is known of its cost is noted."""
        if isinstance(answer, Streamed):
            relay = answer.pipe.relay
            branch.usage, branch.produced, branch.cut = relay.usage, count_text(relay.produced), True
            answer.pipe.close()
        elif isinstance(answer, Whole) and branch.usage is None:
            branch.produced = tally.made(branch, answer.body)

    def _merge(self, branch: Call) -> None:
        call = self._call
        call.attempts += branch.attempts
        call.charges = together(call.charges, branch.charges)
        unknown = call.absorbed is None or branch.absorbed is None
        call.absorbed = None if unknown else (call.absorbed or 0) + (branch.absorbed or 0)

    async def _call_off(self) -> None:
        """Let nothing go on that nobody waits for."""
        left = list(self._branches)
        for task in left:
            task.cancel()
        ended = await asyncio.gather(*left, return_exceptions=True)
        for task, answer in zip(left, ended, strict=True):
            branch, _ = self._branches.pop(task)
            if not branch.attempts or branch.attempts[0] in self._call.attempts:
                continue
            self._drop(branch, answer)
            self._attempts.overtaken(branch)
            self._merge(branch)
