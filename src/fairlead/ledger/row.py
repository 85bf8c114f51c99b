"""The record of one call, and how it is written down: one line of JSON, the shape's name and version first.

    ["call/1", "0199…", 1760000000000, …]        what the call was
    ["body/1", "0199…", 1760000000000, …]        its texts, where the operator has them kept

A line is an array, so that writing it costs little. That makes the order of the fields a promise: a new field goes to
the end and has a default, and then older lines can still be read. Any other change is a new version beside the old.
"""

from typing import Final, Literal

import msgspec
from msgspec import Struct, field

Outcome = Literal["ok", "failed", "refused", "cancelled", "cut"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("ok", "failed", "refused", "cancelled", "cut")
LARGEST: Final = 2**53 - 1
# `gc=False`: nothing here can refer to itself, and looking whether it does takes longer than reading a line.


class Tokens(Struct, array_like=True, frozen=True, gc=False):
    """Tokens by kind. As in `Usage`: `input` has the cached, written and sounding ones in it, `output` the thoughts."""

    input: int = 0
    output: int = 0
    cached: int = 0
    reasoning: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    audio_input: int = 0
    audio_output: int = 0


class Item(Struct, array_like=True, frozen=True, gc=False):
    """A part of the cost: so many units of a kind, and what they come to; None where nobody knows the price."""

    kind: str
    units: int
    nano: int | None


class Attempt(Struct, array_like=True, frozen=True, gc=False):
    """One try at one target. `result` is `ok` or the kind of its failure; `after_us` is since the call began.

    `cost` (nano-dollars) is what it cost although another answered, or went on; it is in the call's own. None where
    that is not known.
    """

    provider: str
    model: str
    result: str
    after_us: int
    us: int
    status: int | None = None
    detail: str = ""
    cost: int | None = 0


class Verdict(Struct, array_like=True, frozen=True, gc=False):
    """What a guard said, and how long it took."""

    guard: str
    outcome: str
    us: int = 0


class Row(Struct, array_like=True, tag="call/1", kw_only=True, gc=False):
    """One accepted call, however it ended.

    Moments are milliseconds since 1970, spans are microseconds, money is nano-dollars. `cost` is None where the price
    is not known; `reserved` and `saved` (by the cache) are None where there was none. `asked` is the model as the
    client named it, `model` as the provider that served calls it. `queue_us` is from the first byte to the first
    attempt, `first_us` to the first byte of the reply, if one came. `charges` is what each budget's account was charged
    of what the `process` had taken from it. `difficulty` (0 to 1) was read in its text, where its plan hung on that.
    """

    id: str
    at: int
    endpoint: str = ""
    outcome: Outcome = "ok"
    status: int = 0
    code: str = ""
    error: str = ""
    key: str = ""
    team: str = ""
    user: str = ""
    end_user: str = ""
    session: str = ""
    asked: str = ""
    model: str = ""
    provider: str = ""
    intent: str = ""
    role: str = ""
    reason: str = ""
    stream: bool = False
    tokens: Tokens = Tokens()
    counted: bool = False
    cost: int | None = None
    reported: bool = False
    estimated: bool = False
    items: list[Item] = field(default_factory=list)
    reserved: int | None = None
    reservation: str = ""
    queue_us: int = 0
    first_us: int | None = None
    total_us: int = 0
    overhead_us: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    cache: str = ""
    saved: int | None = None
    guard: str = ""
    verdicts: list[Verdict] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    bodies: bool = False
    organisation: str = ""
    process: str = ""
    charges: dict[str, int] = field(default_factory=dict)
    arm: str = ""
    difficulty: float | None = None


class Bodies(Struct, array_like=True, tag="body/1", kw_only=True, gc=False):
    """What a call said and was told, redacted."""

    id: str
    at: int
    request: str = ""
    reply: str = ""


Record = Row | Bodies

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final[msgspec.json.Decoder[Record]] = msgspec.json.Decoder(Record)


def encoded(record: Record) -> bytes:
    """The record as a line."""
    return _ENCODER.encode(record) + b"\n"


def decoded(line: bytes | str) -> Record:
    """The record that a line is. Raises `ValueError` where it is none."""
    try:
        return _DECODER.decode(line)
    except RecursionError:
        raise ValueError("nested too deep") from None


def row_of(line: bytes | str) -> Row:
    """The call that a line is the record of. Raises `ValueError`."""
    record = decoded(line)
    if isinstance(record, Row):
        return record
    raise ValueError("a line without a call")


def told(row: Row) -> dict[str, object]:
    """The row as a document with names, its money in nano-dollars."""
    shown: dict[str, object] = {"object": "call"}
    for name in Row.__struct_fields__:
        value = getattr(row, name)
        shown[name] = _named(value)
    return shown


def _named(value: object) -> object:
    if isinstance(value, list):
        return [_named(each) for each in value]
    if isinstance(value, Struct):
        return {name: _named(getattr(value, name)) for name in value.__struct_fields__}
    return value
