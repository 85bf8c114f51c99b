"""What an organisation, a team, a user or a key may spend, and how fast it may go: as it is said, kept and applied."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta

from fairlead.config.spending import Amount, Pace
from fairlead.errors import ConfigError, RequestError
from fairlead.ledger.budgets import rule as budget
from fairlead.ledger.limits import gate as limit

# As the database has no budgets, or no limits.
NONE = "[]"
_MOST = 10
_KNOWN = 65_536
_Name = Annotated[
    str, Meta(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_.-]+$", description="what tells it from its others")
]


class Allowance(Amount, forbid_unknown_fields=True, frozen=True):
    """What one may spend. Without a name it is called as its `every`."""

    name: _Name | None = None

    @property
    def called(self) -> str:
        return self.name or self.every


class Speed(Pace, forbid_unknown_fields=True, frozen=True):
    """How fast one may go. Without a name it is called as its `per`."""

    name: _Name | None = None

    @property
    def called(self) -> str:
        return self.name or self.per


Budgets = Annotated[list[Allowance], Meta(max_length=_MOST, description="what it may spend; each holds by itself")]
Limits = Annotated[list[Speed], Meta(max_length=_MOST, description="how fast it may go; each holds by itself")]
_read_budgets = msgspec.json.Decoder(list[Allowance]).decode
_read_limits = msgspec.json.Decoder(list[Speed]).decode


def check(budgets: list[Allowance], limits: list[Speed]) -> None:
    """Raises `RequestError` for what cannot be meant."""
    called = {"budgets": [each.called for each in budgets], "limits": [each.called for each in limits]}
    for param, names in called.items():
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise RequestError(f"two of the {param} are called `{twice}`", hint="give one a `name`", param=param)
    for each in budgets:
        try:
            budget.rule("", each, "")
        except ConfigError as error:
            raise RequestError(error.message, hint=error.hint, param="budgets") from None
    for speed in limits:
        if not limit.paced("", speed, ""):
            hint = "`requests`, `tokens`, `input_tokens`, `output_tokens` or `concurrent`"
            raise RequestError("a limit names nothing that it limits", hint=hint, param="limits")


def kept(said: Iterable[Allowance] | Iterable[Speed]) -> str:
    """As the database has them: each with its name."""
    named = [msgspec.structs.replace(each, name=each.called) for each in said]
    return msgspec.json.encode(named, order="deterministic").decode()


def budgets(text: str) -> list[Allowance]:
    """The budgets that the database has so."""
    return [] if text == NONE else _read_budgets(text)


def limits(text: str) -> list[Speed]:
    """The limits that the database has so."""
    return [] if text == NONE else _read_limits(text)


def account(of: str, name: str | None) -> str:
    """How the account of a budget is called: by the id of whose it is, so that it outlives another name."""
    return f"{of}/{name}"


# The same rule is given again while nothing changes, for money is set aside on the very one that was asked with.
@lru_cache(maxsize=_KNOWN)
def budget_rules(of: str, whose: str, text: str) -> tuple[budget.Rule, ...]:
    """The budgets of what has this id, and is told of as `whose`, ready to be applied."""
    return tuple(budget.rule(account(of, each.name), each, f"`{each.name}` of {whose}") for each in budgets(text))


@lru_cache(maxsize=_KNOWN)
def limit_rules(of: str, whose: str, text: str) -> tuple[limit.Rule, ...]:
    """The limits of what has this id, and is told of as `whose`, ready to be applied."""
    found = (limit.paced(account(of, each.name), each, f"`{each.name}` of {whose}") for each in limits(text))
    return tuple(rule for rules in found for rule in rules)
