"""What a call costs, beside nginx and the peers that are installed. `python -m bench`; see docs/performance.md."""
