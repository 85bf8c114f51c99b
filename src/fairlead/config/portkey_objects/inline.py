"""From the text of a header to a checked config object."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec

from fairlead.config.check import check
from fairlead.config.portkey_objects import planted
from fairlead.config.portkey_objects.document import checked, objects_in
from fairlead.config.portkey_objects.schema import ConfigObject
from fairlead.config.tree import Section
from fairlead.errors import Problem

SOURCE: Final = "x-portkey-config"
_KEPT: Final = 256
_MOST_TOLD: Final = 20
# By these a body at a router would name further models, past what the key may use and what has been set aside for it.
_MODELS: Final = ("models", "preset", "route")


@dataclass(frozen=True, slots=True)
class Inline:
    """What a header says: the object, or None and what is wrong."""

    object: ConfigObject | None
    problems: tuple[Problem, ...] = ()


@lru_cache(maxsize=_KEPT)
def inline(text: str) -> Inline:
    """The object that a text in JSON says. The providers that it names are not looked at."""
    problems: list[Problem] = []
    try:
        said = planted.tree(text, SOURCE)
    except planted.NotReadable as why:
        return Inline(None, (Problem(SOURCE, 0, 0, "", str(why), "send a JSON object, or the name of a config"),))
    found = checked(said, lambda _name, _value: None, problems)
    values = check(found.tree, ConfigObject, problems)
    problems += _naming_models(found.tree)
    if problems:
        return Inline(None, tuple(dict.fromkeys(problems))[:_MOST_TOLD])
    return Inline(msgspec.convert(values, ConfigObject))


def _naming_models(node: Section) -> Iterator[Problem]:
    """What an object says of models besides `model`, which the gateway does not see to."""
    for params in (node.under("override_params"), node.under("default_params")):
        for name in _MODELS:
            if name in params.keys:
                yield params.keys[name].problem("no config names further models", "give each a target of its own")
    for each in objects_in(node):
        yield from _naming_models(each)
