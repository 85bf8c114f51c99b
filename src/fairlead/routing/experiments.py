"""Experiments: which calls are in one, and which of its arms each of them gets. Pure, and the same on every machine.

A subject (a user, a key, a session) keeps its arm for as long as salt and weights stay. When weights change, subjects
move only into arms that gained, and out of arms that lost: who is in a canary of 10 % is in it at 25 % too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import blake2b
from math import log
from typing import Final, Literal, TypeAlias

from fairlead.routing.facts import Facts

By: TypeAlias = Literal["user", "key", "session", "call"]
SHADOW: Final = "shadow"
_SIZE: Final = 8
_ABOVE: Final = float(2 ** (8 * _SIZE) + 1)


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm: its share of the subjects, and where its calls go. Without `model` and `targets` they go as usual.

    `model` is asked for instead of what the call names, `provider` is where alone. `targets` are (provider, model id
    there), in the order to try them; `config` is the name of a config that says it all.
    """

    name: str
    weight: float
    model: str | None = None
    provider: str | None = None
    targets: tuple[tuple[str, str], ...] = ()
    config: str | None = None

    @property
    def usual(self) -> bool:
        """Whether its calls go where they would have gone without the experiment."""
        return not (self.model or self.provider or self.targets or self.config)


@dataclass(frozen=True, slots=True)
class Shadow:
    """Copies of some calls, in per cent, that go to another target and whose answers nobody gets."""

    percent: float
    model: str


@dataclass(frozen=True, slots=True)
class Experiment:
    """Which calls it is for, and its arms.

    `models` and `intents` are patterns in lower case, of which none stands for any. `rescue`: behind an arm's own
    targets come the usual ones.
    """

    name: str
    arms: tuple[Arm, ...] = ()
    by: By = "user"
    models: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    salt: str = ""
    rescue: bool = True
    shadow: Shadow | None = None

    def concerns(self, names: Iterable[str], intent: str | None) -> bool:
        """Whether it is for a call that asks for a model of these names, and that was read as this intent."""
        if self.intents and not _among((intent or "",), self.intents):
            return False
        return not self.models or _among(names, self.models)


Experiments: TypeAlias = tuple[Experiment, ...]


def of_call(experiments: Experiments, names: Iterable[str], intent: str | None) -> Experiment | None:
    """The experiment that a call is in: the first with arms that is for it."""
    named = tuple(names)
    return next((each for each in experiments if each.arms and each.concerns(named, intent)), None)


def of_shadow(experiments: Experiments, names: Iterable[str], intent: str | None) -> Experiment | None:
    """The experiment that may copy a call: the first with a shadow that is for it."""
    named = tuple(names)
    return next((each for each in experiments if each.shadow and each.concerns(named, intent)), None)


def subject(by: By, facts: Facts) -> str:
    """Whom an arm is given to, with its kind. Without a session it is the call's user, without a user its key.

    Empty for `call`, and where nothing tells one caller from another.
    """
    if by == "session" and facts.session:
        return f"session:{facts.session}"
    if by in ("session", "user") and facts.user:
        return f"user:{facts.user}"
    return f"key:{facts.key}" if by != "call" and facts.key else ""


def assigned(experiment: Experiment, who: str, draw: Callable[[], float]) -> Arm:
    """The arm of a subject; where there is none, an arm that is drawn for this call alone."""
    return _of_subject(experiment, who) if who else _drawn(experiment.arms, draw())


def _of_subject(experiment: Experiment, who: str) -> Arm:
    """Each arm draws from the subject and its own name; the highest draw wins, raised by the arm's weight.

    That is "rendezvous hashing", weighted: an arm's draw does not hang on the other arms.
    """
    best, highest, salt = experiment.arms[0], -1.0, experiment.salt or experiment.name
    said = who.encode("utf-8", "surrogatepass")
    for arm in experiment.arms:
        if arm.weight > 0:
            score = arm.weight / -log(_fraction(said, _key(salt, arm.name)))
            if score > highest:
                best, highest = arm, score
    return best


def _drawn(arms: tuple[Arm, ...], draw: float) -> Arm:
    left = draw * sum(arm.weight for arm in arms)
    for arm in arms:
        left -= arm.weight
        if left < 0:
            return arm
    return next(arm for arm in reversed(arms) if arm.weight > 0)


def shadowed(experiment: Experiment, call: str) -> bool:
    """Whether a copy of the call with this id goes to the experiment's shadow."""
    if experiment.shadow is None:
        return False
    found = _fraction(call.encode(), _key(experiment.salt or experiment.name, SHADOW))
    return found * 100 <= experiment.shadow.percent


def _fraction(who: bytes, key: bytes) -> float:
    """A number between 0 and 1, both excluded, that hangs on these alone."""
    return (int.from_bytes(blake2b(who, digest_size=_SIZE, key=key).digest()) + 1) / _ABOVE


@lru_cache(maxsize=1024)
def _key(salt: str, arm: str) -> bytes:
    """What tells an arm's draws from those of other arms and experiments."""
    return blake2b(f"{len(salt)}:{salt}{arm}".encode("utf-8", "surrogatepass"), digest_size=32).digest()


def _among(names: Iterable[str], patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name.casefold(), pattern) for name in names for pattern in patterns)
