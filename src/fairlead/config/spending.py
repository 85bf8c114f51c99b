"""What a configuration file may say of money and of rates."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

# What a rule may ask of a call. A name after `metadata.` is the caller's own.
Dimension = Annotated[
    str,
    Meta(
        pattern=r"^(organisation|team|user|key|tag|end_user|model|provider|endpoint|metadata\..{1,64})$",
        description="organisation, team, user, key, tag, end_user, model, provider, endpoint, or metadata.NAME",
    ),
]
Conditions = Annotated[
    dict[Dimension, str | list[str]],
    Meta(description="which calls it is for: each dimension's value, or several; `*` stands for any text"),
]
GroupBy = Annotated[
    list[Dimension], Meta(max_length=4, description="one budget for each value of these, not one for all together")
]
Natural = Annotated[int, Meta(ge=0)]
Dollars = Annotated[str | float, Meta(description="US dollars, as a number or as text")]


class Amount(Struct, forbid_unknown_fields=True, frozen=True):
    """What may be spent within a span of time."""

    limit: Dollars
    every: Annotated[
        str,
        Meta(pattern=r"^(day|week|month|total|[1-9][0-9]{0,3}d)$", description="day, week, month, total, or as 30d"),
    ] = "month"
    time_zone: Annotated[str, Meta(description="whose calendar says when it begins anew")] = "UTC"
    hard: Annotated[bool, Meta(description="refuse what could pass it; a soft one only tells")] = True
    protection: Annotated[
        Literal["refuse", "clamp", "cheapest"],
        Meta(description="what is done at the limit: refuse, lower `max_tokens`, or take the cheapest model"),
    ] = "refuse"
    alerts: Annotated[
        list[Annotated[int, Meta(gt=0, le=100)]], Meta(description="per cent of the limit above which it tells, once")
    ] = field(default_factory=lambda: [80])


class Budget(Amount, forbid_unknown_fields=True, frozen=True):
    """What may be spent, by whom or on what, within a span of time."""

    conditions: Conditions = {}
    group_by: GroupBy = []


class Retention(Struct, forbid_unknown_fields=True, frozen=True):
    """For how many days the record of calls is kept; 0 is for ever. Sums by day are kept for ever."""

    calls: Annotated[Natural, Meta(description="each call")] = 90
    hours: Annotated[Natural, Meta(description="sums by hour")] = 90
    bodies: Annotated[Natural, Meta(description="what calls said and were told, where `keep_bodies` is on")] = 14


class Pace(Struct, forbid_unknown_fields=True, frozen=True):
    """How many calls or tokens there may be within any span of that length, or calls at one time."""

    requests: Annotated[Natural | None, Meta(description="calls; failed ones count")] = None
    tokens: Annotated[Natural | None, Meta(description="tokens, in and out together")] = None
    input_tokens: Annotated[Natural | None, Meta(description="tokens in")] = None
    output_tokens: Annotated[Natural | None, Meta(description="tokens out")] = None
    concurrent: Annotated[Natural | None, Meta(description="calls under way at one time")] = None
    per: Annotated[Literal["second", "minute", "hour", "day"], Meta(description="the span's length")] = "minute"


class Limit(Pace, forbid_unknown_fields=True, frozen=True):
    """How fast those may go whom it is for."""

    conditions: Conditions = {}
    group_by: GroupBy = []
