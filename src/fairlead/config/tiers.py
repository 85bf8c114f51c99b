"""What a configuration file may say of a model that is the cheap or the strong one of two, by how hard a call is."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from fairlead.config.tree import Section, texts
from fairlead.errors import Problem

Name = Annotated[str, Meta(min_length=1)]
_HINT: Final = "name a model that has targets, or `PROVIDER/MODEL`"


class ByDifficulty(Struct, forbid_unknown_fields=True, frozen=True):
    """A cheap model for most calls, and a strong one for those that are hard; each stands in for the other."""

    cheap: Annotated[Name, Meta(description="the model for most calls, by any name that a client may give")]
    strong: Annotated[Name, Meta(description="the model for hard ones")]
    threshold: Annotated[
        float,
        Meta(ge=0, le=1, description="from which difficulty on the strong one is asked; `ai route calibrate` finds it"),
    ] = 0.5
    worth: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9]{1,7}(\.[0-9]{1,9})?$")]
        | Annotated[float, Meta(gt=0, le=9_999_999)]
        | None,
        Meta(
            description="US dollars that a better answer is worth: the strong one is asked where its chance of one "
            "comes to what it costs more; the threshold counts where a price is not known"
        ),
    ] = None
    otherwise: Annotated[
        Literal["cheap", "strong"], Meta(description="which one is asked where a call has no text to tell by")
    ] = "strong"


def check_tiers(models: Section, problems: list[Problem]) -> None:
    """Add what is wrong with the models' tiers to `problems`, and models that have neither tiers nor targets."""
    tiered, ordered = called(models, "by_difficulty"), called(models, "config")
    for name, model in models.sections():
        if "by_difficulty" not in model.entries:
            if not {"targets", "gateway", "config"} & set(model.entries):
                problems.append(model.place.inside("targets").problem("missing; expected a list"))
            continue
        if "targets" in model.entries:
            hint = "keep one of them; the targets can be a model of their own, which `cheap` or `strong` names"
            problems.append(models.keys[name].problem("it has both `targets` and `by_difficulty`", hint))
        for tier in ("cheap", "strong"):
            said = model.under("by_difficulty").text(tier)
            if said is not None and str(said.value).casefold() in tiered:
                problems.append(said.place.problem("a model that chooses by difficulty itself", _HINT))
            elif said is not None and str(said.value).casefold() in ordered:
                problems.append(said.place.problem("a model that goes by a config, which has its own order", _HINT))


def called(models: Section, way: str) -> set[str]:
    """The names and aliases of the models that say where they go in this way."""
    found = [(name, model) for name, model in models.sections() if way in model.entries]
    aliases = (str(alias.value) for _, model in found for alias in texts(model.entries.get("aliases")))
    return {name.casefold() for name in (*(name for name, _ in found), *aliases)}
