"""Equal targets, of which everything can be said."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from fairlead.errors import Failure, FailureKind
from fairlead.providers.row import Provider
from fairlead.routing.balance import Balance
from fairlead.routing.equals import EXPLORED
from fairlead.routing.facts import Facts
from fairlead.routing.health import Board, Standing
from fairlead.routing.moment import Moment, Prices
from fairlead.routing.policy import By
from fairlead.routing.sticky import Sessions
from fairlead.routing.target import Candidate, Plan, Target
from fairlead.upstream.api import Clocks

WAYS: list[By] = ["weighted", "cheapest", "fastest", "least-busy", "best"]
NOT_EXPLORED = EXPLORED


class Field:
    """Equal targets `p0`, `p1`, …, of which everything can be said."""

    def __init__(self, *weights: float, by: By = "best", stay: float = 0.0) -> None:
        board, clocks = Board(), Clocks()
        providers = [Provider(f"p{at}", "openai-chat", f"http://p{at}", None) for at in range(len(weights))]
        targets = [
            Target(each, "m", clocks, clocks, weight=weight, standing=board.standing(each, "m"))
            for each, weight in zip(providers, weights, strict=True)
        ]
        self.plan = Plan(
            tuple(Candidate(each.provider.name, "m", each, "a target") for each in targets),
            "",
            choose=Balance(by, stay),
        )
        self.standings = [target.standing for target in targets]
        self.prices: dict[str, Prices] = {}
        self.sessions = Sessions()
        self.random = random.Random(5)
        self.now = 100.0

    def measured(self, *seconds: float) -> "Field":
        for standing, took in zip(self.standings, seconds, strict=True):
            for _ in range(50):
                standing.answered(0.0, took, stream=True)
        return self

    def moment(self, draw: Callable[[], float] | None = None, body: bytes = b"", **more: Any) -> Moment:
        def price(target: Target) -> Prices | None:
            return self.prices.get(target.provider.name)

        facts = Facts(body, key="k")
        return Moment(draw or self.random.random, self.now, facts, price, self.sessions, **more)

    def order(self, *draws: float, body: bytes = b"", plan: Plan | None = None) -> list[str]:
        """The names of the targets in the order that one call gets."""
        made = plan or self.plan
        assert made.choose is not None
        left = made.choose(made, self.moment(iter(draws).__next__ if draws else None, body))
        if left.stays is not None:
            left.stays.at(left.targets[0])
        return [target.provider.name for target in left.targets]

    def firsts(self, calls: int = 1000) -> Counter[str]:
        return Counter(self.order()[0] for _ in range(calls))


def opened(standing: Standing, now: float) -> None:
    standing.failed(Failure(FailureKind.AUTH, "no", status=401), now - 1, now, 0.5)
    assert not standing.admits(now)


def talk(about: bytes) -> bytes:
    """The body of a call that goes on with a conversation about something."""
    return (
        b'{"model":"m","messages":[{"role":"user","content":"%b"},{"role":"assistant","content":"a"},'
        b'{"role":"user","content":"b"}]}'
    ) % about
