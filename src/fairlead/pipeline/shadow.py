"""Shadow traffic: copies of calls for another model, made once the client has its reply; nobody gets their answers.

A copy cannot delay or fail a call, nor spend what a client may spend: it begins when the reply has begun, its principal
is `shadow`, and it falls under those budgets alone that are for everybody. Its row has the arm `EXPERIMENT/shadow`, and
`shadow_of` in its metadata, the id of the call that it is a copy of.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec

from fairlead import ids
from fairlead.clock import Clock
from fairlead.dialects.envelope import Envelope
from fairlead.errors import FairleadError
from fairlead.ledger.principal import Principal
from fairlead.pipeline.call import Call, CallRequest, Noted
from fairlead.pipeline.moments import Moments
from fairlead.pipeline.pins import Pins
from fairlead.pipeline.plan import Planner
from fairlead.pipeline.run import Pipeline
from fairlead.routing.experiments import SHADOW, of_shadow, shadowed
from fairlead.routing.openrouter.asked import MEMBERS
from fairlead.routing.plan import Plan
from fairlead.routing.policy import Policy
from fairlead.routing.trial import labelled, names_of

log = logging.getLogger("fairlead.calls")

MOST_AT_ONCE: Final = 16
MOST_BYTES: Final = 1024 * 1024
_WHO: Final = Principal(SHADOW)
# What is kept at a provider is one caller's, and a copy must not go on from it.
_KEPT_THERE: Final = frozenset({"previous_response_id", "conversation", "background"})


class ShadowPlanner(Planner):
    """Plans copies by the model that they go to, whatever else the call says, and marks them."""

    def __init__(self, experiment: str, policy: Policy, pins: Pins, moments: Moments) -> None:
        super().__init__(replace(policy, experiments=()), pins, moments)
        self._label = f"{experiment}/{SHADOW}"

    def plan(self, call: Call) -> Plan:
        made = super().plan(call)
        return replace(made, candidates=tuple(labelled(each, self._label) for each in made.candidates))

    def _says(self, call: Call) -> bool:  # noqa: ARG002 - a copy says no more than its model
        return False


class Copies:
    """The copies under way, of this configuration and of those before it."""

    def __init__(self) -> None:
        self.dropped = 0
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    @property
    def full(self) -> bool:
        return self.under_way >= MOST_AT_ONCE

    def drop(self) -> None:
        """There is no room for a copy. The first is told, and each hundredth after it."""
        if self.dropped % 100 == 0:
            log.warning("%d copies for a shadow are under way, and %d were not made", MOST_AT_ONCE, self.dropped + 1)
        self.dropped += 1

    def begin(self, pipeline: Pipeline, call: Call) -> None:
        task = asyncio.get_running_loop().create_task(_carried(pipeline, call))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def aclose(self) -> None:
        """Call off what is under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Shadows:
    """Decides which calls are copied, by one configuration."""

    def __init__(self, policy: Policy, pipelines: Mapping[str, Pipeline], copies: Copies, clock: Clock) -> None:
        """`pipelines` has what carries the copies of each experiment, by its name."""
        self._policy = policy
        self._pipelines = pipelines
        self._copies = copies
        self._clock = clock

    def follow(self, call: Call) -> None:
        """Begin a copy of the call, whose reply has begun, where an experiment wants one."""
        # A policy may have changed the request for a target: what is copied are the client's own words.
        request, envelope = call.original or (call.request, call.envelope)
        if call.status >= 400 or not isinstance(envelope, Envelope) or not _can_be_copied(envelope):
            return
        names = names_of(envelope.model, self._policy)
        experiment = of_shadow(self._policy.experiments, names, call.plan.intent)
        if experiment is None or experiment.shadow is None or not shadowed(experiment, call.id):
            return
        if self._copies.full:
            self._copies.drop()
            return
        asked, words = _for_model(experiment.shadow.model, request, envelope)
        copy = Call(ids.request_id(self._clock), asked, _WHO, self._clock.monotonic(), words)
        copy.noted = Noted("", {"shadow_of": call.id})
        self._copies.begin(self._pipelines[experiment.name], copy)


def _can_be_copied(envelope: Envelope) -> bool:
    """Whether it is a conversation that can be held, and hangs on nothing that a provider keeps."""
    members = envelope.members
    return envelope.endpoint.chat and len(members.body) <= MOST_BYTES and _KEPT_THERE.isdisjoint(members.names)


def _for_model(model: str, request: CallRequest, envelope: Envelope) -> tuple[CallRequest, Envelope]:
    """The same for another model, by which alone it goes: less what it says of models and providers besides."""
    members = envelope.members
    changes: dict[str, bytes | None] = dict.fromkeys(MEMBERS.intersection(members.names))
    if request.model is None:
        changes["model"] = msgspec.json.encode(model)
    body = members.splice(changes) if changes else request.body
    request = msgspec.structs.replace(request, body=body, provider=None, intent=None)
    words = Envelope(request.endpoint, body, request.model)
    words.model = model
    return request, words


async def _carried(pipeline: Pipeline, call: Call) -> None:
    """Take a copy to its end. What becomes of it is in its row."""
    try:
        reply = await pipeline.run(call)
        if reply.events is not None:
            async for _ in reply.events:
                pass
    except FairleadError as error:
        log.debug("the shadow %s failed: %s", call.id, error.message)
    except Exception:
        log.exception("the shadow %s broke off", call.id)
