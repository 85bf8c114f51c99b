"""What is spent of the budgets of one object, and what its calls have cost, by the record of calls."""

from typing import Any

from sqlalchemy import Connection, Row, func, select

from fairlead.clock import written
from fairlead.ledger.allowances import account, budget_rules
from fairlead.ledger.budgets.accounts import key_of, spent_on
from fairlead.ledger.budgets.leases import Account
from fairlead.ledger.money import amount
from fairlead.ledger.objects import Standing
from fairlead.state.measures import DAY
from fairlead.state.tables.ledger import sums


def standing(connection: Connection, row: Row[Any], now: int) -> list[Standing]:
    """Each budget of an organisation, a team, a user or a key, in its window of now (Unix milliseconds)."""
    found = []
    for rule in budget_rules(row.id, "", row.budgets):
        window = rule.calendar.window(now)
        spent = spent_on(connection, key_of(Account(rule.name, (), window)))
        resets = None if window.end is None else written(window.end)
        name = rule.name.removeprefix(account(row.id, ""))
        found.append(Standing(name, amount(spent), amount(max(rule.limit - spent, 0)), resets))
    return found


def spent_in_all(connection: Connection, key: str) -> int:
    """The nano-dollars that all calls of a key have cost."""
    asked = select(func.sum(sums.c.cost)).where(sums.c.span == DAY, sums.c.key == key)
    return int(connection.execute(asked).scalar() or 0)
