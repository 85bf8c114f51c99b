"""What a model's name at Bedrock says of it: whose it is, and how it lets itself be told to think.

A name may be a model's (`anthropic.claude-opus-4-7`), that of a region's profile (`us.anthropic.…`), or an ARN that
has one of these in it. The ARN of an application's own profile says nothing; such a model gets what Converse itself
has a word for.
Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html and Anthropic's
migration guides, https://platform.claude.com/docs/en/models/opus-5-5/migration-guide, November 2026.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_CLAUDE = re.compile(r"claude-(?:[a-z]+-)*?(\d{1,2})(?:-(\d{1,2}))?(?!\d)")
_RESTS = re.compile(r"claude-(?:opus|sonnet|haiku)-5(?!-\d{1,2}(?!\d))")
_OPAQUE: Final = ("application-inference-profile/", "provisioned-model/", "custom-model", "prompt-router/", ":prompt/")


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of a model.

    `claude` is its version, (0, 0) where it is none or does not say. `rests` says that a Claude which thinks unasked
    can be told not to. `opaque` says that the name says nothing.
    """

    claude: tuple[int, int] = (0, 0)
    rests: bool = False
    anthropic: bool = False
    nova: bool = False
    gpt: bool = False
    opaque: bool = False

    @property
    def adaptive(self) -> bool:
        """Whether it thinks as much as it sees fit, by effort."""
        return self.claude >= (4, 6)

    @property
    def budgets(self) -> bool:
        """Whether it takes a budget for its thoughts."""
        return (3, 7) <= self.claude < (4, 7)

    @property
    def samples(self) -> bool:
        """Whether it lets itself be told how to sample: later ones refuse the call."""
        return self.claude < (4, 7)

    @property
    def thinks_unasked(self) -> bool:
        """Whether it thinks where nobody says anything."""
        return self.claude >= (5, 0)

    @property
    def full(self) -> bool:
        """Whether it takes cache points and marks on the results of tools, which others refuse."""
        return self.anthropic or self.nova or self.opaque


@lru_cache(maxsize=256)
def known(name: str) -> Model:
    """What is known of the model `name`."""
    if any(word in name for word in _OPAQUE):
        return Model(opaque=True)
    if "anthropic." in name or "claude" in name:
        return Model(_version(name), bool(_RESTS.search(name)), anthropic=True)
    return Model(nova="amazon.nova" in name, gpt="openai." in name)


def _version(name: str) -> tuple[int, int]:
    if "claude-mythos-preview" in name:
        return 4, 7
    found = _CLAUDE.search(name)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)
