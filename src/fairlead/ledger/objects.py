"""What the administrative API takes and gives: its JSON, and so its reference."""

import re
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from fairlead.clock import moment
from fairlead.errors import RequestError
from fairlead.ledger.allowances import Allowance, Budgets, Limits, Speed
from fairlead.ledger.keys import Kind
from fairlead.ledger.rights import NO_LIMITS, Rights

T = TypeVar("T")
ObjectKind = Literal["organisation", "team", "user", "key"]
Name = Annotated[str, Meta(min_length=1, max_length=200, description="a name, unique where it stands")]
Tags = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=50, description="dimensions of reports")
]
Reference = Annotated[str, Meta(min_length=1, max_length=200, description="an id or a name")]
Expiry = Annotated[str, Meta(max_length=40, description="a time such as 2027-01-31T00:00:00Z, or a span such as 90d")]
AdminRole = Literal["admin", "auditor", "member"]
State = Literal["active", "blocked", "expired", "deleted"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SPAN = re.compile(r"(\d{1,9})([smhdw])")
_LATEST = 253402300799000  # the end of the year 9999, beyond which no time can be written


class NewOrganisation(Struct, forbid_unknown_fields=True, frozen=True):
    """An organisation to be made."""

    name: Name
    tags: Tags = []
    rights: Rights = NO_LIMITS
    budgets: Budgets = []
    limits: Limits = []


class NewTeam(Struct, forbid_unknown_fields=True, frozen=True):
    """A team to be made, in the one organisation that there is unless it names one."""

    name: Name
    organisation: Reference | None = None
    tags: Tags = []
    rights: Rights = NO_LIMITS
    budgets: Budgets = []
    limits: Limits = []


class NewUser(Struct, forbid_unknown_fields=True, frozen=True):
    """A user to be made, in a team."""

    name: Name
    team: Reference
    tags: Tags = []
    rights: Rights = NO_LIMITS
    budgets: Budgets = []
    limits: Limits = []


class NewKey(Struct, forbid_unknown_fields=True, frozen=True):
    """A key to be made. It belongs to the innermost of what it names, or to nobody but the operator."""

    name: Name | None = None
    kind: Annotated[Kind, Meta(description="`client` keys make calls, `admin` keys administer")] = "client"
    role: Annotated[AdminRole | None, Meta(description="what an admin key may do; a member sees its team alone")] = None
    organisation: Reference | None = None
    team: Reference | None = None
    user: Reference | None = None
    tags: Tags = []
    rights: Rights = NO_LIMITS
    expires: Expiry | None = None
    budgets: Budgets = []
    limits: Limits = []


class Change(Struct, forbid_unknown_fields=True, frozen=True):
    """What becomes different; what is absent stays."""

    name: Name | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    rights: Rights | UnsetType = UNSET
    budgets: Budgets | UnsetType = UNSET
    limits: Limits | UnsetType = UNSET


class KeyChange(Change, forbid_unknown_fields=True, frozen=True):
    """What becomes different of a key. An `expires` of null lets it last."""

    expires: Expiry | UnsetType | None = UNSET


class Rotation(Struct, forbid_unknown_fields=True, frozen=True):
    """How a key is replaced."""

    overlap: Annotated[str, Meta(description="how long the old key works beside the new one; `0s` ends it at once")] = (
        "24h"
    )


class Standing(Struct, frozen=True):
    """How much of a budget is spent, in dollars, as far as the record of calls has come, and what remains of it."""

    name: str
    spent: str
    remaining: str
    resets_at: str | None = None


class Shown(Struct, frozen=True, kw_only=True):
    """What all objects have. Of one that is asked for by itself, `standing` tells what its budgets have left."""

    id: str
    name: str
    tags: list[str]
    rights: Rights
    state: Annotated[State, Meta(description="whether it counts, all that it belongs to considered")]
    created: str
    deleted: str | None = None
    budgets: list[Allowance] = []
    limits: list[Speed] = []
    standing: list[Standing] | UnsetType = UNSET


class Organisation(Shown, frozen=True, kw_only=True):
    """An organisation."""


class Team(Shown, frozen=True, kw_only=True):
    """A team."""

    organisation: str


class User(Shown, frozen=True, kw_only=True):
    """A user."""

    organisation: str
    team: str


class Key(Shown, frozen=True, kw_only=True):
    """A key, of which only the last four characters can be seen."""

    kind: Kind
    role: str
    shown: str
    organisation: str | None = None
    team: str | None = None
    user: str | None = None
    expires: str | None = None
    rotated: str | None = None
    previous_until: Annotated[str | None, Meta(description="until when the key before the rotation works")] = None
    granted: Annotated[
        list[dict[str, list[str]]], Meta(description="the limits that hold, those of its owners included")
    ] = []


class MadeKey(Key, frozen=True, kw_only=True):
    """A key with the key itself, which is seen this once."""

    key: str


class Page(Struct, Generic[T], frozen=True):
    """A part of a list; `next` is `after` of the part that follows, or null."""

    data: list[T]
    next: str | None = None


class Record(Struct, frozen=True):
    """One administrative change, as the audit log keeps it."""

    seq: int
    at: str
    actor: str
    actor_key: str
    action: str
    object_kind: str
    object_id: str
    before: Any
    after: Any
    previous_hash: str
    hash: str


class Verdict(Struct, frozen=True):
    """Whether the audit log is as it was written; else the first record that is not, and why."""

    ok: bool
    records: int
    broken: int | None = None
    why: str | None = None


def span(text: str) -> int:
    """The milliseconds of a span such as `30d`. Raises `RequestError`."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise RequestError(f"`{text[:40]}` is no span of time", hint="a number and one of s, m, h, d, w: `90d`")
    return int(found[1]) * _SECONDS[found[2]] * 1000


def expiry(text: str, now: int) -> int:
    """The moment that is meant. Raises `RequestError` where it cannot be read or is over."""
    if _SPAN.fullmatch(text.strip()):
        at = now + span(text)
    else:
        try:
            at = moment(text.strip())
        except (ValueError, OverflowError):
            raise RequestError(
                f"`{text[:40]}` is no time", hint="2027-01-31T00:00:00Z, or a span from now: `90d`", param="expires"
            ) from None
    if not now < at <= _LATEST:
        raise RequestError(f"`{text[:40]}` is not a time to come", param="expires")
    return at


def json_of(value: object) -> str:
    """Canonical JSON: the same value is the same text."""
    return msgspec.json.encode(value, order="deterministic").decode()
