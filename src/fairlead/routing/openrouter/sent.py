"""What of a call in OpenRouter's words goes on to whom.

Routers are told what the call wants of providers, and of whose sessions it is; nobody else knows the words. Models that
stand in for others are walked through here, so nobody is told of them.
"""

from collections.abc import Mapping
from typing import Any, Final

from fairlead.providers.row import Provider
from fairlead.routing.facts import Facts
from fairlead.routing.how import Edits
from fairlead.routing.openrouter import slugs, variants
from fairlead.routing.openrouter.asked import MEMBERS, MODELS, PRESET, Asked, Named, members
from fairlead.routing.openrouter.preferences import MEMBER
from fairlead.routing.target import Target

_OURS: Final = (MODELS, "route")
_LISTS: Final = ("order", "only", "ignore")
# How a call says that it wants thought, by its path; on no other is `:thinking` put into words.
THOUGHT: Final[Mapping[str, tuple[str, Any]]] = {
    "/v1/chat/completions": ("reasoning_effort", "medium"),
    "/v1/responses": ("reasoning", {"effort": "medium"}),
}
_THOUGHT_OF: Final = ("reasoning", "reasoning_effort", "thinking")


def called(target: Target, named: Named) -> str:
    """What the model is called there: a router is told the variant."""
    return f"{target.model}:{named.variant}" if named.variant and target.provider.routes else target.model


def edits(target: Target, named: Named, asked: Asked, facts: Facts) -> Edits | None:
    """What changes in the body for the target, besides what a policy changes there; None where nothing does."""
    made = (
        _for_router(target.provider, asked.said, facts) if target.provider.routes else _for_others(named, asked, facts)
    )
    before = target.how.edits
    if before is not None:
        overrides = {**made.overrides, **before.overrides}
        return Edits({**made.defaults, **before.defaults}, overrides, (*before.drops, *made.drops))
    return made if made.drops or made.overrides or made.defaults else None


def _for_others(named: Named, asked: Asked, facts: Facts) -> Edits:
    defaults: Mapping[str, Any] = {}
    if named.variant == variants.THINKING and facts.path in THOUGHT and not members(facts, _THOUGHT_OF):
        defaults = dict([THOUGHT[facts.path]])
    return Edits(defaults, drops=tuple(name for name in sorted(MEMBERS) if name in asked.said))


def _for_router(provider: Provider, said: Mapping[str, Any], facts: Facts) -> Edits:
    """A list that names the router itself is nothing that it knows; where only such may serve, all behind it may.

    A key that is limited to some models gets no others by a preset.
    """
    ours = (*_OURS, PRESET) if facts.rights.limits_targets else _OURS
    drops = tuple(name for name in ours if name in said)
    wants = said.get(MEMBER)
    if not isinstance(wants, dict):
        return Edits(drops=drops)
    told = dict(wants)
    for name in _LISTS:
        held = wants.get(name) or ()
        others = [slug for slug in held if not slugs.names(slug, provider)]
        if len(others) == len(held):
            continue
        if others and name != "only":
            told[name] = others
        else:
            del told[name]
    if told == wants:
        return Edits(drops=drops)
    return Edits(overrides={MEMBER: told}, drops=drops) if told else Edits(drops=(*drops, MEMBER))
