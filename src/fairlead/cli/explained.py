"""A plan as it is shown to people and programs."""

import json
from typing import TYPE_CHECKING, Any

from fairlead.cli import say
from fairlead.routing.facts import Facts
from fairlead.routing.intent import infer
from fairlead.routing.moment import Moment
from fairlead.routing.plan import Candidate, Plan, Wanted, explain
from fairlead.routing.policy import Policy
from fairlead.routing.scores import explanation

if TYPE_CHECKING:
    from fairlead.pipeline.moments import Moments


def planned(
    policy: Policy,
    text: str,
    model: str | None,
    intent: str | None = None,
    provider: str | None = None,
    needs: tuple[str, ...] = (),
    moments: "Moments | None" = None,
) -> Plan:
    """The plan for `text`, with what was passed over, and with prices where there are `moments`.

    This process has asked nobody yet, so that every target is as good as new. Raises `UnknownModel`, `CannotServe`.
    """
    said = {"messages": [{"role": "user", "content": text}]}
    facts = Facts(json.dumps(said).encode("utf-8", "replace"))
    wanted = Wanted(model or "auto", provider, intent, lambda: infer(text), needs)
    now = moments.of(facts, explains=True) if moments else Moment(lambda: 0.5, facts=facts, explains=True)
    return explain(wanted, policy, now)


def read_as(plan: Plan) -> str:
    """How the call was read, in a line."""
    return f"intent `{plan.intent}`: {plan.reason}" if plan.intent and plan.inferred else plan.reason


def shown(plan: Plan) -> list[tuple[str, ...]]:
    """A row for each candidate: its place in the order or `-`, its name, why, and what it takes."""
    rows: list[tuple[str, ...]] = []
    place = 0
    for candidate in plan.candidates:
        place += candidate.target is not None
        mark = f"{place}." if candidate.target is not None else "-"
        rows.append((mark, f"{candidate.provider}/{candidate.model}", candidate.reason, _takes(candidate)))
    return rows


def _takes(candidate: Candidate) -> str:
    """What a million tokens take there; empty where they take nothing, or nobody knows."""
    known = dict(candidate.scores)
    read, written = known.get("input_per_million"), known.get("output_per_million")
    return f"${read:g} in, ${written:g} out" if read or written else ""


def heard(plan: Plan) -> list[tuple[str, ...]]:
    """A row for each verdict on what the call says, where its plan hangs on that: the verdict, and why."""
    if plan.analysis is None:
        return []
    found, why = plan.analysis, plan.analysis.reasons
    return [
        ("pictures:", "yes" if found.requires_vision else "no", why["vision"]),
        ("the web:", "yes" if found.requires_web_search else "no", why["search"]),
        ("complexity:", found.complexity, why["complexity"]),
        ("task:", found.task_type, why["task"]),
    ]


def as_data(plan: Plan) -> dict[str, Any]:
    """The same for programs."""
    return explanation(plan)


def as_text(plan: Plan) -> str:
    """The same for people."""
    lines = [read_as(plan), say.table(heard(plan)), say.table(shown(plan))]
    if not plan.targets:
        lines.append("nothing would serve it: set a provider's key, or see `ai doctor`")
    return "\n".join(line for line in lines if line)
