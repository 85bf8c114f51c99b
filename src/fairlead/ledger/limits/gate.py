"""Lets a call through where every limit that it falls under has room for it, or says which has not, and until when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from fairlead.clock import Clock
from fairlead.config.spending import Limit, Pace
from fairlead.errors import ConfigError, RateLimited
from fairlead.ledger.budgets.rules import EVERY_CALL, Facts, Scope, scope
from fairlead.ledger.limits.sliding import Sliding, UnderWay

Meter = Sliding | UnderWay
Kind = Literal["requests", "tokens", "input_tokens", "output_tokens", "concurrent"]
_MS: Final = {"second": 1000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
_KINDS: Final[tuple[Kind, ...]] = ("requests", "tokens", "input_tokens", "output_tokens", "concurrent")
_SWEEP: Final = 1024


@dataclass(frozen=True, slots=True)
class Amounts:
    """The tokens of a call: as it may have at admission, as it had at its end."""

    input: int = 0
    output: int = 0

    def of(self, kind: Kind) -> int:
        """How much of a limit of that kind a call takes."""
        if kind == "input_tokens":
            return self.input
        if kind == "output_tokens":
            return self.output
        return self.input + self.output if kind == "tokens" else 1


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `limit` of a kind within `span` milliseconds (at one time, where that is 0), for each group.

    What counts is kept by `name`; `title` is what people are told of it.
    """

    name: str
    kind: Kind
    limit: int
    span: int
    scope: Scope
    title: str


@dataclass(slots=True)
class Ticket:
    """A call that was let through. `settle` says what it really took, once."""

    at: int
    taken: list[tuple[Rule, Meter, int]]
    told: list[tuple[str, str]] = field(default_factory=list)

    def settle(self, amounts: Amounts) -> None:
        """The call has ended: it is no longer under way, and its tokens are known."""
        for rule, meter, amount in self.taken:
            really = 0 if rule.kind == "concurrent" else amounts.of(rule.kind)
            meter.change(self.at, really - amount)
        self.taken = []


class Gate:
    """The limits of a process. What is refused takes nothing, so that who asks again is not put off for longer."""

    def __init__(self, rules: Iterable[Rule], clock: Clock) -> None:
        self._rules = tuple(rules)
        self._clock = clock
        self._meters: dict[tuple[str, Kind, int, tuple[str, ...]], Meter] = {}

    def change(self, rules: Iterable[Rule]) -> None:
        """Hold to these limits from now on; what counted under one of the same name, kind and span still does."""
        self._rules = tuple(rules)

    @property
    def is_open(self) -> bool:
        """Whether there are no limits at all."""
        return not self._rules

    def admit(self, facts: Facts, amounts: Amounts, own: tuple[Rule, ...] = ()) -> Ticket:
        """Let a call through that may take so much, under the limits of its key too (`own`). Raises `RateLimited`."""
        now = round(self._clock.monotonic() * 1000)
        taken: list[tuple[Rule, Meter, int]] = []
        for rule in (*self._rules, *own) if own else self._rules:
            for group in rule.scope.groups(facts):
                meter, amount = self._meter(rule, group, now), amounts.of(rule.kind)
                taken.append((rule, meter, amount))
                if meter.at(now) + amount > rule.limit:
                    error = refused(rule, group, meter.total, amount, meter.wait(now, amount, rule.limit))
                    error.headers = _told(taken, now)
                    raise error
        for _, meter, amount in taken:
            meter.add(now, amount)
        return Ticket(now, taken, _told(taken, now))

    def _meter(self, rule: Rule, group: tuple[str, ...], now: int) -> Meter:
        key = (rule.name, rule.kind, rule.span, group)
        meter = self._meters.get(key)
        if meter is None:
            if len(self._meters) % _SWEEP == _SWEEP - 1:
                self._meters = {each: held for each, held in self._meters.items() if held.at(now)}
            meter = self._meters[key] = Sliding(rule.span) if rule.span else UnderWay()
        return meter


def rules(said: Mapping[str, Limit]) -> tuple[Rule, ...]:
    """The limits of a configuration: one for each kind that an entry names. Raises `ConfigError`."""
    return tuple(each for name, entry in said.items() for each in paced(name, entry, f"`{name}`", _scope(name, entry)))


def paced(name: str, said: Pace, title: str, whose: Scope = EVERY_CALL) -> tuple[Rule, ...]:
    """One limit for each kind that is said, for the calls of that scope."""
    return tuple(
        Rule(name, kind, limit, 0 if kind == "concurrent" else _MS[said.per], whose, title)
        for kind in _KINDS
        if (limit := getattr(said, kind)) is not None
    )


def _scope(name: str, entry: Limit) -> Scope:
    if "provider" in (*entry.conditions, *entry.group_by):
        raise ConfigError(
            f"limit `{name}`: a limit is looked at before there is a provider",
            hint="name the `model` as it is asked for, or set a budget",
        )
    return scope(entry.conditions, entry.group_by)


def refused(rule: Rule, group: tuple[str, ...], counted: int, amount: int, wait: int | None) -> RateLimited:
    """The refusal, with all that its reader needs to know; `wait` in milliseconds, None where waiting does not help."""
    whose = f" of {', '.join(group)}" if group else ""
    what = "calls at one time" if rule.kind == "concurrent" else rule.kind.replace("_", " ")
    span = "" if rule.kind == "concurrent" else f" within {rule.span // 1000} s"
    return RateLimited(
        f"the limit {rule.title}{whose} allows {rule.limit} {what}{span}; {counted} are counted, this call needs "
        f"{amount} more",
        hint="wait, and send it again"
        if wait is not None
        else "this call alone is more than the limit: make it smaller",
        retry_after=None if wait is None else max(1, -(-wait // 1000)),
    )


def _told(taken: list[tuple[Rule, Meter, int]], now: int) -> list[tuple[str, str]]:
    return told([(rule, rule.limit - meter.total, meter.empty(now)) for rule, meter, _ in taken])


def told(limits: list[tuple[Rule, int, int]]) -> list[tuple[str, str]]:
    """Of the limits on calls and of those on tokens, the one that is nearest, as headers say it.

    Each with what remains of it, and in how many milliseconds all of it does.
    """
    headers = []
    for word in ("requests", "tokens"):
        of_word = [limit for limit in limits if limit[0].kind.endswith(word)]
        if of_word:
            rule, remaining, empty = min(of_word, key=lambda limit: limit[1])
            headers += [
                (f"x-ratelimit-limit-{word}", str(rule.limit)),
                (f"x-ratelimit-remaining-{word}", str(max(remaining, 0))),
                (f"x-ratelimit-reset-{word}", f"{empty / 1000:.3f}s"),
            ]
    return headers
