"""What a call says in Portkey's headers besides a config: who serves it, how long to wait, how often to try."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from fairlead.errors import RequestError
from fairlead.routing.facts import Facts
from fairlead.routing.how import Edits, Retry
from fairlead.routing.portkey_config.prepared import RETRIED
from fairlead.routing.target import Candidate, Plan
from fairlead.routing.told import Told

CONFIG: Final = b"x-portkey-config"
PROVIDER: Final = b"x-portkey-provider"
VIRTUAL_KEY: Final = b"x-portkey-virtual-key"
TIMEOUT: Final = b"x-portkey-request-timeout"
RETRIES: Final = b"x-portkey-retry-count"
TRACE: Final = b"x-portkey-trace-id"
HEADERS: Final = frozenset({CONFIG, PROVIDER, VIRTUAL_KEY, TIMEOUT, RETRIES, TRACE})

_KEPT: Final = ("models", "route")
# By a preset of the router's, too.
_KEPT_FROM_LIMITED: Final = ("preset",)
_LONGEST_TRACE: Final = 200
_MOST_RETRIES: Final = 5
_LONGEST_WAIT: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What holds for every target of the call, whatever a config says: seconds to wait, tries; and the trace's id.

    `kept` has members of the body that nobody is sent: by them a router would go to further models than were planned
    for, which the key may not use, and no money is set aside for.
    """

    timeout: float | None = None
    retry: Retry | None = None
    trace: str = ""
    kept: tuple[str, ...] = ()

    @staticmethod
    def of(facts: Facts) -> "Asked":
        """What the headers say. Raises `RequestError`."""
        header = facts.header
        timeout, retries, trace = header(TIMEOUT), header(RETRIES), header(TRACE)
        names = (*_KEPT, *_KEPT_FROM_LIMITED) if facts.rights.limits_targets else _KEPT
        kept = tuple(name for name in names if facts.member(name) is not None)
        if timeout is None and retries is None and trace is None and not kept:
            return NOTHING
        return _asked(timeout, retries, trace, kept)

    def over(self, each: Candidate) -> Candidate:
        """The candidate with this over what its config says."""
        if each.target is None or (self.timeout is None and self.retry is None and not self.kept):
            return each
        how = each.target.how
        if self.kept:
            how = replace(how, edits=_without(self.kept, how.edits or Edits()))
        hurried = self.timeout is not None or how.hurried
        how = replace(how, timeout=self.timeout or how.timeout, retry=self.retry or how.retry, hurried=hurried)
        return replace(each, target=replace(each.target, how=how))


NOTHING: Final = Asked()


@lru_cache(maxsize=256)
def _asked(timeout: str | None, retries: str | None, trace: str | None, kept: tuple[str, ...]) -> Asked:
    waits = _number(timeout, TIMEOUT, 1, _LONGEST_WAIT, "milliseconds")
    tries = _number(retries, RETRIES, 0, _MOST_RETRIES, "tries after the first")
    shown = "".join(letter for letter in (trace or "")[:_LONGEST_TRACE] if letter.isprintable())
    return Asked(
        None if waits is None else waits / 1000,
        None if tries is None else Retry(tries, RETRIED),
        shown,
        kept,
    )


def _without(names: tuple[str, ...], edits: Edits) -> Edits:
    """The edits, and of the call's own members none of these."""
    return replace(edits, drops=(*edits.drops, *(name for name in names if name not in edits.overrides)))


def laid_over(made: Plan, facts: Facts) -> Plan:
    """The plan with what the call's headers say of all its targets. Raises `RequestError`."""
    asked = replace(Asked.of(facts), kept=())
    if asked == NOTHING:
        return made
    candidates = tuple(asked.over(each) for each in made.candidates)
    return replace(made, candidates=candidates, told=made.told or Told(asked.trace))


def _number(said: str | None, header: bytes, least: int, most: int, what: str) -> int | None:
    if said is None:
        return None
    if not said.isascii() or not said.isdigit() or len(said) > len(str(most)) or not least <= int(said) <= most:
        raise RequestError(
            f"the header `{header.decode()}` is no whole number from {least} to {most}",
            hint=f"it counts {what}",
            param=header.decode(),
        )
    return int(said)
