"""`ai` with short leases, so that a test can outlive them. Its workers are started the same way."""

from fairlead import accounting
from fairlead.cli.main import main
from fairlead.ledger.budgets import accounts

LEASE_SECONDS = 3.0

if __name__ == "__main__":
    accounts.LEASE_MS = int(LEASE_SECONDS * 1000)
    accounts.SqlLeases.__init__.__defaults__ = (accounts.LEASE_MS,)
    accounting._RENEW_SECONDS = LEASE_SECONDS / 4
    main()
