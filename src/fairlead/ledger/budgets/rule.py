"""One budget, ready to be applied."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from fairlead.config.spending import Amount, Budget
from fairlead.errors import ConfigError
from fairlead.ledger.budgets.rules import EVERY_CALL, Facts, Scope, scope
from fairlead.ledger.budgets.windows import Calendar, calendar

Protection = Literal["refuse", "clamp", "cheapest"]
_NANO = Decimal(10) ** 9
# What is spent beyond it has to fit into 64 bits too.
_MOST = 4 * 10**18


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be spent (`limit`, in nano-dollars) within each window of `calendar`, on each account of `scope`.

    Accounts are kept by `name`; `title` is what people are told of it.
    """

    name: str
    limit: int
    calendar: Calendar
    scope: Scope
    hard: bool
    protection: Protection
    alerts: tuple[int, ...]
    title: str

    def passed(self, spent: int) -> list[int]:
        """Which alerts are due once so much is spent: those per cents that it is strictly above."""
        return [percent for percent in self.alerts if spent * 100 > self.limit * percent]


def rules(said: Mapping[str, Budget]) -> tuple[Rule, ...]:
    """The budgets of a configuration, by name. Raises `ConfigError` that names the one at fault."""
    return tuple(_rule(name, budget) for name, budget in said.items())


def applying(known: Iterable[Rule], facts: Facts) -> list[tuple[Rule, tuple[str, ...]]]:
    """The rules that a call falls under, each with the group whose account it is on."""
    return [(rule, group) for rule in known for group in rule.scope.groups(facts)]


def _exact(dollars: str | float) -> Decimal:
    try:
        return Decimal(str(dollars))
    except InvalidOperation:
        return Decimal("NaN")


def _rule(name: str, said: Budget) -> Rule:
    try:
        return rule(name, said, f"`{name}`", scope(said.conditions, said.group_by))
    except ConfigError as error:
        raise ConfigError(f"budget `{name}`: {error.message}", hint=error.hint) from None


def rule(name: str, said: Amount, title: str, whose: Scope = EVERY_CALL) -> Rule:
    """One budget, for the calls of that scope. Raises `ConfigError`."""
    nano = _exact(said.limit) * _NANO
    if not nano.is_finite() or not 0 <= nano <= _MOST or nano != nano.to_integral_value():
        raise ConfigError(f"{said.limit} is no amount of dollars", hint="0 to 4,000,000,000, to the nano-dollar")
    span, alerts = calendar(said.every, said.time_zone), tuple(sorted(said.alerts))
    return Rule(name, int(nano), span, whose, said.hard, said.protection, alerts, title)
