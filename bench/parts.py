"""The parts of the bench. Each adds figures; rounds are interleaved over the subjects."""

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

from bench.figures import Figures
from bench.running import Running, Unmeasured, start
from bench.subjects import TRANSLATED, Subject
from bench.work import subject_env

KB = 1000
EVENTS_AT_ONCE, EVENTS_GAP_US, EVENTS_PER_STREAM = 128, 5_000, 200
PACED_GAP_US = 50_000


@dataclass(frozen=True)
class Scale:
    """How long to look."""

    rounds: int = 3
    warm: int = 1
    cpu: int = 3
    big: int = 2
    latency: int = 4
    repeat: int = 4
    crowds: tuple[int, ...] = (500, 2000)
    calls: int = 100_000
    longest: int = 15
    starts: int = 5
    helps: int = 10


QUICK = Scale(rounds=1, cpu=2, latency=2, repeat=2, crowds=(500,), calls=30_000, longest=4, starts=2, helps=5)


class Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


@dataclass
class Bench:
    """What the parts work on: `direct` is the mock itself, `running` are the subjects, nginx first.

    `translating` is Fairlead once more for each dialect that it translates to.
    """

    figures: Figures
    scale: Scale
    direct: Running
    subjects: list[Subject]
    running: list[Running]
    translating: list[Running] = field(default_factory=list)

    def each(self, part: str, do: Callable[[T], None], among: Sequence[T]) -> None:
        """Do it with each subject that has not failed in this part before."""
        for one in among:
            if part in self.figures.why_not.get(one.name, {}):
                continue
            try:
                do(one)
            except Unmeasured as e:
                self.figures.miss(one.name, part, str(e))


def translated(bench: Bench) -> None:
    """See that Fairlead translates, and let cpu, big and events measure that in their own rounds, beside nginx."""

    def join(one: Running) -> None:
        if why := one.why_not():
            raise Unmeasured(f"not a chat completion: {why}")
        bench.translating.append(one)

    ours = [one for one in bench.running if one.name == "Fairlead"]
    pairs = [replace(one, subject=one.subject.translating(dialect)) for one in ours for dialect in TRANSLATED]
    bench.each("translated", join, pairs)


def cpu(bench: Bench) -> None:
    """CPU-us per call of about 1 KB, 64 connections."""

    def measure(one: Running) -> None:
        one.wrk(prompt=800, seconds=bench.scale.warm)
        used, mock_used, load = _used(bench, one, prompt=800, seconds=bench.scale.cpu)
        rps = load["calls"] / load["seconds"]
        bench.figures.add(one.name, cpu_us=used, rps=rps, busy_p99_us=load["p99"], mock_us=mock_used)

    for _ in range(bench.scale.rounds):
        bench.each("cpu", measure, [*bench.running, *bench.translating])


def big(bench: Bench) -> None:
    """CPU-us per call with a body of 100 KB, 64 connections."""

    def measure(one: Running) -> None:
        one.wrk(prompt=100 * KB, seconds=1)
        used, _, _ = _used(bench, one, prompt=100 * KB, seconds=bench.scale.big)
        bench.figures.add(one.name, big_us=used)

    for _ in range(bench.scale.rounds):
        bench.each("big", measure, [*bench.running, *bench.translating])


def _used(bench: Bench, one: Running, *, prompt: int, seconds: float) -> tuple[float, float, dict[str, float]]:
    before, mock_before = one.process.cpu(), bench.direct.process.cpu()
    load = one.wrk(prompt=prompt, seconds=seconds)
    used, mock_used = one.process.cpu() - before, bench.direct.process.cpu() - mock_before
    return used / load["calls"] * 1e6, mock_used / load["calls"] * 1e6, load


def latency(bench: Bench) -> None:
    """How long a call takes at 100 calls/s."""

    def measure(one: Running) -> None:
        one.calls(rate=100, seconds=0.3)
        took = one.calls(rate=100, seconds=bench.scale.latency)
        bench.figures.add(one.name, p50_us=took["p50"], p99_us=took["p99"])

    for _ in range(bench.scale.rounds):
        bench.each("latency", measure, [bench.direct, *bench.running])


def events(bench: Bench) -> None:
    """CPU-us per streamed event: 128 streams, an event every 5 ms on each, in a segment of its own."""

    def measure(one: Running) -> None:
        before = one.process.cpu()
        said = one.streams("fast", count=EVENTS_AT_ONCE, repeat=bench.scale.repeat, ramp_ms=500, gap_us=EVENTS_GAP_US)
        expected = EVENTS_AT_ONCE * EVENTS_PER_STREAM * bench.scale.repeat
        if said["events"] != expected:
            raise Unmeasured(f"{said['events']:.0f} of {expected} events came")
        bench.figures.add(one.name, event_us=(one.process.cpu() - before) / said["events"] * 1e6)

    for _ in range(bench.scale.rounds):
        bench.each("events", measure, [*bench.running, *bench.translating])


def streams(bench: Bench) -> None:
    """Many streams at once, 20 events/s each: the largest gap between two events beyond the expected 50 ms."""
    for crowd in bench.scale.crowds:

        def measure(one: Running, crowd: int = crowd) -> None:
            before = one.process.cpu()
            said = one.streams("paced", count=crowd, repeat=1, ramp_ms=1000, gap_us=PACED_GAP_US)
            used = one.process.cpu() - before
            figures = {
                "gap_ms": said["worst_gap"] / KB,
                "stalls": said["stalls"],
                "transit_p50_us": said["transit_p50"],
                "transit_p99_us": said["transit_p99"],
                "core": used / said["seconds"],
            }
            bench.figures.add(one.name, **{f"crowd_{crowd}_{name}": v for name, v in figures.items()})

        for turn in range(bench.scale.rounds):
            ours = [one for one in bench.running if one.name == "Fairlead"]
            bench.each(f"streams {crowd}", measure, [bench.direct, *bench.running] if turn == 0 else ours)


def memory(bench: Bench) -> None:
    """RSS at rest, and after 100k calls and a burst of 150 KB bodies."""

    def measure(one: Subject) -> None:
        fresh = start(one)
        try:
            time.sleep(1)
            idle = fresh.process.rss()
            calls = _calls_until(fresh, bench.scale)
            fresh.wrk(prompt=150 * KB, seconds=2)
            time.sleep(3)
            bench.figures.add(one.name, rss_idle=idle, rss_loaded=fresh.process.rss(), rss_calls=calls)
        finally:
            fresh.process.stop()

    bench.each("memory", measure, bench.subjects)


def _calls_until(one: Running, scale: Scale) -> float:
    """Make the wanted number of calls, or as many as fit into the time there is."""
    trial = one.wrk(prompt=800, seconds=1)
    left = (scale.calls - trial["calls"]) / trial["calls"]
    if left <= 0:
        return trial["calls"]
    return trial["calls"] + one.wrk(prompt=800, seconds=min(scale.longest, math.ceil(left * 1.1)))["calls"]


def starts(bench: Bench) -> None:
    """Seconds from its start to its first 200."""

    def measure(one: Subject) -> None:
        fresh = start(one)
        fresh.process.stop()
        bench.figures.add(one.name, first_200=fresh.first_200)

    for _ in range(bench.scale.starts):
        bench.each("start", measure, bench.subjects)


def helps(bench: Bench) -> None:
    """Seconds that `ai --help` takes."""
    ai = str(Path(sys.executable).parent / "ai")

    def once() -> float:
        begin = time.perf_counter()
        done = subprocess.run([ai, "--help"], capture_output=True, check=False, env=subject_env())
        if done.returncode:
            raise Unmeasured(f"ai --help ended with {done.returncode}")
        return time.perf_counter() - begin

    def measure(one: Subject) -> None:
        once()
        bench.figures.add(one.name, help_s=statistics.median(once() for _ in range(bench.scale.helps)))

    bench.each("help", measure, _ours(bench))


def plans(bench: Bench) -> None:
    """CPU-us to plan a call to a model of ten equal targets, by health and weights: the planner, in this process."""
    from bench.plans import planned  # noqa: PLC0415 - the whole engine

    bench.each("plan", lambda one: bench.figures.add(one.name, **planned(bench.scale.rounds)), _ours(bench))


def _ours(bench: Bench) -> list[Subject]:
    return [one for one in bench.subjects if one.name == "Fairlead"]


LOADED: dict[str, Callable[[Bench], None]] = {
    "translated": translated,  # first, since it only adds to the rounds of the parts that it needs
    "cpu": cpu,
    "big": big,
    "latency": latency,
    "events": events,
    "streams": streams,
}
ALONE: dict[str, Callable[[Bench], None]] = {"memory": memory, "start": starts, "help": helps, "plan": plans}
NEEDED = {"translated": ("cpu", "big", "events")}
