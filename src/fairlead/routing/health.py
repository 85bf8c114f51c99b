"""How targets fare: what is left alone, how long they take, how much is under way.

A `Standing` hangs on each target and is shared by all targets that are the same model at the same provider by the same
credential. A call that is answered notes that with one method call; all else is on the path of calls that fail. Pure:
times are monotonic seconds and handed in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from fairlead.errors import Failure, FailureKind
from fairlead.providers.row import Provider
from fairlead.routing.breaker import DEFAULT, Breaker, Rules, State
from fairlead.routing.disposition import Blame, disposition
from fairlead.routing.times import RING, WEIGHT, Times
from fairlead.secret import Secret

_KEPT: Final = 4096
_RANK: Final[dict[State, int]] = {"closed": 0, "half-open": 1, "open": 2}


class Standing:
    """How one model at one provider by one credential fares.

    `troubled` is False while nothing at all is held against it: then no more has to be asked. `flying` is how many
    attempts are under way there; `streamed` has the times to the first content, `whole` those of whole replies.
    `throughput` is about how many tokens a second a stream has, recent ones counting most; 0 where nobody knows.
    """

    __slots__ = (
        "credential", "failures", "flying", "label", "model", "provider", "provider_name", "streamed", "target",
        "throughput", "troubled", "whole",
    )  # fmt: skip

    def __init__(
        self,
        provider_name: str = "",
        model: str = "",
        label: str = "",
        breakers: tuple[Breaker, Breaker, Breaker] | None = None,
    ) -> None:
        self.provider_name, self.model, self.label = provider_name, model, label
        self.target, self.credential, self.provider = breakers or (Breaker(""), Breaker(""), Breaker(""))
        self.troubled = not all(breaker.clear for breaker in self.breakers)
        self.flying = self.failures = 0
        self.streamed = Times()
        self.whole = Times()
        self.throughput = 0.0

    @property
    def breakers(self) -> tuple[Breaker, Breaker, Breaker]:
        return self.target, self.credential, self.provider

    @property
    def calls(self) -> int:
        """How many attempts have ended there."""
        return self.streamed.count + self.whole.count + self.failures

    @property
    def latency(self) -> float:
        """About how many seconds pass until an answer begins, recent ones counting most; 0 where nobody knows."""
        return self.streamed.average or self.whole.average

    @property
    def p95(self) -> float | None:
        """Seconds until nineteen of twenty streamed answers have begun, else whole ones; None while nobody knows."""
        found = self.streamed.p95()
        return self.whole.p95() if found is None else found

    def answered(self, began: float, now: float, *, stream: bool) -> None:
        """An attempt that began at `began` has its answer: whole, or its first content."""
        times, seconds = self.streamed if stream else self.whole, now - began
        times.ring[times.count % RING] = seconds
        times.average = times.average + (seconds - times.average) * WEIGHT if times.count else seconds
        times.count += 1
        if self.troubled:
            for breaker in self.breakers:
                breaker.succeeded(began, now)
            self.troubled = not all(breaker.clear for breaker in self.breakers)

    def flowed(self, tokens: int, seconds: float) -> None:
        """A stream is over whose tokens came within so many seconds, its first one excepted."""
        if tokens > 1 and seconds > 0:
            speed = (tokens - 1) / seconds
            self.throughput += (speed - self.throughput) * WEIGHT if self.throughput else speed

    def admits(self, now: float) -> bool:
        """Whether a call may go there now."""
        if not self.troubled:
            return True
        return self.target.passes(now) and self.credential.passes(now) and self.provider.passes(now)

    def claim(self, now: float) -> None:
        """A call goes there; where one is to find out whether it is well again, it is this one."""
        for breaker in self.breakers:
            breaker.claim(now)

    def let_go(self, began: float) -> None:
        """An attempt that began at `began` says nothing about it: the client left, or another was quicker."""
        for breaker in self.breakers:
            breaker.let_go(began)

    def failed(self, failure: Failure, began: float, now: float, draw: float, rules: Rules = DEFAULT) -> None:
        """An attempt failed; it counts against whom the table of dispositions says."""
        self.failures += 1
        kind, least = str(failure.kind), failure.retry_after or 0.0
        match disposition(failure.kind).blame:
            case Blame.CREDENTIAL_RESTS:
                self.credential.open(now, rules.rest, rules, kind, least, draw, began=began)
            case Blame.CREDENTIAL_REFUSED:
                self.credential.open(now, rules.refused, rules, kind, least, draw, began=began)
            case Blame.MODEL_REFUSED:
                self.target.open(now, rules.refused, rules, kind, least, draw, began=began)
            case Blame.TARGET:
                self.target.counted(now, rules, kind, least, draw, began=began)
            case Blame.PROVIDER:
                self.provider.counted(now, rules, kind, least, draw, began=began)
            case Blame.CLIENT:
                self.target.succeeded(began, now)
                self.credential.succeeded(began, now)
            case Blame.NOBODY:
                pass
        if failure.status is not None:  # whoever refuses can be reached
            self.provider.succeeded(began, now)
        self.let_go(began)
        self.troubled = not all(breaker.clear for breaker in self.breakers)

    def state(self, now: float) -> State:
        """The worst state of the three."""
        return max((breaker.state(now) for breaker in self.breakers), key=_RANK.__getitem__)

    def cause(self, now: float) -> str:
        """Why it is left alone, in the words of failures; empty while it is not."""
        return next((breaker.cause for breaker in self.breakers if breaker.state(now) != "closed"), "")

    def asked_to_rest(self, now: float) -> float:
        """For how many seconds more the provider has asked for no calls by this credential; 0 where it has not."""
        credential = self.credential
        return max(0.0, credential.stated - now) if credential.cause == FailureKind.RATE_LIMIT else 0.0

    def until(self) -> float:
        """The monotonic time until which it is left alone; 0 where it is not."""
        return max(breaker.until for breaker in self.breakers)


@dataclass(frozen=True, slots=True)
class Shown:
    """How a target fares, to be shown. `rests` is in seconds; `latency` and `p95` too, where they are known."""

    provider: str
    model: str
    credential: str
    state: State
    cause: str
    rests: float
    flying: int
    latency: float
    p95: float | None


class Board:
    """The standings of all targets that were ever planned for, whatever the configuration became meanwhile."""

    def __init__(self) -> None:
        self.told: Callable[[Breaker], None] | None = None
        self._breakers: dict[str, Breaker] = {}
        self._standings: dict[tuple[str, str], Standing] = {}
        self._watching: dict[str, list[Standing]] = {}
        self._marks: dict[tuple[str, str, Secret | None, tuple[str, ...]], str] = {}

    def standing(self, provider: Provider, model: str, hidden: tuple[str, ...] = (), label: str = "") -> Standing:
        """The standing of a model at a provider, by its key; `hidden` is what else the credential is made of."""
        named = (provider.name, provider.base_url, provider.api_key, hidden)
        mark = self._marks.get(named)
        if mark is None:
            mark = self._marks[named] = _mark(provider, hidden)
        known = self._standings.get((mark, model))
        return known if known is not None else self._new(provider, model, mark, label)

    def shown(self, now: float) -> list[Shown]:
        """All that were asked or are left alone, by name."""
        found = [
            Shown(
                each.provider_name,
                each.model,
                each.label,
                each.state(now),
                each.cause(now),
                max(0.0, each.until() - now),
                each.flying,
                each.latency,
                each.p95,
            )
            for each in self._standings.values()
            if each.troubled or each.flying or each.calls
        ]
        return sorted(found, key=lambda one: (one.provider, one.model, one.credential))

    def learn(self, name: str, until: float, cause: str, now: float) -> None:
        """Another process found that something has to be left alone until then (monotonic seconds), or not (0)."""
        breaker = self._breakers.get(name)
        if breaker is not None:
            breaker.learn(until, cause, now)
            self._mark_troubled(breaker)

    def clear(self, now: float) -> None:
        """Hold nothing against anybody any more."""
        for breaker in self._breakers.values():
            breaker.learn(0.0, "", now)

    def of_provider(self, name: str) -> Iterable[Standing]:
        """The standings at a provider."""
        return (each for each in self._standings.values() if each.provider_name == name)

    def _new(self, provider: Provider, model: str, mark: str, label: str) -> Standing:
        if len(self._standings) >= _KEPT:
            self._forget()
        names = (f"target {mark} {model}", f"credential {mark}", f"provider {provider.name} {provider.base_url}")
        breakers = (self._breaker(names[0]), self._breaker(names[1]), self._breaker(names[2]))
        made = self._standings[mark, model] = Standing(provider.name, model, label, breakers)
        for name in names:
            self._watching[name].append(made)
        return made

    def _breaker(self, name: str) -> Breaker:
        found = self._breakers.get(name)
        if found is None:
            found = self._breakers[name] = Breaker(name, self._changed)
            self._watching[name] = []
        return found

    def _changed(self, breaker: Breaker) -> None:
        self._mark_troubled(breaker)
        if self.told is not None:
            self.told(breaker)

    def _mark_troubled(self, breaker: Breaker) -> None:
        if not breaker.clear:
            for standing in self._watching[breaker.name]:
                standing.troubled = True

    def _forget(self) -> None:
        """Make room: names of models are the clients' to choose."""
        kept = {key: each for key, each in self._standings.items() if each.troubled or each.flying}
        self._standings = dict(list(kept.items())[-_KEPT // 2 :])
        held = {breaker.name for each in self._standings.values() for breaker in each.breakers}
        self._breakers = {name: breaker for name, breaker in self._breakers.items() if name in held}
        self._watching = {name: [] for name in held}
        for each in self._standings.values():
            for breaker in each.breakers:
                self._watching[breaker.name].append(each)


def _mark(provider: Provider, hidden: tuple[str, ...]) -> str:
    """What tells a provider's credential from others, in every process the same, and gives nothing of it away."""
    digest = blake2b(digest_size=8, person=b"fairlead health")
    if provider.api_key is not None:
        digest.update(provider.api_key.hashed(lambda value: blake2b(value, digest_size=32).digest()))
    for each in (provider.base_url, *hidden):
        digest.update(b"\0" + each.encode("utf-8", "replace"))
    return f"{provider.name} {digest.hexdigest()}"
