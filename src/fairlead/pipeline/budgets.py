"""How many tries after the first each provider may still get."""

from fairlead.clock import Clock
from fairlead.pipeline.retry import RetryBudget
from fairlead.routing.health import Board


class Retries:
    """The retry budgets of all providers."""

    def __init__(self, percent: int, board: Board, clock: Clock) -> None:
        self._percent = percent
        self._board = board
        self._clock = clock
        self._budgets: dict[str, RetryBudget] = {}

    def take(self, provider: str) -> bool:
        """Whether a provider may be tried once more; then that is counted."""
        now = self._clock.monotonic()
        budget = self._budgets.get(provider)
        if budget is None:
            budget = self._budgets[provider] = RetryBudget(self._percent, now)
        return budget.take(sum(each.calls for each in self._board.of_provider(provider)), now)
