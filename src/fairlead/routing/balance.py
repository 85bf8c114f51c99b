"""Which of several equal targets a call goes to, and when a session leaves the one that it is at. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from typing import Final

from fairlead.routing.equals import Draw, Equals
from fairlead.routing.merits import merit
from fairlead.routing.moment import Moment
from fairlead.routing.policy import By, Equal
from fairlead.routing.score import MARGIN, Leads, expected, score
from fairlead.routing.sticky import Key, Stay, Thread, thread
from fairlead.routing.target import Candidate, Plan

# How fast a provider reads a prompt that it has not in its cache, in tokens a second: about what large models do.
_READS: Final = 10_000
# How many tokens an answer has, where the prices of two targets are compared for a session.
_WRITES: Final = 500
# A number of 32 bits becomes several by odd factors, each of which takes it to another place in the whole range.
_ODD: Final = (1, 0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35)
_MASK: Final = 2**32 - 1
_WHOLE: Final = 2.0**32


@dataclass(slots=True)
class Balance:
    """Puts the targets of a plan in the order in which one call is to try them.

    A session stays where it was answered for `stay` seconds (0: not at all), unless another target gains more than the
    prompt cache that is lost there; while tools are called, in any case. What is left alone, its breaker being open,
    comes last. It remembers who led, so that what is about as good changes nothing.
    """

    by: By = "best"
    stay: float = 600.0
    _leads: Leads = field(default_factory=Leads, init=False, repr=False)
    _equals: Equals | None = field(default=None, init=False, repr=False)

    def __call__(self, made: Plan, moment: Moment) -> Plan:
        if moment.explains:
            return self._explained(made, moment)
        equals = self._equals
        if equals is None or equals.plan is not made:
            equals = self._known(made)
        now = moment.now
        fit = equals.fit(now)
        said = thread(moment.facts) if self.stay else None
        if said is None:
            order = self._order(equals, fit, moment.draw, moment) if fit else []
            stays = None
        else:
            order = self._of_session(equals, fit, said, moment)
            stays = Stay(moment.sessions, _key(equals, said), now + self.stay)
        if fit is not equals.live:
            order = [*order, *(at for at in equals.live if at not in order)]
        return equals.ordered(order, stays)

    def _explained(self, made: Plan, moment: Moment) -> Plan:
        """The plan in the order of what its targets are chosen by, each with why. Nothing is drawn or remembered."""
        equals = Equals(made, Leads())
        fit = equals.fit(moment.now)
        why = {at: merit(equals, at, self.by, moment) for at in equals.live}
        order = sorted(fit, key=lambda at: why[at][0])
        said = thread(moment.facts) if self.stay else None
        at = self._stays(equals, order, said, moment) if said else None
        words = {each: told for each, (_, told) in why.items()}
        words |= {each: "left alone, and asked when no other is left" for each in equals.live if each not in fit}
        if at is not None:
            words[at] = "the session is here"
            order = [at, *(each for each in order if each != at)]
        order += [each for each in equals.live if each not in order]
        served = tuple(
            replace(each, reason=f"{each.reason}; {words[place]}", scores=(("weight", equals.weights[place]),))
            if place in words
            else each
            for place, each in enumerate(equals.served)
        )
        equals.served = served
        return equals.ordered(order)

    def _known(self, made: Plan) -> Equals:
        """What is known of a plan's targets. The largest plan is held: others are those of calls with needs."""
        found = Equals(made, self._leads)
        if self._equals is None or len(made.targets) >= len(self._equals.served):
            self._equals = found
        return found

    def _order(self, equals: Equals, fit: list[int], draw: Draw, moment: Moment, *, explore: bool = True) -> list[int]:
        match self.by:
            case "weighted":
                return equals.weighted(fit, draw)
            case "cheapest":
                return equals.cheapest(fit, draw, moment, explore=explore)
            case "least-busy":
                return equals.least_busy(fit, draw)
            case "fastest":
                order = equals.fastest(fit, draw, moment.now, explore=explore)
            case _:
                order = equals.best(fit, draw, moment.now, explore=explore)
        due = equals.due(fit) if explore else None
        return order if due is None else [due, *(at for at in order if at != due)]

    def _of_session(self, equals: Equals, fit: list[int], said: Thread, moment: Moment) -> list[int]:
        """The order for a call of a session: first where that is, unless it is worth more to leave."""
        if not said.known:
            return self._order(equals, fit, moment.draw, moment) if fit else []
        # By its own draws, so that other processes take it to the same place.
        order = self._order(equals, fit, _draws(said.seed).__next__, moment, explore=False) if fit else []
        at = self._stays(equals, order, said, moment)
        return order if at is None else [at, *(other for other in order if other != at)]

    def _stays(self, equals: Equals, order: list[int], said: Thread, moment: Moment) -> int | None:
        """The target that a session is at and does not leave for the first of an order; None where there is none."""
        where = moment.sessions.where(_key(equals, said), moment.now) if said.known else None
        at = None if where is None else equals.places.get(where)
        if at is None or not equals.standings[at].admits(moment.now):
            return None
        if not order or at == order[0] or said.in_turn:
            return at
        return None if self._gains(equals, order[0], at, said.tokens, moment) else at

    def _gains(self, equals: Equals, to: int, at: int, tokens: int, moment: Moment) -> bool:
        """Whether a session gains more by going there than the cache costs that it leaves behind."""
        there, here = equals.standings[to], equals.standings[at]
        now, lost, unknown = moment.now, tokens / _READS, equals.unknown()
        match self.by:
            case "best":
                return score(there, now, unknown, lost) > score(here, now, unknown) * (1 + MARGIN)
            case "fastest":
                return expected(there, now, unknown, lost) * (1 + MARGIN) < expected(here, now, unknown)
            case "cheapest":
                new, old = equals.price(to, moment), equals.price(at, moment)
                if new is None or old is None:
                    return False
                anew = tokens * new.read + _WRITES * new.written
                return anew * (1 + MARGIN) < tokens * old.cached + _WRITES * old.written
            case _:
                return False


def of(equal: Equal) -> Balance:
    """What chooses among the targets of a model."""
    return Balance(equal.by, equal.stay)


def weighed(candidates: Iterable[Candidate], equal: Equal) -> tuple[Candidate, ...]:
    """The candidates with their targets' weights; those that nobody said are 1."""
    weights = chain(equal.weights, repeat(1.0))
    return tuple(
        each if each.target is None else replace(each, target=replace(each.target, weight=weight))
        for each, weight in zip(candidates, weights, strict=False)
    )


def _key(equals: Equals, said: Thread) -> Key:
    """What a session is held by: it may talk to several models."""
    return equals.plan.reason, said.key


def _draws(seed: int) -> Iterator[float]:
    """Numbers from 0 up to 1 that hang on a number of 32 bits alone, as many as an order takes."""
    return iter([(seed * odd & _MASK) / _WHOLE for odd in _ODD])
