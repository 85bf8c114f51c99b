"""The most that an attempt can take, from what the client sent: tokens, and what is counted by the piece.

No token of text is shorter than a byte. Pictures and sounds are counted apart from their bytes, as their vendors do;
what a provider keeps or fetches, and documents, whose pages nobody has counted, are counted as the longest context.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from fairlead.dialects import most
from fairlead.dialects.envelope import Envelope
from fairlead.dialects.forms import FormEnvelope
from fairlead.ledger.budgets import media
from fairlead.ledger.budgets.worst import Needs
from fairlead.pipeline import tally
from fairlead.pipeline.call import Call
from fairlead.pipeline.parts import Parts, parts
from fairlead.routing.plan import Target

# Of tools a model is told more than the client says.
_TOOLS_TOKENS: Final = 1000
_SPEECH: Final = "audio.speech"
_HEARD: Final = ("audio.transcriptions", "audio.translations")
_DRAWN: Final = ("images.generations", "images.edits")
# Cohere counts 100 documents as one search, and a document again for each 500 tokens of it.
_RERANKED, _RERANKED_BYTES = 100, 500
_SLOWEST: Final = 0.25
_ALL: Final = Parts(fetched=True)
_NO_EACH: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Tokens that an attempt is counted with where nobody says: in, where a part is kept elsewhere, and out.

    `known` has the most that a model answers with, by its id at a provider, where that is known.
    """

    input: int = 200_000
    output: int = 32_768
    known: Mapping[str, int] = field(default_factory=dict)


def needs(call: Call, target: Target, bounds: Bounds) -> Needs:
    """The most that this call can take at this target."""
    envelope = call.envelope
    if isinstance(envelope, FormEnvelope):
        return _of_form(envelope, target.model, bounds)
    found = _parts(call)
    given = len(call.request.body) - found.bytes + media.SOUND_TOKENS * (heard := media.seconds(found.sound))
    if found.pictures:
        given += found.pictures * media.seen(target.model, original=found.original)
    if found.fetched:
        given += bounds.input
    if "tools" in envelope.members:
        given += _TOOLS_TOKENS
    if tally.in_words(call):
        made = most.asked(envelope)
        if made is None:
            made = bounds.known.get(target.model, bounds.output)
        return Needs(given, made * most.choices(envelope), {"seconds": heard} if heard else _NO_EACH)
    return _by_the_piece(envelope, target.model, given)


def _parts(call: Call) -> Parts:
    try:
        return parts(msgspec.json.decode(call.request.body))
    except (ValueError, RecursionError):  # what cannot be read here may be read elsewhere
        return _ALL


def _by_the_piece(envelope: Envelope, model: str, given: int) -> Needs:
    """What is asked for is no text."""
    name = envelope.endpoint.name
    if name in _DRAWN:
        partial = envelope.optional("partial_images")
        each = media.made(model, envelope.optional("quality"))
        each += media.PARTIAL_TOKENS * (partial if type(partial) is int and partial > 0 else 0)
        return Needs(given, envelope.choices * each, {"image": envelope.choices})
    if name == _SPEECH:
        text = envelope.optional("input")
        size = len(text.encode("utf-8", "replace")) if isinstance(text, str) else given
        letters = len(text) if isinstance(text, str) else given
        return Needs(given, _spoken(size, envelope.optional("speed")), {"characters": letters})
    if envelope.endpoint.answer == "results" and "documents" in envelope.members:
        documents = envelope.optional("documents")
        pieces = given // _RERANKED_BYTES + (len(documents) if isinstance(documents, list) else given)
        return Needs(given, 0, {"rerank": -(-pieces // _RERANKED)})
    return Needs(given)


def _spoken(size: int, speed: Any) -> int:
    slow = min(max(speed, _SLOWEST), 1.0) if isinstance(speed, int | float) else 1.0
    return int(size * media.SPOKEN_TOKENS / slow)


def _of_form(envelope: FormEnvelope, model: str, bounds: Bounds) -> Needs:
    """A form with files: pictures to be changed, or sound to be written down."""
    sizes = envelope.files
    given = len(envelope.body) - sum(sizes)
    if envelope.endpoint.name in _DRAWN:
        given += len(sizes) * media.seen(model)
        made = envelope.choices * (media.made(model, None) + 3 * media.PARTIAL_TOKENS)
        return Needs(given, made, {"image": envelope.choices})
    heard = media.seconds(sum(sizes))
    made = min(bounds.known.get(model, bounds.output), heard * media.WRITTEN_TOKENS)
    return Needs(given + heard * media.SOUND_TOKENS, made, {"seconds": heard})
