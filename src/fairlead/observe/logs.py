"""The log: one line per event on standard error, `time level name message`. A worker has its number after the name."""

import logging


def configure(level: str, worker: int | None = None) -> None:
    """Send Fairlead's log, and warnings of the libraries below it, to standard error."""
    handler = logging.StreamHandler()
    who = "" if worker is None else f"[{worker}]"
    handler.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)-7s %(name)s{who} %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("fairlead").setLevel(level)
