"""What we know of our providers' prices: who lists them, what is free, who says what it charged."""

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct


class Source(Struct, forbid_unknown_fields=True, frozen=True):
    """Where the prices of one provider come from.

    `library` is what `genai-prices` calls it; where that ends with `_`, the end of a model's id goes on with it.
    `free` are patterns of models that cost nothing, `not_free` those among them that may cost something after all.
    `sound_as_text` says that sound costs what text does wherever it is not priced apart.
    `as_usual` are tiers that cost no more and no less, `reports` names how it says what it charged.
    """

    library: str | None = None
    free: tuple[str, ...] = ()
    not_free: tuple[str, ...] = ()
    sound_as_text: bool = False
    as_usual: tuple[str, ...] = ()
    reports: Literal["openrouter", "perplexity", "xai"] | None = None

    def is_free(self, model: str) -> bool:
        """Whether the model costs nothing by declaration."""
        return _any(self.free, model) and not _any(self.not_free, model)

    def listed(self, model: str) -> tuple[str, str] | None:
        """The names of provider and model under which `genai-prices` lists it; None where it does not."""
        if self.library is None or not self.library.endswith("_"):
            return (self.library, model) if self.library else None
        named, _, host = model.rpartition(":")
        return (self.library + host, named) if named else None


_NOWHERE: Final = Source()


def source_of(provider: str) -> Source:
    """What we know of a provider's prices; nothing of one that is the operator's own."""
    return _sources().get(provider, _NOWHERE)


@cache
def _sources() -> dict[str, Source]:
    with Path(__file__).with_name("sources.toml").open("rb") as file:
        return msgspec.convert(tomllib.load(file), dict[str, Source])


def _any(patterns: tuple[str, ...], model: str) -> bool:
    return any(fnmatchcase(model, pattern) for pattern in patterns)
