"""Run `ai` and note at every tick of its CPU time where it is. For bench/hotspots.py.

usage: sampler.py STATS_FILE [arguments of ai...]
"""

import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

INTERVAL = 0.001  # the kernel's tick may be longer

alone: Counter[CodeType] = Counter()
within: Counter[CodeType] = Counter()
lines: Counter[tuple[CodeType, int]] = Counter()


def note(_: int, frame: FrameType | None) -> None:
    """Count the function that runs, its line, and every function that waits for it."""
    if frame is None:
        return
    alone[frame.f_code] += 1
    lines[frame.f_code, frame.f_lineno] += 1
    seen = set()
    while frame is not None:
        seen.add(frame.f_code)
        frame = frame.f_back
    within.update(seen)


def report() -> dict[str, list[tuple[str, int]]]:
    """The samples by name."""
    return {
        "alone": [(_name(code), n) for code, n in alone.most_common()],
        "within": [(_name(code), n) for code, n in within.most_common()],
        "lines": [(f"{_name(code)}, line {line}", n) for (code, line), n in lines.most_common()],
    }


def _name(code: CodeType) -> str:
    path = Path(code.co_filename)
    return f"{'/'.join(path.parts[-2:])}:{code.co_firstlineno} {code.co_qualname}"


def main() -> None:
    """Sample until `ai` ends."""
    from fairlead.cli.main import main as ai  # noqa: PLC0415  the import is not what is asked about

    stats = Path(sys.argv.pop(1))
    signal.signal(signal.SIGPROF, note)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    try:
        ai()
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        stats.write_text(json.dumps(report()))


if __name__ == "__main__":
    main()
