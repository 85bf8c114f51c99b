"""What a plan that is not the same for every call is made from: the call's facts, the time, draws, prices, sessions."""

from collections.abc import Callable
from typing import Any, Final

from fairlead.clock import Clock
from fairlead.dialects.forms import FormEnvelope
from fairlead.ledger.prices import Price, PriceBook
from fairlead.pipeline.call import Call
from fairlead.routing.facts import METADATA_HEADERS, SESSION_HEADERS, SESSION_MEMBERS, Facts
from fairlead.routing.moment import Moment, Prices
from fairlead.routing.sticky import Sessions
from fairlead.routing.target import Target

_NANO: Final = 1_000_000_000
_NAMED: Final = "user"
_SESSION_HEADERS: Final = frozenset((*SESSION_HEADERS, *METADATA_HEADERS))
_SESSION_MEMBERS: Final = frozenset((*SESSION_MEMBERS, "metadata"))


class Moments:
    """Makes the moment of a call."""

    def __init__(self, clock: Clock, draw: Callable[[], float], prices: PriceBook, sessions: Sessions) -> None:
        self._clock = clock
        self._draw = draw
        self._prices = prices
        self._sessions = sessions

    def of(self, facts: Facts, *, explains: bool = False) -> Moment:
        """The moment of a call with these facts."""
        return Moment(self._draw, self._clock.monotonic(), facts, self._price, self._sessions, explains, self._rates)

    def _rates(self, target: Target) -> Price:
        return self._prices.price(target.provider.name, target.model, self._clock.wall())

    def _price(self, target: Target) -> Prices | None:
        price = self._rates(target)
        if price.kind == "free":
            return Prices(0.0, 0.0, 0.0)
        rates = price.rates(0)
        if rates is None or rates.input is None or rates.output is None:
            return None
        cached = rates.input if rates.cached is None else rates.cached
        return Prices(rates.input / _NANO, cached / _NANO, rates.output / _NANO)


def facts_of(call: Call) -> Facts:
    """What a call says besides the model that it names."""
    return _OfCall(call)


class _OfCall(Facts):
    """The facts of a call, gathered when somebody asks for one: most calls are planned without any."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __getattr__(self, name: str) -> Any:
        """What is not there yet."""
        if "body" in self.__dict__:
            raise AttributeError(name)
        envelope, request, who = self._call.envelope, self._call.request, self._call.principal
        self.body, self.header, self.key, self.rights = request.body, request.header, who.name, who.rights
        self.member = self._member if isinstance(envelope, FormEnvelope) else envelope.members.get
        return getattr(self, name)

    @property
    def path(self) -> str:
        """The path of the URL, as clients of the call's dialect write it."""
        endpoint = self._call.envelope.endpoint
        version = "/v1beta" if endpoint.dialect == "gemini" else "/v1"
        return version + endpoint.at(self._call.envelope.model).partition("?")[0]

    @property
    def session(self) -> str:
        names = () if isinstance(self._call.envelope, FormEnvelope) else self._call.envelope.members.names
        if _SESSION_HEADERS.isdisjoint(self._call.request.names) and _SESSION_MEMBERS.isdisjoint(names):
            return ""
        return super().session

    @property
    def owner(self) -> str:
        who = self._call.principal
        return next((name for kind, name in who.names if kind == _NAMED), who.user)
