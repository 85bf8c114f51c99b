"""Where the gateway's CPU time goes under load: `python -m bench.hotspots [calls|big|events] [LINES]`.

Samples a running `ai serve` at every tick of its CPU time, so that small functions are not made to look dear. Time in C
counts for the function that called it. "within" includes what a function waits for.
"""

import json
import signal
import sys
from dataclasses import replace

from bench import subjects, work
from bench.running import Running, start, start_mock
from bench.subjects import fairlead

SECONDS = 8


def main() -> int:
    """Start, load, stop, print."""
    load = sys.argv[1] if len(sys.argv) > 1 else "calls"
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    work.build()
    subjects.compile_sources()
    stats = work.WORK / "hotspots.json"
    mock = start_mock()
    try:
        subject = fairlead(mock.port)
        if subject is None:
            sys.exit("bench: no `ai` beside this Python. Hint: make dev")
        sampled = (sys.executable, str(work.HERE / "sampler.py"), str(stats), *subject.argv[1:])
        _load(start(replace(subject, argv=sampled)), load)
    finally:
        mock.process.stop()
    _print(json.loads(stats.read_text()), lines)
    return 0


def _load(gateway: Running, load: str) -> None:
    try:
        if load == "events":
            gateway.streams("fast", count=128, repeat=SECONDS, ramp_ms=100, gap_us=5000)
        else:
            gateway.wrk(prompt=100_000 if load == "big" else 800, seconds=SECONDS)
    finally:
        gateway.process.stop(signal=signal.SIGINT)


def _print(stats: dict[str, list[tuple[str, int]]], lines: int) -> None:
    total = sum(n for _, n in stats["alone"])
    for kind in ("alone", "within", "lines"):
        print(f"\n{kind}, of {total} samples")
        for name, n in stats[kind][:lines]:
            print(f"{n / total:7.1%}  {name}")


if __name__ == "__main__":
    sys.exit(main())
