"""The money of a call: set aside before each attempt, settled after it, and what the call cost in the end."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fairlead.clock import Clock
from fairlead.dialects import most
from fairlead.dialects.envelope import Envelope
from fairlead.errors import BudgetExceeded, PriceUnknown
from fairlead.ledger import extras
from fairlead.ledger.budgets.book import Book, Wanted
from fairlead.ledger.budgets.rule import Rule, applying
from fairlead.ledger.budgets.worst import affordable, worst
from fairlead.ledger.costs import Cost, cost
from fairlead.ledger.prices import Price, PriceBook
from fairlead.pipeline import tally
from fairlead.pipeline.call import Attempt, Call
from fairlead.pipeline.facts import facts_of
from fairlead.routing.plan import Target

_FREE: Final = Cost(0)
# What stands for tokens that are not in the body: what a provider keeps or fetches, of any length.
_ELSEWHERE: Final = re.compile(
    rb'"(?:previous_response_id|conversation|file_id|file_url|fileUri|file_uri|url|image_url)"'
)
# What is text here and more to a provider: a picture or a page has a price that its bytes do not tell, and of tools a
# model is told more than the client says.
_PICTURE: Final = re.compile(rb'"(?:image|document|inline_?data)"', re.IGNORECASE)
_PICTURE_TOKENS: Final = 4000
_TOOLS_TOKENS: Final = 1000
# Fewer tokens than that are no answer, and some providers refuse to give so few.
_LEAST: Final = 16
_NO_BOUND: Final = 2**63


@dataclass(frozen=True, slots=True)
class Bounds:
    """Tokens that an attempt is counted with where nobody says: in, where a part is kept elsewhere, and out.

    `known` has the most that a model answers with, by its id at a provider, where that is known.
    """

    input: int = 200_000
    output: int = 32_768
    known: Mapping[str, int] = field(default_factory=dict)


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
        if not self._rules or _only_counts(call):
            return
        target = attempt.target
        wanted = applying(self._rules, facts_of(call, target))
        if not wanted:
            return
        price, given, tier = self._price(target), self._given(call), _tier(call)
        amount = worst(price, given, self._made(call, target), tier=tier)
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
                fits = affordable(price, given, exceeded.left, tier=tier) // answers
                if not _can_clamp(exceeded, wanted, call) or not _LEAST <= fits < (call.most or _NO_BOUND):
                    call.most = None
                    raise
                call.most, amount = fits, worst(price, given, fits * answers, tier=tier) or 0
        call.reserved = amount

    def release(self, attempt: Attempt) -> None:
        """The attempt failed before it gave anything: it cost nothing."""
        if attempt.reservation is not None:
            self._book.settle(attempt.reservation, 0)
            attempt.reservation = None

    def settle(self, call: Call) -> None:
        """Work out what the call cost, once it is over, and settle what was set aside for it."""
        attempt = call.attempts[-1] if call.attempts else None
        if call.cost is None:
            call.cost = self.cost(call, attempt) if attempt is not None else _FREE
        if attempt is not None and attempt.reservation is not None:
            # What has no known price is charged as it was set aside.
            spent = call.cost.nano if call.cost.nano is not None else attempt.reservation.amount
            call.charges = self._book.charges(attempt.reservation, spent)
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
        told = extras.read(provider, usage.said) if usage.said is not None else extras.Extras()
        return cost(price, usage, told, tier=told.tier or _tier(call), estimated=estimated)

    def _price(self, target: Target) -> Price:
        return self._prices.price(target.provider.name, target.model, self._clock.wall())

    def _given(self, call: Call) -> int:
        """No token of text is shorter than a byte. What is kept elsewhere is counted as the longest context."""
        body = call.request.body
        beside = _PICTURE_TOKENS * len(_PICTURE.findall(body)) + (_TOOLS_TOKENS if b'"tools"' in body else 0)
        return len(body) + beside + (self._bounds.input if _ELSEWHERE.search(body) else 0)

    def _made(self, call: Call, target: Target) -> int:
        if not tally.in_words(call):
            return 0
        asked = most.asked(call.envelope)
        if asked is None:
            asked = self._bounds.known.get(target.model, self._bounds.output)
        return asked * most.choices(call.envelope)

    def _refuse_unknown(self, wanted: Wanted, target: Target) -> None:
        """What has no known price may cost anything. Raises `PriceUnknown` where a hard budget applies."""
        hard = next((rule for rule, _ in wanted if rule.hard), None)
        if hard is not None:
            name = f"{target.provider.name}/{target.model}"
            raise PriceUnknown(
                f"nobody knows what `{name}` costs, and the budget `{hard.name}` applies to this call",
                hint=f"give it a price under `prices` as `{name}`, or take a model with a known price",
            )

    def _past(self, wanted: Wanted, call: Call, target: Target) -> list[str]:
        """The budgets that may be passed here: those that protect by the cheapest model let that one through."""
        names = [rule.name for rule, _ in wanted if rule.protection == "cheapest"]
        return names if names and target is self._cheapest(call) else []

    def _cheapest(self, call: Call) -> Target | None:
        given = self._given(call)
        known = [(worst(self._price(each), given, self._made(call, each)), each) for each in call.plan.targets]
        priced = [(amount, at) for at, (amount, _) in enumerate(known) if amount is not None]
        return known[min(priced)[1]][1] if priced else None


def _tier(call: Call) -> str | None:
    said = call.envelope.optional("service_tier") if isinstance(call.envelope, Envelope) else None
    return said if isinstance(said, str) else None


def _only_counts(call: Call) -> bool:
    """Whether the call asks how many tokens there are, which nobody charges for."""
    return call.envelope.endpoint.answer == "input_tokens"


def _can_clamp(exceeded: BudgetExceeded, wanted: Wanted, call: Call) -> bool:
    clamps = any(rule.name == exceeded.budget and rule.protection == "clamp" for rule, _ in wanted)
    return clamps and most.can_lower(call.envelope)
