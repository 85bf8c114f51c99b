"""What a configuration file may say of failures: how often, how long and where to try again."""

from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=0, le=10)]


class Retries(Struct, forbid_unknown_fields=True, frozen=True):
    """How often a target is tried again after each kind of failure; `max_retries` where nothing is said."""

    connect: Annotated[Count | None, Meta(description="no connection, or one that broke before anything came")] = None
    rate_limit: Annotated[Count | None, Meta(description="429")] = None
    server: Annotated[Count | None, Meta(description="500 and above, 408, 409, 425")] = None
    timeout: Annotated[Count | None, Meta(description="nothing came in time; the provider may have acted")] = 0
    bad_reply: Annotated[Count | None, Meta(description="what came was no reply, or not all of it")] = 0


class Breaker(Struct, forbid_unknown_fields=True, frozen=True):
    """When a target, a credential or a provider is left alone, and for how long (seconds)."""

    failures: Annotated[int, Meta(gt=0, description="failures one after the other that open it")] = 5
    percent: Annotated[int, Meta(gt=0, le=100, description="or so many per cent of the calls of a window")] = 25
    calls: Annotated[int, Meta(gt=0, description="calls that a window has at least, for that")] = 20
    window: Annotated[Seconds, Meta(description="the window's length")] = 30.0
    cooldown: Annotated[Seconds, Meta(description="for how long at first; each time twice as long")] = 5.0
    longest: Annotated[Seconds, Meta(description="for how long at most, but for what `retry-after` says")] = 300.0
    refused: Annotated[Seconds, Meta(description="for how long at first after a refused key or model")] = 60.0


class Reliability(Struct, forbid_unknown_fields=True, frozen=True):
    """What is done about failures."""

    max_retries: Annotated[Count, Meta(description="tries after the first, where no other target can be asked")] = 3
    request_timeout: Annotated[
        Seconds | None,
        Meta(
            description="seconds until a reply begins, where neither model nor provider has a clock for that; 60, and "
            "300 for a reply that is not streamed, which begins when it is done"
        ),
    ] = None
    fallback: Annotated[bool, Meta(description="ask the next target of a plan where one fails")] = True
    retries: Annotated[Retries, Meta(description="tries after the first, by what went wrong")] = Retries()
    time_budget: Annotated[Seconds, Meta(description="seconds after which no attempt of a call begins or goes on")] = (
        600.0
    )
    backoff: Annotated[Seconds, Meta(description="the longest first wait before a try; doubled each time")] = 0.5
    longest_wait: Annotated[
        Seconds, Meta(description="the longest wait; who asks for a longer one is not waited for")
    ] = 10.0
    total_wait: Annotated[Seconds, Meta(description="the longest that a call waits in all")] = 60.0
    retry_percent: Annotated[
        int, Meta(ge=0, le=100, description="tries after the first, of the calls that a provider got, in per cent")
    ] = 20
    first_token_timeout: Annotated[
        Seconds | None, Meta(description="seconds until a stream says something, where the model has none of its own")
    ] = None
    breaker: Annotated[Breaker, Meta(description="what is left alone, and for how long")] = Breaker()
