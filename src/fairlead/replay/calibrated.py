"""The threshold, or the worth of a better answer, by which a share of the money goes to the strong model. Pure."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from fairlead.routing.worth import least_worth


class Scored(Struct, frozen=True):
    """One recorded call: how hard it is, and what asking the strong model costs more than asking the cheap one."""

    difficulty: float
    extra: float


class Calibrated(Struct, frozen=True):
    """Where the line is drawn, and what that would have come to: the share of the spend, and the strong model's calls.

    `line` is a difficulty from which on, or a worth (nano-dollars) up to which, the strong model is asked. The spend is
    what the strong model alone costs more than the cheap one alone.
    """

    line: float
    share: float
    strong: int


def by_threshold(calls: Sequence[Scored], share: float) -> Calibrated:
    """The lowest threshold that spends no more than that share. Calls that are alike go together, so it may be less."""
    return _drawn(calls, share, lambda call: -call.difficulty, Calibrated(1.0, 0.0, 0), lambda call: call.difficulty)


def by_worth(calls: Sequence[Scored], share: float) -> Calibrated:
    """The highest worth of a better answer that spends no more than that share."""
    least = {call: least_worth(call.difficulty, int(call.extra)) for call in set(calls)}
    return _drawn(calls, share, least.__getitem__, Calibrated(0.0, 0.0, 0), least.__getitem__)


def _drawn(
    calls: Sequence[Scored],
    share: float,
    order: Callable[[Scored], float],
    nothing: Calibrated,
    line: Callable[[Scored], float],
) -> Calibrated:
    ranked = sorted(calls, key=order)
    whole = sum(call.extra for call in ranked) or 1.0
    spent, best = 0.0, nothing
    for place, call in enumerate(ranked, 1):
        spent += call.extra
        if spent > share * whole * (1 + 1e-9):
            break
        if place == len(ranked) or order(ranked[place]) > order(call):
            best = Calibrated(line(call), spent / whole, place)
    return best
