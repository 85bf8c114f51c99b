"""How targets fare, for who asks whether all is well."""

from fairlead.routing.breaker import State
from fairlead.routing.health import Board, Shown

_NUMBER: dict[State, float] = {"closed": 0.0, "half-open": 0.5, "open": 1.0}


def left_alone(board: Board, now: float) -> list[dict[str, object]]:
    """The targets that are not asked now, or by one call alone: why, and for how many seconds more."""
    return [
        {"provider": name, "model": model, "state": each.state, "cause": each.cause, "seconds": round(each.rests, 1)}
        for (name, model), each in _worst(board, now).items()
        if each.state != "closed"
    ]


def measured(board: Board, now: float) -> list[tuple[str, str, float, int, float]]:
    """The same as numbers, of all targets that were ever asked: state, attempts under way, seconds to an answer."""
    return [
        (name, model, _NUMBER[each.state], each.flying, each.latency)
        for (name, model), each in _worst(board, now).items()
    ]


def _worst(board: Board, now: float) -> dict[tuple[str, str], Shown]:
    """By provider and model, whose credentials are nobody's business here."""
    found: dict[tuple[str, str], Shown] = {}
    for each in board.shown(now):
        key = (each.provider, each.model)
        if key not in found or _NUMBER[each.state] > _NUMBER[found[key].state]:
            found[key] = each
    return found
