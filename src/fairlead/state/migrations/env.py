# ruff: noqa: INP001
"""How revisions are applied: on the connection, and in the transaction, of whoever asks.

No module of the package, but a script, as every file of `versions/` is. A revision is written out, so that what the
tables in the code become later does not change it, and once it is released it is never changed again.
"""

from alembic import context

from fairlead.state.schema import REVISION
from fairlead.state.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=REVISION.name,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
