"""A call's way along its plan once the first try did not do: which target is next, when, and when it is over."""

from dataclasses import dataclass

from fairlead.errors import Failure, FailureKind, FairleadError
from fairlead.pipeline.answers import Answer
from fairlead.pipeline.attempt import UNPAID, Attempts
from fairlead.pipeline.budgets import Retries
from fairlead.pipeline.call import Call
from fairlead.pipeline.failures import given_up, resting
from fairlead.pipeline.hedge import Hedge
from fairlead.pipeline.outcomes import Declined, declined
from fairlead.pipeline.retry import allowed, backoff
from fairlead.routing.disposition import Then, disposition
from fairlead.routing.onward import again, larger, matching
from fairlead.routing.plan import Target


@dataclass(slots=True)
class _Tried:
    """How often one target was tried, and how it failed the last time; None where there was no money for it."""

    times: int = 0
    failure: Failure | None = None


class Walk:
    """The walk of one call."""

    def __init__(self, attempts: Attempts, retries: Retries, call: Call) -> None:
        self._attempts = attempts
        self._retries = retries
        self._said = attempts.said
        self._clock = attempts.clock
        self._call = call
        self._targets = call.plan.targets if attempts.said.fallback else call.plan.targets[:1]
        self._tried: dict[int, _Tried] = {}
        self._again = 0
        self._waited = 0.0
        self._ends = call.started + attempts.said.time_budget
        self._panic = False
        self._declined: Declined | None = None
        self.unpaid: FairleadError | None = None

    async def begin(self) -> Answer:
        """The first answer of a target that may be asked. Raises `UpstreamError`, or why nobody could be paid."""
        return await self._go(self._first())

    async def after(self, failure: Failure | None) -> Answer:
        """The same, the first target having failed, or not having been paid for (None)."""
        self._note(0, failure)
        return await self._on(0)

    async def _go(self, at: int) -> Answer:
        answer = await self._try(at)
        return await self._on(at) if answer is None else answer

    async def _on(self, at: int) -> Answer:
        """What follows after the target at `at` has failed."""
        while (step := self._step(at)) is not None:
            at, wait = step
            if wait:
                await self._clock.sleep(wait)
                if not self._admits(at):
                    self._tried[at].times += 1  # somebody else finds out whether it is well again
                    continue
            answer = await self._try(at)
            if answer is not None:
                return answer
        return self._over()

    async def _try(self, at: int) -> Answer | None:
        try:
            found = await self._ask(at, self._ends - self._clock.monotonic())
        except UNPAID as refused:
            self.unpaid = refused
            self._note(at, None)
            return None
        if isinstance(found, Failure):
            self._note(at, found)
            return None
        return self._kept(at, found)

    def _kept(self, at: int, found: Answer) -> Answer | None:
        """The answer; none where it is a refusal, and the next target is to be asked after one."""
        care = self._targets[at].how.care
        if care is None or not care.past_policy or self._later(at) is None:
            return found
        kept = declined(self._call, found, self._attempts)
        if kept is None:
            return found
        self._declined = self._declined or kept
        self._note(at, kept.attempt.failure)
        return None

    async def _ask(self, at: int, left: float) -> Answer | Failure:
        """What the target says, or where it is hedged and takes too long, the next one."""
        target = self._targets[at]
        care = target.how.care
        beside = self._beside(at) if care is not None and care.hedge else None
        if beside is None:
            return await self._attempts.one(self._call, target, left)
        hedge = Hedge(self._attempts, self._call, left)
        try:
            return await hedge.run(target, self._targets[beside])
        finally:
            for other, failure in hedge.failures:
                if other is not target:
                    self._note(beside, failure)

    def _note(self, at: int, failure: Failure | None) -> None:
        known = self._tried.setdefault(at, _Tried())
        known.times += 1
        known.failure = failure

    def _first(self) -> int:
        """The first target that may be asked; where none may, the one that it is least bad to ask, and once.

        One that has said for how long it wants no call is not asked. Raises `UpstreamError` where all have.
        """
        now = self._clock.monotonic()
        for at, target in enumerate(self._targets):
            if target.standing.admits(now):
                return at
        self._panic = True
        rests = [target.standing.asked_to_rest(now) for target in self._targets]
        if all(rests):
            raise resting(min(rests))
        return min((at for at, rest in enumerate(rests) if not rest), key=lambda at: (self._badness(at), at))

    def _badness(self, at: int) -> tuple[bool, float]:
        standing = self._targets[at].standing
        refused = standing.cause(self._clock.monotonic()) in (FailureKind.AUTH, FailureKind.CREDIT)
        return refused, standing.until()

    def _beside(self, at: int) -> int | None:
        """The target that is asked too where one is slow: the next that is well."""
        later = range(at + 1, len(self._targets))
        return next((each for each in later if each not in self._tried and self._admits(each)), None)

    def _admits(self, at: int) -> bool:
        return self._targets[at].standing.admits(self._clock.monotonic())

    def _step(self, at: int) -> tuple[int, float] | None:
        """What is tried after the target at `at` has failed, and after what wait; None where the call is over."""
        if self._panic or self._clock.monotonic() >= self._ends:
            return None
        if self._targets[at].how.retry is not None and (step := self._again_at(at)) is not None:
            return step
        found = self._next(at)
        if found is not None:
            return found, 0.0
        asked = sum(tried.failure is not None for tried in self._tried.values())
        own = self._targets[at].how.retry
        return self._again_at(at) if asked == 1 and own is None else None  # who asked several has tried again

    def _next(self, at: int) -> int | None:
        """The target that takes over at once; None where there is none."""
        target, failure = self._targets[at], self._tried[at].failure
        if failure is None:
            return self._later(at)
        if target.how.onward is not None:
            return self._onward(at, failure)
        then = disposition(failure.kind).then
        if failure.kind is FailureKind.POLICY and target.how.care is not None and target.how.care.past_policy:
            then = Then.NEXT
        if then is Then.STOP:
            return None
        return self._later(at, larger_than=target if then is Then.LARGER else None)

    def _later(self, at: int, larger_than: Target | None = None) -> int | None:
        for each in range(at + 1, len(self._targets)):
            fits = larger_than is None or larger(self._targets[each], larger_than)
            if fits and each not in self._tried and self._admits(each):
                return each
        return None

    def _onward(self, at: int, failure: Failure) -> int | None:
        """Where a policy sends a call on after this failure; what is left alone there is passed by in its own way."""
        found = matching(self._targets[at].how.onward or (), failure)
        first = found
        while found is not None and not self._admits(found):
            found = matching(self._targets[found].how.onward or (), failure)
        found = first if found is None else found
        return found if found is not None and found < len(self._targets) and found not in self._tried else None

    def _again_at(self, at: int) -> tuple[int, float] | None:
        """The same target once more, and after what wait; None where it may not be tried again."""
        wait = self._wait_here(at)
        if wait is None or not self._retries.take(self._targets[at].provider.name):
            return None
        self._again += 1
        self._waited += wait
        return at, wait

    def _wait_here(self, at: int) -> float | None:
        """Seconds until this target may be tried once more; None where it may not."""
        target, tried = self._targets[at], self._tried[at]
        failure, own = tried.failure, target.how.retry
        if failure is None or target.once:
            return None
        if own is not None:
            may = tried.times <= own.attempts and again(own.statuses, failure)
        else:
            may = target.how.onward is None and self._usual(failure, tried.times)
        return self._bounded(target, failure, tried.times) if may else None

    def _usual(self, failure: Failure, times: int) -> bool:
        """Whether a target is tried again after so many tries, where no policy of its own says how often."""
        rule = disposition(failure.kind)
        if rule.then is not Then.AGAIN or self._again >= self._said.max_retries:
            return False
        return times <= allowed(rule.cause, self._said)

    def _bounded(self, target: Target, failure: Failure, times: int) -> float | None:
        """The wait before another try, if it is one that can be waited for."""
        now, standing, asked = self._clock.monotonic(), target.standing, 0.0
        rests = max(0.0, standing.until() - now)
        if failure.kind is FailureKind.RATE_LIMIT or failure.retry_after is not None:
            asked = max(rests, failure.retry_after or 0.0)
        elif rests:
            return None  # it is to be left alone
        own = target.how.retry
        if own is not None and not own.use_retry_after and failure.kind is not FailureKind.RATE_LIMIT:
            asked = rests
        longest = self._said.total_wait if own is not None and own.use_retry_after else self._said.longest_wait
        wait = max(backoff(times, self._said, self._attempts.draw()), asked)
        fits = wait <= longest and self._waited + wait <= self._said.total_wait
        return wait if fits and now + wait < self._ends else None

    def _over(self) -> Answer:
        if self._declined is not None:
            return self._declined.stands(self._call)
        if self.unpaid is not None and not self._call.attempts:
            raise self.unpaid
        return given_up(self._call)
