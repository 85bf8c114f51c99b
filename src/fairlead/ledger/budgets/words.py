"""What people are told of an account: that it is spent, or how much of it."""

from fairlead.clock import written
from fairlead.errors import BudgetExceeded
from fairlead.ledger.budgets.leases import Account
from fairlead.ledger.budgets.rule import Rule
from fairlead.ledger.money import amount as written_amount
from fairlead.ledger.money import dollars


def exceeded(rule: Rule, account: Account, amount: int, left: int) -> BudgetExceeded:
    """The refusal of a call that may cost `amount`, with all that its reader needs to know."""
    left, end = max(left, 0), account.window.end
    error = BudgetExceeded(
        f"the budget {_named(rule, account)} has {dollars(left)} left, and this call may cost {dollars(amount)}"
        + _anew(account),
        hint="ask for fewer tokens (`max_tokens`), a cheaper model, or a larger budget",
        budget=account.rule,
        left=left,
        resets_at=end,
    )
    error.facts = {
        "budget": account.rule,
        "remaining": written_amount(left),
        "resets_at": None if end is None else written(end),
    }
    return error


def standing(rule: Rule, account: Account, spent: int) -> str:
    """How much is spent of it."""
    return f"{_named(rule, account)} has {dollars(spent)} of {dollars(rule.limit)} spent{_anew(account)}"


def _named(rule: Rule, account: Account) -> str:
    return rule.title + (f" of {', '.join(account.group)}" if account.group else "")


def _anew(account: Account) -> str:
    end = account.window.end
    return "" if end is None else f"; it begins anew at {written(end)}"
