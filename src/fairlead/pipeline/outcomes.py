"""Answers that are no good to the client although they are answers: a filter cut them, or the model declines.

They are passed on, but where a model's entry says `on_refusal: next`: then the next target is asked, and the answer is
kept in case nobody has a better one.
"""

from msgspec import Struct

from fairlead.dialects import hub
from fairlead.dialects.model import BadReply, Refusal, Reply, Usage
from fairlead.errors import Failure, FailureKind
from fairlead.pipeline.answers import Answer, Whole
from fairlead.pipeline.attempt import Attempts
from fairlead.pipeline.call import Attempt, Call, Headers


class Declined(Struct, eq=False):
    """A refusing answer that is kept, with all that the call knew of it."""

    answer: Whole
    attempt: Attempt
    usage: Usage | None
    returned: Headers
    dropped: list[str]

    def stands(self, call: Call) -> Answer:
        """The answer after all: it is the call's, as though nobody else had been asked."""
        attempt = self.attempt
        call.attempts.remove(attempt)
        call.attempts.append(attempt)
        if call.absorbed is not None and attempt.cost is not None:
            call.absorbed -= attempt.cost
            attempt.cost = 0
        attempt.failure = None
        call.usage, call.returned, call.dropped = self.usage, self.returned, self.dropped
        return self.answer


def declined(call: Call, answer: Answer, attempts: Attempts) -> Declined | None:
    """The answer, kept, where it is a whole one that refuses; its attempt then counts as refused, and is paid for."""
    if not isinstance(answer, Whole) or answer.status != 200 or not _refuses(call, answer.body):
        return None
    attempt = call.attempts[-1]
    kept = Declined(answer, attempt, call.usage, call.returned, call.dropped)
    attempts.absorb(call, attempt)
    attempt.failure = Failure(FailureKind.POLICY, "the answer is a refusal", 200)
    return kept


def _refuses(call: Call, body: bytes) -> bool:
    """Whether no choice of a reply, as the client would get it, is an answer."""
    if not call.envelope.endpoint.chat:
        return False
    try:
        reply = hub.PROVIDERS[call.envelope.endpoint.dialect].read(body)
    except (BadReply, ValueError):
        return False
    if not isinstance(reply, Reply) or not reply.choices:
        return False
    return all(
        choice.finish in ("content_filter", "refusal") or any(isinstance(part, Refusal) for part in choice.parts)
        for choice in reply.choices
    )
