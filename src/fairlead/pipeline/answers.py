"""What a target's answer is: whole, or a stream that has begun."""

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from fairlead.pipeline.carried import Carried
    from fairlead.pipeline.seam import Seam
    from fairlead.pipeline.stream import Pipe


class Whole(Struct, eq=False):
    """A whole reply: `body` as the client gets it."""

    status: int
    content_type: bytes
    body: bytes


class Streamed(Struct, eq=False):
    """A stream that has begun to say something: `first` is what has come so far.

    `seam` follows one that may be gone on with elsewhere.
    """

    pipe: "Pipe | Carried"
    first: bytes
    content_type: bytes
    seam: "Seam | None" = None


Answer = Whole | Streamed
