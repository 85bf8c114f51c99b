"""What a client is told of a plan besides its targets: for calls that speak Portkey's words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """`trace` is the client's own id of the call, empty where it gave none; `unused` has what of a config is not acted
    on yet, by its path.
    """

    trace: str = ""
    unused: tuple[str, ...] = ()
