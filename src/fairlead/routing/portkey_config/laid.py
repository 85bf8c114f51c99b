"""A way through a config object as candidates in a row, each of which says where a call goes on after which failure."""

from dataclasses import replace
from typing import Final

from fairlead.routing.how import Onward
from fairlead.routing.portkey_config.resolve import Chain, Way
from fairlead.routing.target import Candidate

MAX_TARGETS: Final = 10
# What a target of a leaf that has several leaves to the next: all but what is the client's own fault.
_NOT_THE_CLIENTS: Final = frozenset(range(400, 600)) - {400, 413, 415, 422}


def laid(way: Way) -> list[Candidate]:
    """The candidates, at most `MAX_TARGETS`; each has a target."""
    return _laid(_bounded(way, max(1, MAX_TARGETS // _rows(way))), 0, None)


def _rows(way: Way) -> int:
    return sum(_rows(each) for each in way.ways) if isinstance(way, Chain) else 1


def _bounded(way: Way, most: int) -> Way:
    if isinstance(way, Chain):
        return Chain(way.statuses, tuple(_bounded(each, most) for each in way.ways))
    return way[:most]


def _size(way: Way) -> int:
    return sum(_size(each) for each in way.ways) if isinstance(way, Chain) else len(way)


def _laid(way: Way, at: int, outer: Onward | None) -> list[Candidate]:
    """The candidates from the place `at` on; `outer` says where they lead after the last of them."""
    if isinstance(way, tuple):
        return [_onward(each, _within(at + number, outer)) for number, each in enumerate(way[:-1], 1)] + [
            _onward(way[-1], outer)
        ]
    found: list[Candidate] = []
    for each in way.ways[:-1]:
        after = at + _size(each)
        found += _laid(each, at, _first((way.statuses, after), outer or ()))
        at = after
    return found + _laid(way.ways[-1], at, outer or ())


def _within(after: int, outer: Onward | None) -> Onward | None:
    """Where a target leads that is not the last of its leaf."""
    return None if outer is None else _first((_NOT_THE_CLIENTS, after), outer)


def _first(rule: tuple[frozenset[int] | None, int], others: Onward) -> Onward:
    """The rule before the others, which after one for every failure have no more to say."""
    return (rule,) if rule[0] is None else (rule, *others)


def _onward(each: Candidate, onward: Onward | None) -> Candidate:
    target = each.target
    if onward is None or target is None:
        return each
    return replace(each, target=replace(target, how=replace(target.how, onward=onward)))
