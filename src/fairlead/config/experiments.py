"""What a configuration file may say of experiments, and what no type can say of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct

from fairlead.config.tree import Node, Section, Value, texts
from fairlead.errors import Problem

_PLACE = r"^[^/]+/.+$"
_GOES = ("model", "targets", "config")
Weight = Annotated[float, Meta(ge=0, le=1_000_000)]
Names = str | list[str]


class Arm(Struct, forbid_unknown_fields=True, frozen=True):
    """One arm of an experiment. Without `model`, `targets`, `config` and `provider` its calls go as usual."""

    weight: Annotated[Weight, Meta(description="its share, against the other arms' weights; 0 takes nobody new")]
    model: Annotated[str | None, Meta(description="asked for instead of what the call names; `intent:NAME` too")] = None
    provider: Annotated[str | None, Meta(description="the provider that its calls go to alone")] = None
    targets: Annotated[
        list[Annotated[str, Meta(pattern=_PLACE)]], Meta(description="where its calls go, in order: `PROVIDER/MODEL`")
    ] = []
    config: Annotated[str | None, Meta(description="the config, of those under `configs`, that its calls go by")] = None


class Shadow(Struct, forbid_unknown_fields=True, frozen=True):
    """Copies of calls for another model. They begin once the client has its reply, and nobody gets their answers."""

    model: Annotated[str, Meta(min_length=1, description="the model that the copies go to")]
    percent: Annotated[float, Meta(gt=0, le=100, description="how many of a hundred calls are copied")] = 100.0


class Match(Struct, forbid_unknown_fields=True, frozen=True):
    """Which calls an experiment is for; `*` stands for any text."""

    model: Annotated[Names, Meta(description="by the model that they ask for, by any of its names")] = []
    intent: Annotated[Names, Meta(description="by the intent that they name, or that was read in them")] = []


class Experiment(Struct, forbid_unknown_fields=True, frozen=True):
    """Calls of some users go elsewhere, so that one can tell what that changes."""

    arms: Annotated[dict[str, Arm], Meta(description="the arms, by names of your own")] = {}
    by: Annotated[
        Literal["user", "key", "session", "call"],
        Meta(description="who keeps an arm: the user of a call (its key, where it names none), or each call anew"),
    ] = "user"
    match: Annotated[Match, Meta(description="which calls it is for; all of them if absent")] = Match()
    salt: Annotated[
        str | None, Meta(description="another one deals the arms anew; the experiment's name if absent")
    ] = None
    rescue: Annotated[bool, Meta(description="where no target of an arm answers, the usual ones are asked")] = True
    shadow: Annotated[Shadow | None, Meta(description="copies of its calls for another model")] = None


def check_experiments(tree: Section, providers: Iterable[str], problems: list[Problem]) -> None:
    """Add what is wrong with the experiments of a configuration, and with the names in them, to `problems`."""
    experiments = tree.under("experiments")
    known = _Known(frozenset(providers), frozenset(tree.under("configs").entries))
    read = frozenset(tree.under("intents").entries)
    for name, experiment in experiments.sections():
        place = experiments.keys[name]
        arms = experiment.under("arms")
        if "/" in name:
            problems.append(place.problem("a name without `/`, which parts it from its arm", name.replace("/", "-")))
        if not arms.entries and "shadow" not in experiment.entries:
            problems.append(
                place.problem("it has neither arms nor a shadow", "give it `arms`, or `shadow: {model: …}`")
            )
        weights = [_number(arm.entries.get("weight")) for _, arm in arms.sections()]
        if weights and not any(weights):
            problems.append(arms.place.problem("no arm has a weight", "give one arm at least a weight above 0"))
        for arm_name, arm in arms.sections():
            problems += _of_arm(arm_name, arm, arms, known)
        for text in texts(experiment.under("match").entries.get("intent")):
            if "*" not in str(text.value) and text.value not in read:
                problems.append(text.place.problem(f"there is no intent `{text.value}`", _those(read)))


@dataclass(frozen=True, slots=True)
class _Known:
    """The names that arms may use."""

    providers: frozenset[str]
    configs: frozenset[str]


def _of_arm(name: str, arm: Section, arms: Section, known: _Known) -> Iterator[Problem]:
    if name == "shadow":
        yield arms.keys[name].problem("the name that shadows are recorded by", "call the arm something else")
    said = [each for each in _GOES if each in arm.entries]
    if len(said) > 1:
        yield arm.place.problem(
            f"it says {' and '.join(f'`{each}`' for each in said)}", "one of them says where it goes"
        )
    if "provider" in arm.entries and {"targets", "config"} & set(said):
        yield arm.place.problem(
            "`provider` goes with `model`, or alone", f"leave it out; `{said[0]}` says where it goes"
        )
    for field, names, what in (("provider", known.providers, "provider"), ("config", known.configs, "config")):
        said_here = arm.text(field)
        if said_here and said_here.value not in names:
            yield said_here.place.problem(f"there is no {what} `{said_here.value}`", _those(names))
    for text in texts(arm.entries.get("targets")):
        provider = str(text.value).partition("/")[0]
        if provider not in known.providers:
            yield text.place.problem(f"there is no provider `{provider}`", _those(known.providers))


def _number(node: Node | None) -> float:
    # What is no number has been reported as that, so that it stands for some weight here.
    value = node.value if isinstance(node, Value) else None
    return float(value) if isinstance(value, int | float) else 1.0


def _those(known: Iterable[str]) -> str:
    return f"there are {', '.join(f'`{each}`' for each in sorted(known))}" if known else "there are none"
