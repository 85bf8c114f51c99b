"""Whether a call is within the limits of how fast one may go."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fairlead.dialects import most
from fairlead.dialects.anthropic.count import count_text
from fairlead.ledger.limits.gate import Amounts, Gate, Ticket
from fairlead.pipeline import tally
from fairlead.pipeline.call import Call
from fairlead.pipeline.facts import facts_of

if TYPE_CHECKING:  # it brings what only processes need that share their limits
    from fairlead.ledger.limits.shared import SharedGate

_NOTHING = Amounts()


class Limiter:
    """Lets calls through a gate, counted with what they may take until that is known."""

    def __init__(self, gate: "Callable[[], Gate | SharedGate]") -> None:
        """`gate` gives the one that stands now: it becomes another once processes share their limits."""
        self._gate = gate

    async def admit(self, call: Call) -> None:
        """Take a ticket for the call. Raises `RateLimited`."""
        gate, own = self._gate(), call.principal.limits
        if gate.is_open and not own:
            return
        made = (most.asked(call.envelope) or 0) * most.choices(call.envelope)
        facts, amounts = facts_of(call), Amounts(count_text(len(call.request.body)), made)
        admitted = gate.admit(facts, amounts, own)
        call.ticket = admitted if isinstance(admitted, Ticket) else await admitted


def used(call: Call) -> Amounts:
    """What an ended call took of its limits: nothing where it came to no provider, or none answered."""
    attempt = call.attempts[-1] if call.attempts else None
    if attempt is None or (attempt.failure is not None and call.usage is None and not call.produced):
        return _NOTHING
    usage = tally.used(call)
    return Amounts(usage.input_tokens, usage.output_tokens) if usage else _NOTHING
