"""A model that is one of two, as routing knows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tiers:
    """The names of a cheap and of a strong model, and the difficulty (0 to 1) from which the strong one is asked.

    With `worth` (nano-dollars; what a better answer is worth) it is asked where it is worth what it costs more, and the
    threshold counts where a price is not known. `strong_otherwise`: it is asked where a call has no text to tell by.
    """

    cheap: str
    strong: str
    threshold: float = 0.5
    strong_otherwise: bool = True
    worth: int | None = None
