"""A plan as it is shown to people and programs."""

from typing import Any

from fairlead.cli import say
from fairlead.routing.intent import infer
from fairlead.routing.plan import Plan, Wanted, explain
from fairlead.routing.policy import Policy


def planned(
    policy: Policy,
    text: str,
    model: str | None,
    intent: str | None = None,
    provider: str | None = None,
    needs: tuple[str, ...] = (),
) -> Plan:
    """The plan for `text`, with what was passed over. Raises `UnknownModel`, `CannotServe`."""
    return explain(Wanted(model or "auto", provider, intent, lambda: infer(text), needs), policy)


def read_as(plan: Plan) -> str:
    """How the call was read, in a line."""
    return f"intent `{plan.intent}`: {plan.reason}" if plan.intent and plan.inferred else plan.reason


def shown(plan: Plan) -> list[tuple[str, ...]]:
    """A row for each candidate: its place in the order or `-`, its name, and why."""
    rows: list[tuple[str, ...]] = []
    place = 0
    for candidate in plan.candidates:
        place += candidate.target is not None
        mark = f"{place}." if candidate.target is not None else "-"
        rows.append((mark, f"{candidate.provider}/{candidate.model}", candidate.reason))
    return rows


def as_data(plan: Plan) -> dict[str, Any]:
    """The same for programs."""
    first = plan.targets[0] if plan.targets else None
    return {
        "intent": plan.intent,
        "reason": plan.reason,
        "serves": {"provider": first.provider.name, "model": first.model} if first else None,
        "candidates": [
            {"provider": c.provider, "model": c.model, "used": c.target is not None, "reason": c.reason}
            for c in plan.candidates
        ],
    }


def as_text(plan: Plan) -> str:
    """The same for people."""
    lines = [read_as(plan), say.table(shown(plan))]
    if not plan.targets:
        lines.append("nothing would serve it: set a provider's key, or see `ai doctor`")
    return "\n".join(line for line in lines if line)
