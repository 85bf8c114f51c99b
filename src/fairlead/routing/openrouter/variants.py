"""Words behind a model's name that say how it is to be served: `openai/gpt-4o:floor`.

Source: https://openrouter.ai/docs/guides/routing/model-variants, 2026-11.
"""

from collections.abc import Mapping
from typing import Final

from fairlead.routing.openrouter.preferences import By
from fairlead.routing.policy import Policy

FREE: Final = "free"
THINKING: Final = "thinking"
# Those that sort, and by what.
SORTS: Final[Mapping[str, By]] = {"floor": "price", "nitro": "throughput"}
# What nobody can do but OpenRouter, which is told by the word itself.
ONLY_THERE: Final = frozenset({"online", "extended", "exacto"})
VARIANTS: Final = frozenset({FREE, THINKING, *SORTS, *ONLY_THERE})
_INTENT: Final = "intent"
# Who serves whatever nobody else knows gives its models tags.
_TAGS: Final = "any"


def split(name: str, policy: Policy, provider: str | None = None) -> tuple[str, str]:
    """The model's name and its variant, which is empty where there is none; `provider` is what the call insists on.

    A name that the configuration, the registry or a server of one's own has as it stands has none, nor has an intent.
    """
    bare, _, word = name.strip().rpartition(":")
    variant = word.casefold()
    if not bare or bare == _INTENT or variant not in VARIANTS:
        return name, ""
    if policy.model_named(name) is not None or policy.registry.named(name) is not None:
        return name, ""
    return (name, "") if _is_tag(name.strip(), policy, provider) else (bare, variant)


def _is_tag(name: str, policy: Policy, provider: str | None) -> bool:
    """Whether the word is a tag of a server of one's own: the call goes there, or the name is its model's."""
    vendor, slash, _ = name.removeprefix("@").partition("/")
    named = policy.providers.get(provider or (vendor if slash else ""))
    if named is not None:
        return named.serves == _TAGS
    folded = name.casefold()
    return any(
        each.serves == _TAGS and each.usable and (name == each.default_model or folded in each.allowed)
        for each in policy.providers.values()
    )
