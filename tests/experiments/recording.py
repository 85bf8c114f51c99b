"""The rows of calls as they end, for tests that have no database."""

from typing import Any

from fairlead.ledger.row import Row
from tests.support.gateway import Running


class Rows(list[Row]):
    """What would go into the journal of the gateway that it watches."""

    def watch(self, gateway: Running) -> None:
        gateway.engine.accounting.journal = _Journal(self)  # type: ignore[assignment]


class _Journal:
    healthy = True

    def __init__(self, into: list[Row]) -> None:
        self._into = into

    def append(self, row: Row, *_: Any) -> None:
        self._into.append(row)

    def close(self) -> None: ...
