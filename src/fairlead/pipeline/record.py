"""From a call that has ended to the one row that the ledger has of it. Pure.

Every call whose key was let in has its row, also where it was refused. Whoever has no key has none: a flood of
strangers must not fill the disk, so those are counted in a metric alone (`fairlead_refused`).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from fairlead.dialects.model import Usage
from fairlead.errors import FairleadError
from fairlead.ledger import row as ledger
from fairlead.ledger.costs import Cost
from fairlead.ledger.principal import Principal
from fairlead.ledger.row import LARGEST, Item, Outcome, Row, Tokens
from fairlead.pipeline.call import Attempt, Call
from fairlead.pipeline.facts import noted

LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 500
MOST_TAGS: Final = 16
MOST_METADATA: Final = 16
_NO_TOKENS: Final = Tokens()
_FREE: Final = Cost(0)
_US: Final = 1_000_000
_UNKNOWN: Final = Cost(None)


def recorded(call: Call, outcome: Outcome, now: float, error: FairleadError | None = None) -> Row:
    """The row of a call that ended `now` (monotonic seconds), with the error that its client got, if it got one.

    Where nobody worked out what it cost, that is not known, or nothing where no provider was asked.
    """
    principal, answered, attempts, said = call.principal, _answered(call), call.attempts, noted(call)
    cost = call.cost or (_UNKNOWN if attempts else _FREE)
    began, total = call.started, max(0, int((now - call.started) * _US))
    return Row(
        id=call.id,
        at=_began(call.id),
        endpoint=call.envelope.endpoint.name,
        outcome=outcome,
        status=call.status,
        code=error.code if error else "",
        error=_text(str(error.message), LONGEST_TEXT) if error else "",
        key=principal.key or principal.name,
        team=principal.team,
        user=principal.user,
        organisation=principal.organisation,
        end_user=_text(said.end_user) if said.end_user else "",
        asked=_name(call.envelope.model),
        model=_name(answered.target.model) if answered else "",
        provider=answered.target.provider.name if answered else "",
        intent=call.plan.intent or "",
        reason=_text(call.plan.reason, LONGEST_TEXT),
        stream=call.envelope.stream,
        tokens=_tokens(call.usage),
        counted=call.usage is not None,
        cost=min(cost.nano, LARGEST) if cost.nano is not None else None,
        reported=cost.reported,
        estimated=cost.estimated,
        items=[Item(line.kind, min(line.units, LARGEST), line.nano) for line in cost.lines] if cost.lines else [],
        reserved=call.reserved,
        queue_us=max(0, int((attempts[0].started - began) * _US)) if attempts else total,
        first_us=max(0, int((call.first_byte - began) * _US)) if call.first_byte is not None else None,
        total_us=total,
        overhead_us=int(call.overhead * _US),
        attempts=[_attempt(each, began) for each in attempts],
        tags=_tags(principal.tags) if principal.tags else [],
        metadata=_metadata(said.metadata) if said.metadata else {},
        dropped=[_text(name) for name in call.dropped[:MOST_TAGS]] if call.dropped else [],
        charges=call.charges,
    )


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


def _answered(call: Call) -> Attempt | None:
    """The attempt whose reply the client got, or the last."""
    for each in call.attempts:
        if each.failure is None:
            return each
    return call.attempts[-1] if call.attempts else None


def _attempt(attempt: Attempt, began: float) -> ledger.Attempt:
    failure, target = attempt.failure, attempt.target
    return ledger.Attempt(
        target.provider.name,
        _name(target.model),
        str(failure.kind) if failure else "ok",
        max(0, int((attempt.started - began) * _US)),
        max(0, int((attempt.ended - attempt.started) * _US)),
        failure.status if failure else None,
        _text(failure.detail, LONGEST_TEXT) if failure else "",
    )


def _tokens(usage: Usage | None) -> Tokens:
    if usage is None:
        return _NO_TOKENS
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
