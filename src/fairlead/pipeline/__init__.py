"""The life of a call, one file per stage; `run.py` holds the order."""
