"""Take a call to a target of its plan: to the first where all is well, else along the plan (`walk.py`)."""

from fairlead.errors import Failure, UpstreamFailure
from fairlead.pipeline.answers import Answer, Streamed, Whole
from fairlead.pipeline.attempt import UNPAID, Attempts
from fairlead.pipeline.budgets import Retries
from fairlead.pipeline.call import Call
from fairlead.pipeline.carried import Carried
from fairlead.pipeline.walk import Walk
from fairlead.routing.how import USUAL
from fairlead.upstream.api import Clocks

__all__ = ["Answer", "Dispatcher", "Streamed", "Whole"]


class Dispatcher:
    """Carries calls to targets. Holds no state of a call."""

    def __init__(self, attempts: Attempts, retries: Retries) -> None:
        self._attempts = attempts
        self._retries = retries
        budget = attempts.said.time_budget
        self._left = budget if budget < Clocks().total else None  # of a first attempt, whose own clocks else do

    async def dispatch(self, call: Call) -> Answer:
        """The first answer that a target of the plan gives. Raises `UpstreamError` when none does.

        A target that no budget has room for is passed over. Where that leaves none, the last such refusal is raised.
        """
        target = call.plan.targets[0]
        if target.standing.troubled or target.how is not USUAL:
            return self._carried(call, await Walk(self._attempts, self._retries, call).begin())
        try:
            found = await self._attempts.one(call, target, self._left)
        except UNPAID as refused:
            walk = Walk(self._attempts, self._retries, call)
            walk.unpaid = refused
            return self._carried(call, await walk.after(None))
        if type(found) is Failure:
            return self._carried(call, await Walk(self._attempts, self._retries, call).after(found))
        assert not isinstance(found, Failure)  # noqa: S101 - the line above, in words that a checker knows
        return found

    def broke(self, call: Call, caught: UpstreamFailure) -> None:
        """The stream that a call had got broke after it had begun."""
        self._attempts.broke(call, caught)

    def _carried(self, call: Call, answer: Answer) -> Answer:
        """The answer; where it is a stream that may be gone on with elsewhere, one that does."""
        if isinstance(answer, Streamed) and answer.seam is not None:
            answer.pipe = Carried(answer, call, self._attempts)
        return answer
