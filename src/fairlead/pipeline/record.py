"""From a call that has ended to the one row that the ledger has of it. Pure.

Every call whose key was let in has its row, also where it was refused. Whoever has no key has none: a flood of
strangers must not fill the disk, so those are counted in a metric alone (`fairlead_refused`).
"""

from collections.abc import Mapping
from copy import copy
from functools import lru_cache
from typing import Final, NamedTuple

from fairlead.dialects.envelope import Endpoint
from fairlead.dialects.model import Usage
from fairlead.errors import FairleadError
from fairlead.ledger import row as ledger
from fairlead.ledger.costs import Cost
from fairlead.ledger.principal import Principal
from fairlead.ledger.row import LARGEST, Item, Outcome, Row, Tokens
from fairlead.pipeline.call import Attempt, Call
from fairlead.pipeline.facts import noted
from fairlead.routing.plan import Plan, Target

LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 500
MOST_TAGS: Final = 16
MOST_METADATA: Final = 16
_FREE: Final = Cost(0)
_US: Final = 1_000_000
_UNKNOWN: Final = Cost(None)


def recorded(call: Call, outcome: Outcome, now: float, error: FairleadError | None = None) -> Row:
    """The row of a call that ended `now` (monotonic seconds), with the error that its client got, if it got one.

    Where nobody worked out what it cost, that is not known, or nothing where no provider was asked.
    """
    attempts, began, name, said = call.attempts, call.started, call.id, noted(call)
    total = _us(now - began)
    row = copy(_alike(call))
    row.id, row.at, row.status = name, _began(name), call.status
    if outcome != "ok":
        row.outcome = outcome
    row.asked = _name(call.envelope.model)
    if error is not None:
        row.code, row.error = error.code, _text(str(error.message), LONGEST_TEXT)
    if call.usage is not None:
        row.tokens, row.counted = _tokens(call.usage), True
    _add_cost(row, call.cost or (_UNKNOWN if attempts else _FREE))
    if call.reserved is not None:
        row.reserved = call.reserved
    if call.charges:  # also of an attempt before, where the last one had nothing set aside
        row.charges = call.charges
    row.queue_us = _us(attempts[0].started - began) if attempts else total
    if call.first_byte is not None:
        row.first_us = _us(call.first_byte - began)
    row.total_us, row.overhead_us = total, _us(call.overhead)
    row.attempts = [_attempt(each, began) for each in attempts]
    if said.end_user:
        row.end_user = _text(said.end_user)
    if said.metadata:
        row.metadata = _metadata(said.metadata)
    if call.dropped:
        row.dropped = [_text(name) for name in call.dropped[:MOST_TAGS]]
    return row


def _us(seconds: float) -> int:
    return int(seconds * _US) if seconds > 0 else 0


def _add_cost(row: Row, cost: Cost) -> None:
    if cost.nano is not None:
        row.cost = min(cost.nano, LARGEST)
    if cost.reported:
        row.reported = True
    if cost.estimated:
        row.estimated = True
    if cost.lines:
        row.items = [Item(line.kind, min(line.units, LARGEST), line.nano) for line in cost.lines]


class _Alike(NamedTuple):
    """What the rows of calls share that were alike in this. It is held, so that nothing else gets its identity."""

    row: Row
    of: tuple[Principal, Plan, Target | None, Endpoint]


_MOST_ALIKE: Final = 256
_known: dict[tuple[int, int, int, int, bool], _Alike] = {}


def _alike(call: Call) -> Row:
    """The part of the row that is the same for all calls of a key by one plan to one target."""
    principal, plan, endpoint, stream = call.principal, call.plan, call.envelope.endpoint, call.envelope.stream
    answered = _answered(call.attempts)
    target = answered.target if answered is not None else None
    key = (id(principal), id(plan), id(target), id(endpoint), stream)
    found = _known.get(key)
    if found is None:
        if len(_known) >= _MOST_ALIKE:
            _known.clear()
        row = _shared(principal, plan, target, endpoint.name)
        row.stream = stream
        found = _known[key] = _Alike(row, (principal, plan, target, endpoint))
    return found.row


def _shared(principal: Principal, plan: Plan, target: Target | None, endpoint: str) -> Row:
    return Row(
        id="",
        at=0,
        endpoint=endpoint,
        key=principal.key or principal.name,
        team=principal.team,
        user=principal.user,
        organisation=principal.organisation,
        model=_name(target.model) if target else "",
        provider=target.provider.name if target else "",
        intent=plan.intent or "",
        role=plan.role,
        reason=_text(plan.reason, LONGEST_TEXT),
        tags=_tags(principal.tags),
        arm=target.how.arm if target else _meant(plan),
        difficulty=plan.difficulty,
    )


def _meant(plan: Plan) -> str:
    """The arm of a call that came to no target."""
    return plan.targets[0].how.arm if plan.targets else ""


def refused(name: str, principal: Principal, endpoint: str, error: FairleadError, seconds: float = 0.0) -> Row:
    """The row of a call that was refused before it could be read, with the id `name`."""
    return Row(
        id=name,
        at=_began(name),
        endpoint=endpoint,
        outcome="refused",
        status=error.status,
        code=error.code,
        error=_text(error.message, LONGEST_TEXT),
        key=principal.key or principal.name,
        team=principal.team,
        user=principal.user,
        organisation=principal.organisation,
        cost=0,
        queue_us=(spent := int(seconds * _US)),
        total_us=spent,
        overhead_us=spent,
        tags=_tags(principal.tags),
    )


def _began(name: str) -> int:
    """The moment that an id was made at, in milliseconds: no clock can have been set since."""
    return int(name[:12], 16)


def _answered(attempts: list[Attempt]) -> Attempt | None:
    """The attempt whose reply the client got, or the last."""
    for each in attempts:
        if each.failure is None:
            return each
    return attempts[-1] if attempts else None


def _attempt(attempt: Attempt, began: float) -> ledger.Attempt:
    failure, target, started = attempt.failure, attempt.target, attempt.started
    after, took = _us(started - began), _us(attempt.ended - started)
    if failure is None:
        return ledger.Attempt(target.provider.name, _name(target.model), "ok", after, took, cost=attempt.cost)
    kind, said = str(failure.kind), _text(failure.detail, LONGEST_TEXT)
    return ledger.Attempt(
        target.provider.name, _name(target.model), kind, after, took, failure.status, said, attempt.cost
    )


def _tokens(usage: Usage) -> Tokens:
    return Tokens(
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_tokens,
        usage.reasoning_tokens,
        usage.cache_write_tokens,
        usage.cache_write_1h_tokens,
        usage.audio_input_tokens,
        usage.audio_output_tokens,
    )


def _tags(given: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(text for tag in given if (text := _text(tag))))[:MOST_TAGS]


def _metadata(given: Mapping[str, str]) -> dict[str, str]:
    return {_text(name): _text(str(value), LONGEST_TEXT) for name, value in list(given.items())[:MOST_METADATA]}


def _text(text: str, longest: int = LONGEST_NAME) -> str:
    """As much of it as is kept, in characters that every database takes."""
    if len(text) <= longest and text.isascii() and "\0" not in text:
        return text
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    return text.replace("\0", "").encode("utf-8", "replace").decode()


# Names of models are few and come again; whatever else clients say is not held.
_name = lru_cache(maxsize=512)(_text)
