"""Where what must last is kept: SQLite beside the process, or PostgreSQL. Only this package knows a database driver."""
