"""What this process may still spend on each account, and what of it is set aside for attempts under way."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field

from fairlead.clock import Clock
from fairlead.errors import BudgetExceeded, StoreUnavailable
from fairlead.ledger.budgets import words
from fairlead.ledger.budgets.leases import Account, Leases, Taken, word_of
from fairlead.ledger.budgets.rule import Rule

log = logging.getLogger("fairlead.budgets")

# One taking covers so many calls as large as the one that asked, and the next twice as many, while they keep coming.
_CALLS_AHEAD, _MOST_AHEAD = 16, 1024
_IDLE_SECONDS = 5.0

Wanted = list[tuple[Rule, tuple[str, ...]]]
# Hears which budget has passed how many per cent of its limit.
Told = Callable[[str, int], None]


@dataclass(slots=True)
class Held:
    """An account as this process sees it: what it has taken, what of it is spent, and what is set aside.

    `owed` was spent beyond what could be taken, and has to be told to all who share the account; `lost` was held when
    its lease ended, and is given back where nobody has done that. `asked` is when some was asked for last. `others` is
    what all else had taken then, `told` the last alert that was given here.
    """

    rule: Rule
    account: Account
    taken: int = 0
    spent: int = 0
    reserved: int = 0
    owed: int = 0
    lost: int = 0
    others: int = 0
    told: int = 0
    telling: bool = False
    asked: float = 0.0
    used: float = 0.0
    ahead: int = _CALLS_AHEAD
    filling: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def free(self) -> int:
        return self.taken - self.spent - self.reserved

    def got(self, taken: Taken) -> None:
        self.others = max(self.rule.limit - taken.left - self.taken - self.lost, 0)
        self.taken += taken.amount

    def lose(self) -> None:
        """What is neither spent nor set aside is not this process's any more."""
        free = max(self.free, 0)
        self.taken -= free
        self.lost += free


@dataclass(slots=True)
class Reservation:
    """Money set aside for one attempt, in nano-dollars, on every account that it falls under."""

    amount: int
    accounts: list[Held]


class Book:
    """Sets money aside, and settles it. Of an account with a hard rule, no more is ever set aside than was taken."""

    def __init__(self, leases: Leases, clock: Clock, told: Told | None = None) -> None:
        self._leases = leases
        self._clock = clock
        self._told = told
        self._held: dict[tuple[str, tuple[str, ...]], Held] = {}
        self._replaced: list[Held] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def share(self, leases: Leases) -> None:
        """Take from these accounts from now on. What was taken from others stays with whoever spends it."""
        self._leases = leases
        self._held.clear()

    async def reserve(self, wanted: Wanted, amount: int, past: Collection[str] = ()) -> Reservation:
        """`amount` nano-dollars on every account. Raises `BudgetExceeded` or `StoreUnavailable`, and then holds none.

        What costs nothing is never refused. Where the store does not answer, only hard rules are closed. The rules
        named in `past` may be passed, and are charged like the others.
        """
        accounts = [self._account(rule, group) for rule, group in wanted]
        # While one account is filled another may run out; each turn takes money or refuses.
        binding = [each for each in accounts if each.rule.hard and each.rule.name not in past]
        while amount and (short := self._short(binding, amount)):
            await self._filled(short, amount)
        now = self._clock.monotonic()
        for held in accounts:
            held.reserved += amount
            held.used = now
            if held.free < amount and not held.filling.locked():
                self._later(self._fill_ahead(held, amount))
        return Reservation(amount, accounts)

    def settle(self, reservation: Reservation, cost: int) -> None:
        """The attempt is over and cost so much, which is spent even where it is more than was set aside."""
        for held in reservation.accounts:
            held.reserved -= reservation.amount
            held.spent += cost
            self._alert(held)
            beyond = -held.free
            if beyond > 0:
                held.owed += beyond
                held.taken += beyond
                self._later(self._pay(held))
        reservation.accounts = []

    def charges(self, reservation: Reservation, cost: int) -> dict[str, int]:
        """What a ledger row says of it: how much is charged to which account."""
        return {word_of(held.account): cost for held in reservation.accounts} if cost else {}

    async def tend(self) -> None:
        """Pay what is owed; give back what is held on accounts whose window is over, or which were still for long."""
        now, wall = self._clock.monotonic(), self._wall()
        for held in [*self._held.values(), *self._replaced]:
            if not self._leases.term.holds(held.asked, now):
                held.lose()
        for key, held in list(self._held.items()):
            self._alert(held)
            over = not held.account.window.holds(wall)
            if over:
                self._replaced.append(self._held.pop(key))
            elif now - held.used > _IDLE_SECONDS and not held.filling.locked():
                await self._give_back(held)
            await self._pay(held)
        for held in list(self._replaced):
            await self._give_back(held)
            await self._pay(held)
            if not held.reserved:
                self._replaced.remove(held)

    async def close(self) -> None:
        """Give everything back that is not spent."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for held in [*self._held.values(), *self._replaced]:
            await self._give_back(held)
            await self._pay(held)

    def left(self, wanted: Wanted) -> int | None:
        """The least that this process holds free on any of these accounts; None where no hard rule applies."""
        free = [self._account(rule, group).free for rule, group in wanted if rule.hard]
        return min(free, default=None)

    def _wall(self) -> int:
        return int(self._clock.wall() * 1000)

    def _account(self, rule: Rule, group: tuple[str, ...]) -> Held:
        held, now = self._held.get((rule.name, group)), self._wall()
        if held is not None and held.rule is rule and held.account.window.holds(now):
            return held
        if held is not None:
            self._replaced.append(held)
        made = Held(rule, Account(rule.name, group, rule.calendar.window(now)))
        made.used = made.asked = self._clock.monotonic()
        self._held[rule.name, group] = made
        return made

    def _short(self, accounts: list[Held], amount: int) -> Held | None:
        """The first that has not so much left of what is surely held."""
        now, holds = self._clock.monotonic(), self._leases.term.holds
        for held in accounts:
            if not holds(held.asked, now):
                held.lose()
            if held.free < amount:
                return held
        return None

    async def _filled(self, held: Held, amount: int) -> None:
        """The same as `_fill`, to its end even where who asked for it has left: what is taken must be noted."""
        task = asyncio.get_running_loop().create_task(self._fill(held, amount))
        self._tasks.add(task)
        task.add_done_callback(self._over)
        await asyncio.shield(task)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # which nobody may be left to hear

    async def _fill(self, held: Held, amount: int) -> None:
        """Take what is missing for `amount`, and some for the calls after it. Raises `BudgetExceeded`."""
        async with held.filling:
            least = amount - held.free
            if least <= 0:
                return
            await self._return_lost(held)
            most = max(least, amount * held.ahead)
            held.ahead = min(2 * held.ahead, _MOST_AHEAD)
            asked = self._clock.monotonic()
            taken = await self._leases.take(held.account, held.rule.limit, least, most)
            held.got(taken)
            held.asked = asked
        if not taken.amount:
            raise words.exceeded(held.rule, held.account, amount, taken.left + held.free)

    async def _fill_ahead(self, held: Held, amount: int) -> None:
        """Take the next call's money before it comes, so that it need not wait. Who cannot have it is told then."""
        try:
            await self._fill(held, amount)
        except BudgetExceeded as exceeded:
            if not held.rule.hard:
                log.info("%s", exceeded.message)

    def _alert(self, held: Held) -> None:
        """Tell once of each share of the limit that is passed, by what is known here of all that is spent."""
        spent = held.spent + held.others
        due = [percent for percent in held.rule.passed(spent) if percent > held.told]
        if due and not held.telling:
            held.telling = True
            self._later(self._tell(held, due, spent))

    async def _tell(self, held: Held, due: list[int], spent: int) -> None:
        """Say nothing of what another process has told. What cannot be asked now is told later."""
        with contextlib.suppress(StoreUnavailable):
            for percent in due:
                first = await self._leases.first(held.account, percent)
                held.told = percent
                if first:
                    log.warning("%d%% budget reached: %s", percent, words.standing(held.rule, held.account, spent))
                    if self._told is not None:
                        self._told(held.rule.name, percent)
        held.telling = False

    async def _return_lost(self, held: Held) -> None:
        """Before any is taken anew: what others took back is known by nothing being held."""
        amount, held.lost = held.lost, 0
        if amount:
            try:
                await self._leases.give_back(held.account, amount)
            except StoreUnavailable:
                held.lost += amount
                raise

    async def _give_back(self, held: Held) -> None:
        await self._return_lost(held)
        amount, held.ahead = held.free, _CALLS_AHEAD
        if amount > 0:
            held.taken -= amount
            try:
                await self._leases.give_back(held.account, amount)
            except StoreUnavailable:
                held.taken += amount
                raise

    async def _pay(self, held: Held) -> None:
        await self._return_lost(held)
        amount, held.owed = held.owed, 0
        if amount:
            try:
                await self._leases.overdraw(held.account, amount)
            except StoreUnavailable:
                held.owed += amount
                raise

    def _later(self, doing: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(_told(doing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _told(doing: Coroutine[object, object, None]) -> None:
    try:
        await doing
    except StoreUnavailable as error:
        log.warning("the accounts of budgets were not reached: %s", error.message)
