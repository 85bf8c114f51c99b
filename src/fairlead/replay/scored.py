"""How hard the recorded calls for a model were, and what each would have cost more at its strong one."""

from fairlead.ledger.row import Row
from fairlead.replay.again import Priced, usage_of
from fairlead.replay.calibrated import Scored
from fairlead.replay.facts import Recorded, Texts, Unknown
from fairlead.routing.difficulty import difficulty
from fairlead.routing.plan import Wanted, plan
from fairlead.routing.policy import Policy
from fairlead.routing.said import heard
from fairlead.routing.target import Target
from fairlead.routing.tiers import Tiers
from fairlead.routing.worth import more_for


class Scores:
    """Scores calls one by one. `recorded` and `read` count where a score is from, `unscored` those that have none.

    `priced` says whether what calls cost more is known; where it is not, each counts alike.
    """

    def __init__(self, policy: Policy, price: Priced, tiers: Tiers | None, texts: Texts) -> None:
        self._price = price
        self._texts = texts
        self._targets = _first(policy, tiers)
        self._calls: list[tuple[float, int | None]] = []
        self.recorded = self.read = self.unscored = 0

    def add(self, row: Row) -> None:
        """Score one call."""
        score = row.difficulty
        if score is not None:
            self.recorded += 1
        elif (score := self._score(row)) is not None:
            self.read += 1
        else:
            self.unscored += 1
            return
        self._calls.append((score, self._extra(row)))

    @property
    def priced(self) -> bool:
        """Whether most calls are weighed by what they cost more."""
        return 2 * sum(extra is not None for _, extra in self._calls) > len(self._calls)

    @property
    def calls(self) -> list[Scored]:
        """The calls; one whose price is not known costs more what the others do in the mean."""
        known = [extra for _, extra in self._calls if extra is not None]
        usual = sum(known) / len(known) if self.priced else 1.0
        weigh = self.priced
        return [Scored(score, extra if weigh and extra is not None else usual) for score, extra in self._calls]

    def _score(self, row: Row) -> float | None:
        try:
            found = difficulty(heard(Recorded(row, self._texts).member))
        except Unknown:
            return None
        return found.score if found else None

    def _extra(self, row: Row) -> int | None:
        if self._targets is None or not row.counted:
            return None
        cheap, strong = (self._price(each.provider.name, each.model, row.at / 1000) for each in self._targets)
        return more_for(cheap, strong, usage_of(row.tokens, cached=False))


def _first(policy: Policy, tiers: Tiers | None) -> tuple[Target, Target] | None:
    """The first target of the cheap and of the strong model."""
    if tiers is None:
        return None
    return plan(Wanted(tiers.cheap), policy).targets[0], plan(Wanted(tiers.strong), policy).targets[0]
