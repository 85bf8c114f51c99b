"""What a configuration says of roles, gateways and tasks: who serves what a call is for. Never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Strategy = Literal["hybrid_optimization", "cost_optimized"]


@dataclass(frozen=True, slots=True)
class Step:
    """One provider of a role's chain, and the model to ask it for; None is the provider's default model."""

    provider: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """Who is asked for a role, in order. `through` names who carries the calls there, where it has the credentials."""

    name: str
    steps: tuple[Step, ...]
    through: str | None = None


@dataclass(frozen=True, slots=True)
class Gateway:
    """A provider that serves models of many vendors: of two that serve one model, the lower `priority` goes first.

    A call whose kind of work is in `use_for` goes there before others.
    """

    name: str
    priority: int
    use_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """How a call's model is chosen by what the call is for.

    `cost` is nano-dollars that a call may be estimated at, `latency` seconds to the first token that nineteen of twenty
    streams may take; a target above either stands behind the others. `vision`, `search` and `levels` (by complexity)
    are the models for what is read into a call that says nothing of its task.
    """

    strategy: Strategy = "hybrid_optimization"
    chain: tuple[str, ...] = ()
    cost: int | None = None
    latency: float | None = None
    vision: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    levels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tables:
    """All of it. `tasks` has the models for each label of a task, in order; `routing` is None where none is set."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    gateways: Mapping[str, Gateway] = field(default_factory=dict)
    tasks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    routing: Routing | None = None

    @property
    def by_task(self) -> bool:
        """Whether calls go by what they are for."""
        return bool(self.tasks) or self.routing is not None

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that they name, each once."""
        routing = self.routing or Routing()
        others = (*routing.chain, *routing.vision, *routing.search, *routing.levels.values())
        return tuple(dict.fromkeys((*(name for names in self.tasks.values() for name in names), *others)))


NO_TABLES: Final = Tables()


def plain(label: str) -> str:
    """A label as it is looked up: `Code-Review` is `code_review`."""
    return label.strip().lower().replace("-", "_").replace(" ", "_")
