"""What every table shares: the collection that they stand in, and how names, moments and money are kept."""

from sqlalchemy import BigInteger, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A moment: milliseconds since 1970, UTC. Money: nano-dollars. Counts: units.
Moment = BigInteger
Nano = BigInteger
Count = BigInteger
# SQLite numbers rows by itself only where the type is this one.
Serial = BigInteger().with_variant(Integer, "sqlite")
