"""The numbers of several workers as one: each writes its own into a file every second, and reads the others'.

A worker that takes the place of another goes on with its numbers, so that no counter ever falls; those of the last
second of one that was killed are lost.
"""

import contextlib
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from fairlead.observe.metrics import Ended, Histogram, Metrics

SECONDS: Final = 1.0


class _Times(Struct, array_like=True):
    counts: list[int]
    total: float


class _Ended(Struct, array_like=True):
    key: tuple[str, str, int, str]
    calls: int
    input_tokens: int
    output_tokens: int
    seconds: _Times
    overhead: _Times


class _Numbers(Struct):
    open: int
    ended: list[_Ended]
    attempts: list[tuple[str, str, int]]
    refused: dict[str, int]
    alerts: list[tuple[str, int, int]]


class Beside:
    """The file of one worker among those of all, in a folder that only they know."""

    def __init__(self, folder: Path, number: int, metrics: Metrics) -> None:
        """`metrics` goes on from what the worker of this number had counted before."""
        self._folder = folder
        self._own = folder / f"{number}.json"
        self._metrics = metrics
        for before in _read(self._own):
            _add(metrics, before)
        metrics.open = 0
        metrics.beside = self._others

    def write(self) -> None:
        """Let the others know. What the disk does not take is told a second later."""
        draft = self._own.with_suffix(".new")
        with contextlib.suppress(OSError):
            draft.write_bytes(msgspec.json.encode(_numbers(self._metrics)))
            draft.rename(self._own)

    def _others(self) -> list[Metrics]:
        found = []
        for file in sorted(self._folder.glob("*.json")):
            for numbers in _read(file) if file != self._own else ():
                one = Metrics()
                _add(one, numbers)
                found.append(one)
        return found


def _read(file: Path) -> list[_Numbers]:
    """What a file has, if it is there and whole."""
    try:
        return [msgspec.json.decode(file.read_bytes(), type=_Numbers)]
    except (OSError, msgspec.MsgspecError):
        return []


def _numbers(metrics: Metrics) -> _Numbers:
    ended = [
        _Ended(key, row.calls, row.input_tokens, row.output_tokens, _times(row.seconds), _times(row.overhead))
        for key, row in metrics.ended.items()
    ]
    attempts = [(provider, result, count) for (provider, result), count in metrics.attempts.items()]
    alerts = [(budget, per_cent, count) for (budget, per_cent), count in metrics.alerts.items()]
    return _Numbers(metrics.open, ended, attempts, dict(metrics.refused), alerts)


def _times(histogram: Histogram) -> _Times:
    return _Times(histogram.counts, histogram.total)


def _add(metrics: Metrics, numbers: _Numbers) -> None:
    metrics.open += numbers.open
    for each in numbers.ended:
        row = Ended()
        row.calls, row.input_tokens, row.output_tokens = each.calls, each.input_tokens, each.output_tokens
        row.seconds.counts, row.seconds.total = each.seconds.counts, each.seconds.total
        row.overhead.counts, row.overhead.total = each.overhead.counts, each.overhead.total
        metrics.row(*each.key).add(row)
    for provider, result, count in numbers.attempts:
        metrics.attempts[provider, result] += count
    for code, count in numbers.refused.items():
        metrics.refused[code] += count
    for budget, per_cent, count in numbers.alerts:
        metrics.alerts[budget, per_cent] += count
