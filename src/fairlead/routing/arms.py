"""From what a configuration says of experiments to what routing takes them for."""

from collections.abc import Mapping

from fairlead.config import experiments as schema
from fairlead.routing.experiments import Arm, Experiment, Experiments, Shadow


def experiments(said: Mapping[str, schema.Experiment]) -> Experiments:
    """The experiments, in the order of the configuration."""
    return tuple(_experiment(name, each) for name, each in said.items())


def _experiment(name: str, said: schema.Experiment) -> Experiment:
    return Experiment(
        name,
        tuple(_arm(arm, each) for arm, each in said.arms.items()),
        said.by,
        _patterns(said.match.model),
        _patterns(said.match.intent),
        said.salt or "",
        said.rescue,
        Shadow(said.shadow.percent, said.shadow.model) if said.shadow else None,
    )


def _arm(name: str, said: schema.Arm) -> Arm:
    places = (text.partition("/") for text in said.targets)
    targets = tuple((provider, model) for provider, _, model in places)
    return Arm(name, said.weight, said.model, said.provider, targets, said.config)


def _patterns(said: str | list[str]) -> tuple[str, ...]:
    return tuple(each.casefold() for each in ([said] if isinstance(said, str) else said))
