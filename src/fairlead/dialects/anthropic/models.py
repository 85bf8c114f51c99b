"""What Anthropic's models take and what they refuse with 400, by family. Data; the first row that fits counts.

Seen: limits of the 5 family (https://platform.claude.com/docs/en/models/opus-5/overview); no budget and no sampling from
Opus 4.7 on (https://github.com/NousResearch/hermes-agent/issues/11137) and for Haiku 5.5
(https://platform.claude.com/docs/en/models/haiku-5-5/migration-guide); no `disabled` for Opus 5.5 and `between_tools`
for Sonnet 5.5 (https://dev.to/persimmoq/claude-opus-55-sonnet-55-5-settings-that-return-400-when-you-only-change-the-model-name-5g36);
`temperature` or `top_p`, not both, from Opus 4.1 on (https://github.com/open-webui/functions/pull/9); thinking beside a
forced tool from Opus 4.8 on, as Bedrock serves it (https://github.com/langchain-ai/langchain-aws/pull/1141).
Not seen: the efforts of each family, whether Haiku 5.5 can leave thinking, and the limits of those before 4.5.
"""  # noqa: E501 - an address is as long as it is

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

DEFAULT_MAX_TOKENS: Final = 8192

_LOW: Final = ("low", "medium", "high")
_MAX: Final = (*_LOW, "max")
_ALL: Final = (*_LOW, "xhigh", "max")


class Traits(NamedTuple):
    """What a model takes. `max_tokens` is its limit, and so our default where the client names none."""

    max_tokens: int = DEFAULT_MAX_TOKENS
    sampling: Literal["all", "one", "none"] = "all"
    thinking: Literal["none", "budget", "both", "adaptive"] = "budget"
    off: Literal["disabled", "between_tools"] | None = "disabled"
    efforts: tuple[str, ...] = ()
    thinks_before_forced: bool = False


_NEW: Final = Traits(128_000, "none", "adaptive", None, _ALL, thinks_before_forced=True)

_FAMILIES: Final = (
    (r"claude-(2|instant)", Traits(4096, thinking="none")),
    (r"claude-3-(opus|sonnet|haiku)", Traits(4096, thinking="none")),
    (r"claude-3-5", Traits(8192, thinking="none")),
    (r"claude-3-7", Traits(64_000)),
    (r"claude-opus-4-5", Traits(64_000, "one", efforts=_LOW)),
    (r"claude-(opus|sonnet)-4-6", Traits(128_000, "one", "both", efforts=_MAX)),
    (r"claude-opus-4-7", Traits(128_000, "none", "adaptive", efforts=_ALL)),
    (r"claude-opus-4-8", _NEW._replace(off="disabled")),
    (r"claude-opus-4-1(?!\d)", Traits(32_000, "one")),
    (r"claude-(opus-4|4-opus)", Traits(32_000)),
    (r"claude-(sonnet|haiku)-4-5", Traits(64_000, "one")),
    (r"claude-(sonnet-4|4-sonnet)", Traits(64_000)),
    (r"claude-sonnet-5-5", _NEW._replace(off="between_tools")),
    (r"claude-(opus|sonnet)-5(?!-\d\b)", _NEW._replace(off="disabled")),
    (r"claude-", _NEW),
)
_ROWS: Final = tuple((re.compile(pattern), traits) for pattern, traits in _FAMILIES)


@lru_cache(maxsize=256)
def traits(model: str) -> Traits:
    """What `model` takes, whoever names it (`us.anthropic.claude-…-v1:0`, `anthropic/claude-haiku-4.5`).

    One that is no Claude, as others serve under this dialect, is taken for an old and patient one.
    """
    name = model.lower().replace(".", "-")
    return next((traits for pattern, traits in _ROWS if pattern.search(name)), Traits())
