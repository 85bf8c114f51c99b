"""Where vendors' replies differ from OpenAI's published schema, and how each difference is mended.

A quirk is a named mend that a provider's row cites. Three rules hold for all of them: what conforms is not touched,
nothing a vendor said is lost (what cannot stay where it stood is kept under `native_<name>`), and nothing is made up
(a gap is filled with null, with what the same reply or stream said already, or with what the gateway knows).

Quirks run in the order of `QUIRKS`, whatever order a row names them in. Bytes that need no mend come back as they are.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct
from msgspec.json import Encoder
from msgspec.structs import asdict

from fairlead.dialects import lenient
from fairlead.errors import ConfigError
from fairlead.providers import mends
from fairlead.providers.mending import CHUNK, EMBEDDINGS, MODELS, REPLY, Json, Told

_UNWRITABLE = (ValueError, TypeError, RecursionError)
_encode = Encoder().encode

Mend = Callable[[Json, Told], bool]


class Known(Struct, frozen=True):
    """What the gateway itself knows of a call: stands in for what a vendor leaves out."""

    id: str = ""
    model: str = ""
    created: int = 0


_NOTHING: Final = Known()


@dataclass(frozen=True, slots=True)
class Quirk:
    """A difference and its mend: of the whole answer, of each choice, of each message or delta, of each list entry."""

    name: str
    summary: str
    body: Mend | None = None
    choice: Mend | None = None
    message: Mend | None = None
    entry: Mend | None = None


QUIRKS: Final[Mapping[str, Quirk]] = {
    quirk.name: quirk
    for quirk in (
        Quirk(
            "envelope",
            "An answer, a chunk or an entry of a list lacks `id`, `object`, `created`, `model` or its list, or has a "
            "wrong `object`. Filled from earlier chunks, else from what the gateway knows of the call.",
            body=mends.envelope,
            entry=mends.entry,
        ),
        Quirk(
            "list-content",
            "`content` is a list of parts. The texts are joined into `content`, the thoughts into "
            "`reasoning_content`; a list with anything else in it is also kept as `native_content`.",
            message=mends.list_content,
        ),
        Quirk(
            "null-members",
            "`tool_calls`, `function_call` or `annotations` is null, where only absence is allowed. Left out.",
            message=mends.null_members,
        ),
        Quirk(
            "choice-fields",
            "A choice lacks `index`, `message` or `delta`, `logprobs` (whole replies) or `finish_reason` (chunks), or "
            "a message lacks `content` or `refusal`. Filled: with the place in the list, with an empty object, with "
            "null.",
            choice=mends.choice_fields,
            message=mends.message_fields,
        ),
        Quirk(
            "finish-words",
            "`finish_reason` is a word of the vendor's own. Translated by the table below; a word not in it is `stop`. "
            "A whole reply without one gets `tool_calls` if it calls tools, else `stop`.",
            choice=mends.finish_words,
        ),
        Quirk(
            "one-finish-reason",
            "A stream repeats a choice's `finish_reason`. The first stays, later ones become null, and a chunk that "
            "carried nothing else is dropped.",
            choice=mends.one_finish_reason,
        ),
        Quirk(
            "roles",
            "The first delta of a choice, or a message, does not say that it is the assistant's; a later delta has a "
            "null or unknown role. The first says `assistant`, the later ones nothing.",
            message=mends.roles,
        ),
        Quirk(
            "tool-calls",
            "A tool call lacks `index`, `id` or `type`, has null members, has an object for `arguments`, or shares its "
            "index with another call. Indexes follow the ids, or else the order; arguments become text.",
            message=mends.tool_calls,
        ),
        Quirk(
            "logprob-parts",
            "`logprobs` lacks `content` or `refusal`, or a token lacks `bytes` or `top_logprobs`. Filled with null and "
            "with an empty list. A list of what are not tokens is kept apart.",
            choice=mends.logprob_parts,
        ),
        Quirk(
            "usage-counts",
            "`usage` lacks a count or has null ones. A count follows from the other two, or is zero; null details are "
            "left out; a `usage` without any count is kept as `native_usage` alone.",
            body=mends.usage_counts,
        ),
        Quirk(
            "service-tier",
            "`service_tier` is none of OpenAI's tiers. Null, and kept as `native_service_tier`.",
            body=mends.service_tier,
        ),
        Quirk(
            "annotations",
            "`annotations` has entries that are not whole URL citations. Those go, and the whole list is kept as "
            "`native_annotations`.",
            message=mends.annotations,
        ),
    )
}


COMMON: Final = (
    *("choice-fields", "null-members", "finish-words", "one-finish-reason"),
    *("roles", "tool-calls", "logprob-parts", "usage-counts"),
)
"""What OpenAI-shaped vendors show most: a row says `common` for all of these. `all` stands for every quirk."""


def mender(names: Iterable[str]) -> "Mender":
    """The mender for a row that cites these quirks, `common` or `all`. Raises `ConfigError` for an unknown name."""
    wanted = set(names)
    wanted |= set(QUIRKS) if "all" in wanted else set()
    wanted |= set(COMMON) if "common" in wanted else set()
    if unknown := sorted(wanted - QUIRKS.keys() - {"common", "all"}):
        known = ", ".join(("common", "all", *QUIRKS))
        raise ConfigError(f"unknown quirk: {', '.join(unknown)}", hint=f"the quirks are {known}")
    return Mender(tuple(quirk for quirk in QUIRKS.values() if quirk.name in wanted))


class Mender:
    """Mends the answers of one provider. Holds nothing of a call, so one serves them all. False if it has no quirks."""

    __slots__ = ("_body", "_choice", "_entry", "_message", "names")

    def __init__(self, quirks: tuple[Quirk, ...]) -> None:
        self.names = tuple(quirk.name for quirk in quirks)
        self._body = [quirk.body for quirk in quirks if quirk.body]
        self._choice = [quirk.choice for quirk in quirks if quirk.choice]
        self._message = [quirk.message for quirk in quirks if quirk.message]
        self._entry = [quirk.entry for quirk in quirks if quirk.entry]

    def __bool__(self) -> bool:
        return bool(self.names)

    def reply(self, body: bytes, known: Known = _NOTHING) -> bytes:
        """A whole chat completion, mended: the very same bytes if there was nothing to mend."""
        return self._whole(body, Told(REPLY, asdict(known)))

    def embeddings(self, body: bytes, known: Known = _NOTHING) -> bytes:
        """A list of embeddings, mended."""
        return self._whole(body, Told(EMBEDDINGS, asdict(known)))

    def models(self, body: bytes, known: Known = _NOTHING) -> bytes:
        """A list of models, mended."""
        return self._whole(body, Told(MODELS, asdict(known)))

    def stream(self, known: Known = _NOTHING) -> "StreamMender":
        """A mender for the chunks of one stream."""
        return StreamMender(self, Told(CHUNK, asdict(known)))

    def _whole(self, data: bytes, told: Told) -> bytes:
        if not self.names:
            return data
        body = _read(data)
        if type(body) is list and told.shape is MODELS and self._entry:
            body = {"data": body}
        return _write(body, data) if type(body) is dict and self.mend(body, told) else data

    def mend(self, body: Json, told: Told) -> bool:
        """Mend in place, and say whether to send the outcome. An error is not an answer, and stays what it is."""
        try:
            return not body.get("error") and self._mend(body, told)
        except RecursionError:
            return False

    def _mend(self, body: Json, told: Told) -> bool:
        changed = False
        for mend in self._body:
            if mend(body, told):
                changed = True
        parts = body.get(told.shape.parts)
        if type(parts) is not list:
            return changed
        mend_part = self._mend_entry if told.shape.entry else self._mend_choice
        for position, part in enumerate(parts):
            if type(part) is dict:
                said = part.get("index")
                told.index = said if type(said) is int else position
                if mend_part(part, told):
                    changed = True
        return changed

    def _mend_entry(self, entry: Json, told: Told) -> bool:
        changed = False
        for mend in self._entry:
            if mend(entry, told):
                changed = True
        return changed

    def _mend_choice(self, choice: Json, told: Told) -> bool:
        changed = False
        for mend in self._choice:
            if mend(choice, told):
                changed = True
        message = choice.get(told.shape.message)
        if type(message) is dict:
            for mend in self._message:
                if mend(message, told):
                    changed = True
        return changed


class StreamMender:
    """Mends the chunks of one stream, in order."""

    __slots__ = ("_mender", "_told")

    def __init__(self, whole: Mender, told: Told) -> None:
        self._mender = whole
        self._told = told

    def chunk(self, data: bytes) -> bytes | None:
        """The JSON of one event, mended: the very same bytes if there was nothing to mend, None to leave it out."""
        if not self._mender.names:
            return data
        body = _read(data)
        if type(body) is not dict or not self._mender.mend(body, self._told):
            return data
        if self._told.repeated:
            self._told.repeated = False
            if mends.says_nothing(body):
                return None
        return _write(body, data)


def _read(data: bytes) -> Any:
    """The JSON in `data`, None if it is none. A text that ends in half a surrogate pair, as deltas may, is read too."""
    try:
        return lenient.loads(data)
    except ValueError:
        return None


def _write(body: Json, data: bytes) -> bytes:
    try:
        return _encode(body)
    except _UNWRITABLE:
        pass
    try:
        return lenient.dumps(body)
    except _UNWRITABLE:
        return data
