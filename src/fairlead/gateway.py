"""The engine: every front, from the HTTP server to the `ai` command, is a client of this one object."""

from fairlead import ids
from fairlead.clock import Clock
from fairlead.dialects.envelope import AUTO, Envelope
from fairlead.dialects.forms import FormEnvelope
from fairlead.errors import FairleadError
from fairlead.ledger.keyring import Keyring
from fairlead.observe.metrics import Metrics
from fairlead.pipeline import metadata
from fairlead.pipeline.admit import admit
from fairlead.pipeline.call import Call, CallRequest, Principal, Reply
from fairlead.pipeline.kept import Asked
from fairlead.pipeline.record import refused
from fairlead.pipeline.run import Pipeline
from fairlead.pipeline.settle import Record
from fairlead.routing.policy import Policy
from fairlead.routing.portkey_config.asked import CONFIG
from fairlead.routing.target import Plan


class Gateway:
    """Takes calls and gives replies. Made by `app.py`; `swap` gives it a new policy between two calls."""

    def __init__(
        self, pipeline: Pipeline, policy: Policy, keyring: Keyring, clock: Clock, metrics: Metrics, record: Record
    ) -> None:
        self._record = record
        self._pipeline = pipeline
        self._keyring = keyring
        self._clock = clock
        self.policy = policy
        self.metrics = metrics
        self._unnamed = _unnamed(policy)

    def admit(self, presented: bytes | None) -> Principal:
        """Who a presented key stands for. Raises `Unauthorized`."""
        return admit(self._keyring, presented, self._clock.wall())

    async def call(self, request: CallRequest, principal: Principal) -> Reply:
        """The reply to one call: whole, or with its first event at hand. Raises `FairleadError`."""
        started = self._clock.monotonic()
        request_id = ids.request_id(self._clock)
        try:
            # A config may say the model.
            configured = principal.rights.config is not None or CONFIG in request.names
            envelope = _envelope(request, AUTO if configured else self._unnamed)
        except FairleadError as error:
            error.request_id = request_id
            self.metrics.refused[error.code] += 1
            spent = self._clock.monotonic() - started
            self._record(refused(request_id, principal, request.endpoint.name, error, spent))
            raise
        call, pipeline = Call(request_id, request, principal, started, envelope), self._pipeline
        if metadata.HEADER in request.names and metadata.wanted(request):
            reply = await metadata.told(pipeline.run, call)
        else:
            reply = await pipeline.run(call)
        if pipeline.shadows is not None:
            pipeline.shadows.follow(call)
        return reply

    def explain(self, request: CallRequest, principal: Principal) -> Plan:
        """Where a call would go and why, with all that was passed over. Sends nothing. Raises `FairleadError`."""
        envelope = _envelope(request, AUTO if CONFIG in request.names else self._unnamed)
        return self._pipeline.explain(Call("", request, principal, self._clock.monotonic(), envelope))

    async def kept(self, asked: Asked) -> Reply:
        """What the provider that keeps a response says of it. Raises `FairleadError`."""
        return await self._pipeline.kept.ask(asked)

    async def delete_model(self, name: str) -> Reply:
        """What the provider says that a tuned model is to be deleted at. Raises `FairleadError`."""
        return await self._pipeline.kept.delete_model(name)

    def swap(self, pipeline: Pipeline, policy: Policy) -> None:
        """Serve the next call by a new policy; calls under way end by the old one."""
        self._pipeline, self.policy, self._unnamed = pipeline, policy, _unnamed(policy)


def _unnamed(policy: Policy) -> str | None:
    """The model of a call that names none; None where such a call is wrong."""
    return AUTO if policy.default_model or policy.default_config else None


def _envelope(request: CallRequest, unnamed: str | None) -> Envelope | FormEnvelope:
    if request.endpoint.form:
        return FormEnvelope(request.endpoint, request.body, request.content_type)
    return Envelope(request.endpoint, request.body, request.model, unnamed=unnamed)
