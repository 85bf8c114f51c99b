"""What providers keep: responses, completions, tuned models. Asked for where they are; nothing of them is kept here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from fairlead.dialects.envelope import checked
from fairlead.errors import FailureKind, NotFound, UpstreamFailure
from fairlead.pipeline import passing
from fairlead.pipeline.call import Headers, Reply
from fairlead.pipeline.failures import cleaned, final, redacted, settled
from fairlead.pipeline.pins import Pins
from fairlead.providers.row import Provider
from fairlead.routing.plan import LAST_RESORT, Target, Wanted, plan
from fairlead.routing.policy import Policy, clocks
from fairlead.upstream.api import Request, Response, Upstream
from fairlead.upstream.paths import full_path

_DIALECT = "openai-responses"
_COMPLETIONS = "/chat/completions"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request about what a provider keeps: `path` is that in its dialect, `id` is empty where all is listed.

    `owner` is for whom it must have been made; empty where it may be anybody's.
    """

    method: str
    path: str
    id: str
    body: bytes
    header: Callable[[bytes], str | None]
    owner: str = ""

    @property
    def completions(self) -> bool:
        return self.path.startswith(_COMPLETIONS)


class Kept:
    """Carries a request about one response to the provider that made it.

    Where that has been forgotten, those that may have made it are asked in turn: an id belongs to one account alone.
    """

    def __init__(self, policy: Policy, upstream: Upstream, pins: Pins) -> None:
        self._policy = policy
        self._upstream = upstream
        self._pins = pins

    async def ask(self, asked: Asked) -> Reply:
        """The provider's own reply, whatever it says. Raises `NotFound`, `UpstreamError`."""
        if asked.owner and not self._pins.made_for(asked.id, asked.owner):
            raise _not_yours(asked)
        refused: Reply | None = None
        broken: UpstreamFailure | None = None
        targets = [*self._targets(asked)]
        sure = len(targets) == 1 and self._pins.maker(asked.id) is not None
        for target in targets:
            try:
                reply = await self._asked_of(target, asked, sure=sure)
            except UpstreamFailure as caught:
                redacted(settled(caught), target)
                broken = caught
                continue
            if reply is not None and (sure or reply.status < 400):
                return reply
            refused = refused or reply  # another may have it, and says more
        if refused is not None:
            return refused
        if broken is not None:
            raise final(broken.failure, "the provider that may have the response cannot be asked")
        raise _nowhere(asked)

    async def delete_model(self, name: str) -> Reply:
        """Delete a model that was tuned, at the provider that a call for it would go to. Raises `FairleadError`."""
        target = plan(Wanted(checked(name)), self._policy).targets[0]
        path = full_path(target.provider, "", f"/models/{quote(target.model, safe=':')}")
        request = Request(target.provider, "DELETE", path, b"", target.whole, headers=[*target.headers])
        try:
            response = await self._upstream.send(request)
            if response.status in (401, 403):
                response.close()
                raise _refused(response)
            return await _reply(response, target)
        except UpstreamFailure as caught:
            raise final(redacted(settled(caught), target), "the model cannot be deleted") from None

    async def _asked_of(self, target: Target, asked: Asked, *, sure: bool) -> Reply | None:
        """What one target says; None where it does not have it. Raises `UpstreamFailure`."""
        path = full_path(target.provider, "", asked.path)
        headers = passing.own(target, asked.header)
        request = Request(target.provider, asked.method, path, asked.body, target.whole, headers=headers)
        response = await self._upstream.send(request)
        if response.status not in (401, 403, 404):
            return await _reply(response, target)
        response.close()
        if response.status != 404 and sure:
            raise _refused(response)
        return None

    def _targets(self, asked: Asked) -> Iterator[Target]:
        maker = self._pins.maker(asked.id)
        for provider in self._policy.providers.values():
            wanted = provider.name == maker if maker else provider.configured and provider.name not in LAST_RESORT
            if wanted and provider.usable and (_may_keep(provider, asked) or (maker and asked.completions)):
                yield from self._ways(provider, asked)

    def _ways(self, provider: Provider, asked: Asked) -> Iterator[Target]:
        """The target at a provider; where it stands before several accounts, one for each that may have it."""
        whole = clocks(provider, None, stream=False)
        if provider.serves != "relayed":
            yield Target(provider, "", whole, whole)
            return
        ways = self._policy.portkey.ways()
        made = [way for way in ways if self._pins.made_with(asked.id, way.headers)]
        for way in made or ways:
            yield Target(provider, "", whole, whole, way.headers, way.note, way.once, way.hidden)


def _may_keep(provider: Provider, asked: Asked) -> bool:
    """Whether it keeps such things. What stands before OpenAI passes on what is asked of its completions."""
    return provider.speaks(_DIALECT) or (asked.completions and provider.serves == "relayed")


def _nowhere(asked: Asked) -> NotFound:
    what = "chat completion" if asked.completions else "response"
    told = f"no provider here has a {what} `{asked.id[:80]}`" if asked.id else f"no provider here keeps {what}s"
    return NotFound(
        told,
        hint=f"only a provider that speaks `openai-responses` keeps {what}s, and only for a while; one that was "
        "translated from another dialect is kept nowhere",
    )


def _not_yours(asked: Asked) -> NotFound:
    """For what somebody else made, and for what nobody is known to have made: which of them it is, is not said."""
    if not asked.id:
        return NotFound("what a provider keeps is listed for the operator's key alone", hint="ask for each by its id")
    return NotFound(
        f"nothing `{asked.id[:80]}` is known to be this key's or its team's",
        hint="what a key has made is remembered for a while, on the machine where it was made",
    )


def _refused(response: Response) -> UpstreamFailure:
    return UpstreamFailure(FailureKind.AUTH, f"HTTP {response.status}", status=response.status)


async def _reply(response: Response, target: Target) -> Reply:
    """The provider's reply, without our key in it. Raises `UpstreamFailure` where the provider failed."""
    if response.status >= 500:
        response.close()
        raise UpstreamFailure(FailureKind.SERVER, f"HTTP {response.status}", status=response.status)
    try:
        body = cleaned(await response.read(), target)
    except BaseException:
        response.close()
        raise
    headers: Headers = [(b"content-type", response.header(b"content-type") or b"application/json")]
    return Reply(response.status, headers + passing.back(response, target), body)
