"""Measure what a call costs. `python -m bench` takes about 7 minutes and writes docs/performance.md."""

import argparse
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from bench import parts, report, subjects, work
from bench.figures import Figures
from bench.parts import Bench
from bench.running import Running, Unmeasured, start, start_mock
from bench.subjects import Subject

PARTS = {**parts.LOADED, **parts.ALONE}
SUBJECTS = [name.lower() for name in subjects.ALL]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and after a full run write down."""
    args = _arguments(argv)
    if absent := work.missing():
        sys.exit(f"bench: not installed: {', '.join(absent)}. Hint: apt-get install gcc wrk nginx-light")
    _prepare()
    figures = Figures(about={"when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "machine": work.machine()})
    figures.about |= {"python": sys.version.split()[0], "quick": args.quick}
    figures.about["parts"] = _with_needed(args.only or PARTS)
    begin, others = time.perf_counter(), work.others_seconds()
    _measure(figures, args)
    figures.about["seconds"] = seconds = round(time.perf_counter() - begin)
    figures.about["others"] = (work.others_seconds() - others) / seconds / work.CORES
    (work.WORK / "last.json").write_text(json.dumps(figures.as_json(), indent=2))
    print(report.text(figures))
    if args.write or not (args.quick or args.only or args.subjects):
        report.write(figures)
        print("written: docs/performance.md")
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, about 2 minutes")
    parser.add_argument("--only", type=_names(PARTS), metavar="PART,...", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--subjects", type=_names(SUBJECTS), metavar="NAME,...", help=f"of {', '.join(SUBJECTS)}")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md even so")
    return parser.parse_args(argv)


def _names(known: Iterable[str]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        chosen = text.split(",")
        if unknown := set(chosen) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(known)}")
        return chosen

    return names


def _with_needed(chosen: Iterable[str]) -> list[str]:
    """The chosen parts and those that they need, in the order in which they run."""
    wanted = {part for name in chosen for part in (name, *parts.NEEDED.get(name, ()))}
    return [part for part in PARTS if part in wanted]


def _prepare() -> None:
    """Compile, let ourselves open files, and see to it that what we start is ended when we are."""
    work.build()
    subjects.compile_sources()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.sched_setaffinity(0, {work.LOAD_CORE})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def _measure(figures: Figures, args: argparse.Namespace) -> None:
    scale = parts.QUICK if args.quick else parts.Scale()
    chosen = figures.about["parts"]
    with ExitStack() as stack:
        mock = start_mock()
        stack.callback(mock.process.stop)
        bench = Bench(figures, scale, mock, _subjects(figures, args.subjects, mock.port), [])
        if set(chosen) & set(parts.LOADED):
            with _running(bench):
                _do(bench, [name for name in parts.LOADED if name in chosen])
        _do(bench, [name for name in parts.ALONE if name in chosen])


def _do(bench: Bench, names: list[str]) -> None:
    for name in names:
        begin = time.perf_counter()
        print(f"{name} ...", end=" ", flush=True, file=sys.stderr)
        PARTS[name](bench)
        print(f"{time.perf_counter() - begin:.0f} s", file=sys.stderr)


def _subjects(figures: Figures, chosen: list[str] | None, mock_port: int) -> list[Subject]:
    """nginx always, since it is what the others are measured by; of the others those that are there."""
    found: list[Subject] = []
    for name, make in subjects.ALL.items():
        if chosen and name.lower() not in {"nginx", *chosen}:
            continue
        subject = make(mock_port)
        if subject is None:
            figures.miss(name, "all", "not installed (make bench-peers)")
        else:
            found.append(subject)
            figures.versions[subject.name] = subject.version
    return found


@contextmanager
def _running(bench: Bench) -> Iterator[None]:
    """Start every subject; one that does not start is left out of everything, and it is said why."""
    with ExitStack() as stack:
        for subject in list(bench.subjects):
            try:
                one: Running = start(subject)
            except Unmeasured as e:
                bench.figures.miss(subject.name, "all", str(e))
                bench.subjects.remove(subject)
                continue
            stack.callback(one.process.stop)
            bench.running.append(one)
        yield


if __name__ == "__main__":
    sys.exit(main())
