"""Every table. `metadata` knows them all once this package is imported."""

from fairlead.state.tables import budgets as _budgets  # noqa: F401 - its tables stand in `metadata`
from fairlead.state.tables import identity as _identity  # noqa: F401 - its tables stand in `metadata`
from fairlead.state.tables import ledger as _ledger  # noqa: F401 - its tables stand in `metadata`
from fairlead.state.tables.base import metadata

__all__ = ["metadata"]
