"""What the log is told of routing. Plans are pure; whoever carries one out calls these."""

import logging
from collections.abc import Iterator

from fairlead.routing.policy import Policy
from fairlead.routing.target import Plan, Target

log = logging.getLogger("fairlead.routing")


def announce(policy: Policy) -> None:
    """Tell what a new policy has of Portkey's, and what in it looks wrong."""
    if policy.portkey.configs and any(p.usable for p in policy.providers.values() if p.serves == "relayed"):
        log.info("Portkey model configs loaded: %s", list(policy.portkey.configs))
    for warning in doubts(policy):
        log.warning("%s", warning)


def planned(plan: Plan, *, new: bool = True) -> None:
    """Tell how a call was read. What may need somebody's attention is told once, when the plan is `new`."""
    for level, text in plan.notes:
        if new or level < logging.INFO:
            log.log(level, "%s", text)


def tried(target: Target) -> None:
    """Tell how a target is reached, as it is tried."""
    if target.note:
        log.debug("%s", target.note)


def doubts(policy: Policy) -> Iterator[str]:
    """The names in lists of allowed models, in tables of tasks, and the default one, that no model answers to."""
    name = policy.default_model or "auto"
    if policy.registry and name != "auto" and name[0] != "@" and ":" not in name and not _is_known(name, policy):
        yield f"the default model `{name}` is no name of a model that is known here"
    for name in policy.tables.models if policy.registry else ():
        if not _is_known(name, policy):
            yield f"`routing` lists `{name}`, which is no name of a model that is known here"
    for provider in policy.providers.values() if policy.registry else ():
        for name in sorted(provider.allowed):
            if not _is_known(name, policy):
                yield f"{provider.allowed_by} lists `{name}`, which is no name of a model that is known here"


def _is_known(name: str, policy: Policy) -> bool:
    if policy.registry.named(name) or policy.model_named(name) or "/" in name:
        return True
    return any(provider.claims(name) for provider in policy.providers.values())
