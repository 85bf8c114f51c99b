"""Limits that several processes keep together.

Each process has a part of a limit, and within any span lets no more through than its part. The parts of all are never
more than the limit, so all processes together do not pass it either. A process gives back of its part only what no
longer counts at that moment, so that holds while parts change hands too. No clock is shared for it.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from fairlead.clock import Clock
from fairlead.errors import RateLimited, StoreUnavailable
from fairlead.ledger.budgets.leases import Taken
from fairlead.ledger.budgets.rules import Facts
from fairlead.ledger.limits.gate import Amounts, Kind, Meter, Rule, Ticket, refused, told
from fairlead.ledger.limits.sliding import Sliding, UnderWay
from fairlead.ledger.shared.holdings import Pot

# One taking covers so many calls as large as the one that asked, but no more than this part of the limit: what lies
# unused here is missing elsewhere.
_CALLS_AHEAD: Final = 16
_PART_AHEAD: Final = 32
_IDLE_MS: Final = 5000
# For so long it is believed that nothing is left.
_BELIEVED_MS: Final = 100
_A_WHILE: Final = 1000


class Parts(Protocol):
    """What of the limits this process has, as `Holdings` has it. Raises `StoreUnavailable`."""

    async def take(self, pot: Pot, cap: int, least: int, most: int) -> Taken: ...

    async def change(self, pot: Pot, by: int) -> None: ...


@dataclass(slots=True)
class Part:
    """One limit of one group: `size` of it is this process's, and `left` was nobody's when that was asked last.

    `beyond` is what it let through beyond its part, for calls took more than they said or the others were out of reach.
    The others are told of that, but it is no room: a call is let through only within `size`.
    """

    rule: Rule
    group: tuple[str, ...]
    pot: Pot
    meter: Meter
    size: int = 0
    beyond: int = 0
    left: int = 0
    asked: int = -_BELIEVED_MS
    used: int = 0
    ahead: int = 0
    filling: asyncio.Lock = field(default_factory=asyncio.Lock)

    def free(self, now: int) -> int:
        return self.size - self.meter.at(now)

    def standing(self, now: int) -> tuple[Rule, int, int]:
        """The limit, what remains of it, and in how many milliseconds all of it does.

        What others have counts from an unknown moment on: it does so for a span at most.
        """
        remaining = min(self.free(now) + self.left, self.rule.limit)
        others = self.rule.limit - self.size - self.beyond - self.left > 0
        return self.rule, remaining, self.rule.span if others else self.meter.empty(now)

    def standing_alone(self, now: int) -> tuple[Rule, int, int]:
        """The same, as far as this process knows by itself."""
        return self.rule, self.rule.limit - self.meter.at(now), self.meter.empty(now)

    def became(self, rule: Rule) -> None:
        """What was a part of another limit is none of this one until that was asked."""
        if rule.limit != self.rule.limit:
            self.beyond, self.size = self.beyond + self.size, 0
        self.rule = rule

    def got(self, taken: Taken, now: int) -> None:
        self.left, self.asked = taken.left - taken.amount, now
        if taken.amount:  # all that is taken of the limit is within it, so what was beyond is part of it too
            self.size, self.beyond = self.size + self.beyond + taken.amount, 0

    def shrunk(self, now: int, *, wholly: bool = False) -> int:
        """Keep what is needed; how much more, or less, this process has of the limit then."""
        free = self.free(now)
        if wholly or now - self.used > _IDLE_MS:
            spare = max(free, 0)
        else:
            spare = free - self.ahead if free > 2 * self.ahead else 0
        before, self.beyond = self.beyond, max(-free, 0)
        self.size -= spare
        return self.beyond - before - spare


class SharedGate:
    """The limits of all processes. As long as this one's parts suffice, none of the others is asked.

    While the parts cannot be reached, this process keeps the limits by itself.
    """

    def __init__(self, rules: Iterable[Rule], clock: Clock, parts: Parts) -> None:
        self._rules = tuple(rules)
        self._clock = clock
        self._shared = parts
        self._parts: dict[tuple[str, Kind, int, tuple[str, ...]], Part] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Whether there are no limits at all."""
        return not self._rules

    def change(self, rules: Iterable[Rule]) -> None:
        """From now on these. What counted under a limit of the same name, kind and span still does."""
        self._rules = tuple(rules)

    async def admit(self, facts: Facts, amounts: Amounts, own: tuple[Rule, ...] = ()) -> Ticket:
        """Let a call through that may take so much, under the limits of its key too (`own`).

        Raises `RateLimited`; what is refused takes nothing.
        """
        wanted = [
            (self._part(rule, group), amounts.of(rule.kind))
            for rule in ((*self._rules, *own) if own else self._rules)
            for group in rule.scope.groups(facts)
        ]
        short = None
        try:
            # While one part is filled another may run out; each turn takes some or refuses.
            while short := self._short(wanted):
                await self._fill(*short)
        except StoreUnavailable:
            self._check_alone(wanted)
            return self._let_through(wanted, Part.standing_alone)
        except RateLimited as error:
            # Of those after the one that refused nobody was asked.
            asked = wanted[: wanted.index(short) + 1] if short else wanted
            error.headers = told([part.standing(self._now()) for part, _ in asked])
            raise
        return self._let_through(wanted, Part.standing)

    async def tend(self) -> None:
        """Give back what is not needed here, and tell of what was used beyond this process's parts."""
        now = self._now()
        quiet = [part for part in self._parts.values() if not part.filling.locked()]
        await asyncio.gather(*(self._change(part, part.shrunk(now)) for part in quiet))
        for key, part in list(self._parts.items()):
            over = now - part.used > _IDLE_MS and not part.filling.locked()
            if over and not (part.size or part.beyond or part.meter.at(now)):
                del self._parts[key]

    async def close(self) -> None:
        """Give back all that does not count any more. The rest counts for a span after this process's lease."""
        await asyncio.gather(*self._tasks)
        now = self._now()
        await asyncio.gather(*(self._change(part, part.shrunk(now, wholly=True)) for part in self._parts.values()))

    def _now(self) -> int:
        return round(self._clock.monotonic() * 1000)

    def _part(self, rule: Rule, group: tuple[str, ...]) -> Part:
        key = (rule.name, rule.kind, rule.span, group)
        part = self._parts.get(key)
        if part is None:
            pot = Pot(json.dumps([*key[:3], *group], ensure_ascii=False), after=rule.span)
            meter = Sliding(rule.span) if rule.span else UnderWay()
            part = self._parts[key] = Part(rule, group, pot, meter)
        part.became(rule)
        part.used = self._now()
        return part

    def _short(self, wanted: list[tuple[Part, int]]) -> tuple[Part, int] | None:
        now = self._now()
        return next(((part, amount) for part, amount in wanted if part.free(now) < amount), None)

    async def _fill(self, part: Part, amount: int) -> None:
        """Take what is missing for `amount`, and some for the calls after it. Raises `RateLimited`."""
        async with part.filling:
            now = self._now()
            if part.free(now) >= amount:
                return
            least = max(amount - part.free(now) - part.beyond, 1)
            if now - part.asked < _BELIEVED_MS and least > part.left:
                raise _refused(part, amount, now)
            part.ahead = min(amount * _CALLS_AHEAD, part.rule.limit // _PART_AHEAD)
            taken = await self._shared.take(part.pot, part.rule.limit, least, max(least, part.ahead))
            part.got(taken, self._now())
            if not taken.amount:
                raise _refused(part, amount, self._now())

    async def _fill_ahead(self, part: Part, amount: int) -> None:
        """Take the next call's part before it comes, so that it need not wait. Who cannot have it is told then."""
        try:
            await self._fill(part, amount)
        except (RateLimited, StoreUnavailable):
            return

    def _check_alone(self, wanted: list[tuple[Part, int]]) -> None:
        now = self._now()
        for at, (part, amount) in enumerate(wanted):
            counted = part.meter.at(now)
            if counted + amount > part.rule.limit:
                error = refused(part.rule, part.group, counted, amount, part.meter.wait(now, amount, part.rule.limit))
                error.headers = told([each.standing_alone(now) for each, _ in wanted[: at + 1]])
                raise error

    def _let_through(
        self, wanted: list[tuple[Part, int]], standing: Callable[[Part, int], tuple[Rule, int, int]]
    ) -> Ticket:
        now = self._now()
        for part, amount in wanted:
            part.meter.add(now, amount)
            if part.free(now) < amount <= part.ahead and not part.filling.locked():
                self._later(self._fill_ahead(part, amount))
        taken = [(part.rule, part.meter, amount) for part, amount in wanted]
        return Ticket(now, taken, told([standing(part, now) for part, _ in wanted]))

    async def _change(self, part: Part, by: int) -> None:
        if by:
            await self._shared.change(part.pot, by)

    def _later(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _refused(part: Part, amount: int, now: int) -> RateLimited:
    """Others' parts may come back at any time, so who may have it at all is told to ask again before long."""
    wait = part.meter.wait(now, amount, part.size + part.left)
    if wait is None and amount <= part.rule.limit:
        wait = _A_WHILE
    counted = max(part.rule.limit - part.left - max(part.free(now), 0), part.meter.total)
    return refused(part.rule, part.group, counted, amount, wait)
