"""The money of a call: set aside before each attempt, settled after it, and what the call cost in the end."""

from typing import Final

from msgspec.structs import replace

from fairlead.clock import Clock
from fairlead.dialects import most
from fairlead.dialects.envelope import Envelope
from fairlead.errors import BudgetExceeded, PriceUnknown
from fairlead.ledger import extras
from fairlead.ledger.budgets.book import Book, Wanted
from fairlead.ledger.budgets.rule import Rule, applying
from fairlead.ledger.budgets.worst import Needs, affordable, worst
from fairlead.ledger.costs import Cost, cost
from fairlead.ledger.prices import Price, PriceBook
from fairlead.pipeline import tally
from fairlead.pipeline.call import Attempt, Call
from fairlead.pipeline.facts import facts_of
from fairlead.pipeline.given import Bounds, needs
from fairlead.routing.plan import Target

_FREE: Final = Cost(0)
# Fewer tokens than that are no answer, and some providers refuse to give so few.
_LEAST: Final = 16
_NO_BOUND: Final = 2**63


class Till:
    """Sets money aside for attempts and works out what calls cost. One for each configuration."""

    def __init__(self, prices: PriceBook, rules: tuple[Rule, ...], book: Book, clock: Clock, bounds: Bounds) -> None:
        self._prices = prices
        self._rules = rules
        self._book = book
        self._clock = clock
        self._bounds = bounds

    async def reserve(self, call: Call, attempt: Attempt) -> None:
        """Set the attempt's worst case aside on every budget that it falls under.

        Raises `BudgetExceeded`, `PriceUnknown` or `StoreUnavailable`; the next target may still do.
        """
        call.most = call.reserved = None
        own = call.principal.budgets
        if not (self._rules or own) or _only_counts(call):
            return
        target = attempt.target
        wanted = applying((*self._rules, *own) if own else self._rules, facts_of(call, target))
        if not wanted:
            return
        price, most_of, tier = self._price(target), needs(call, target, self._bounds), _tier(call)
        amount = worst(price, most_of, tier=tier)
        if amount is None:
            self._refuse_unknown(wanted, target)
            amount = 0
        past = self._past(wanted, call, target)
        answers = most.choices(call.envelope)
        # While one budget is asked for less, another may run out; each turn asks for fewer tokens or refuses.
        while attempt.reservation is None:
            try:
                attempt.reservation = await self._book.reserve(wanted, amount, past)
            except BudgetExceeded as exceeded:
                fits = affordable(price, most_of, exceeded.left, tier=tier) // answers
                least = max(_LEAST, most.least(call.envelope))
                if not _can_clamp(exceeded, wanted, call) or not least <= fits < (call.most or _NO_BOUND):
                    call.most = None
                    raise
                lowered = Needs(most_of.input, fits * answers, most_of.each)
                call.most, amount = fits, worst(price, lowered, tier=tier) or 0
        call.reserved = amount

    def release(self, attempt: Attempt) -> None:
        """The attempt failed before it gave anything: it cost nothing."""
        if attempt.reservation is not None:
            self._book.settle(attempt.reservation, 0)
            attempt.reservation = None

    def absorb(self, call: Call, attempt: Attempt) -> None:
        """Charge an attempt that another takes over from, by the usage and the tokens that the call now has of it."""
        spent = self.cost(call, attempt).nano
        attempt.cost = spent
        call.absorbed = None if spent is None or call.absorbed is None else call.absorbed + spent
        if attempt.reservation is not None:
            amount = spent if spent is not None else attempt.reservation.amount
            call.charges = together(call.charges, self._book.charges(attempt.reservation, amount))
            self._book.settle(attempt.reservation, amount)
            attempt.reservation = None

    def settle(self, call: Call) -> None:
        """Work out what the call cost, once it is over, and settle what was set aside for it."""
        attempt = call.attempts[-1] if call.attempts else None
        if call.cost is None:
            call.cost = self.cost(call, attempt) if attempt is not None else _FREE
        own = call.cost.nano
        if call.absorbed != 0:
            both = None if own is None or call.absorbed is None else own + call.absorbed
            call.cost = replace(call.cost, nano=both, estimated=True)
        if attempt is not None and attempt.reservation is not None:
            # What has no known price is charged as it was set aside.
            spent = own if own is not None else attempt.reservation.amount
            charges = self._book.charges(attempt.reservation, spent)
            call.charges = together(call.charges, charges) if call.charges else charges
            self._book.settle(attempt.reservation, spent)
            attempt.reservation = None

    def cost(self, call: Call, attempt: Attempt) -> Cost:
        """What the call costs as far as it has come: by the provider's count, or by ours where it gave none."""
        if _only_counts(call) or (call.usage is None and attempt.failure is not None and not call.produced):
            return _FREE
        price, usage = self._price(attempt.target), tally.used(call)
        estimated = call.usage is None or tally.premature(call)
        provider = attempt.target.provider.name
        if price.kind != "priced" and not extras.reports(provider):
            return Cost(0 if price.kind == "free" else None, (), estimated)
        if usage is None:  # pictures or sounds that nobody counted
            return Cost(0 if price.kind == "free" else None, (), estimated)
        own = usage.own
        told = extras.read(provider, own) if own is not None else extras.Extras()
        return cost(price, usage, told, tier=told.tier or _tier(call), estimated=estimated)

    def _price(self, target: Target) -> Price:
        return self._prices.price(target.provider.name, target.model, self._clock.wall())

    def _refuse_unknown(self, wanted: Wanted, target: Target) -> None:
        """What has no known price may cost anything. Raises `PriceUnknown` where a hard budget applies."""
        hard = next((rule for rule, _ in wanted if rule.hard), None)
        if hard is not None:
            name = f"{target.provider.name}/{target.model}"
            raise PriceUnknown(
                f"nobody knows what `{name}` costs, and the budget {hard.title} applies to this call",
                hint=f"give it a price under `prices` as `{name}`, or take a model with a known price",
            )

    def _past(self, wanted: Wanted, call: Call, target: Target) -> list[str]:
        """The budgets that may be passed here: those that protect by the cheapest model let that one through."""
        names = [rule.name for rule, _ in wanted if rule.protection == "cheapest"]
        return names if names and target is self._cheapest(call) else []

    def _cheapest(self, call: Call) -> Target | None:
        known = [(worst(self._price(each), needs(call, each, self._bounds)), each) for each in call.plan.targets]
        priced = [(amount, at) for at, (amount, _) in enumerate(known) if amount is not None]
        return known[min(priced)[1]][1] if priced else None


def together(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    """What both charged, by account."""
    return {name: one.get(name, 0) + other.get(name, 0) for name in one | other}


def _tier(call: Call) -> str | None:
    said = call.envelope.optional("service_tier") if isinstance(call.envelope, Envelope) else None
    return said if isinstance(said, str) else None


def _only_counts(call: Call) -> bool:
    """Whether the call asks how many tokens there are, which nobody charges for."""
    return call.envelope.endpoint.answer == "input_tokens"


def _can_clamp(exceeded: BudgetExceeded, wanted: Wanted, call: Call) -> bool:
    clamps = any(rule.name == exceeded.budget and rule.protection == "clamp" for rule, _ in wanted)
    return clamps and most.can_lower(call.envelope)
