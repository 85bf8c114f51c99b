"""How many tokens pictures and sounds are at most, as vendors document it. Pure.

Pictures that a model is shown:

- OpenAI: at most 8 tiles (2048 x 768) of 170 tokens and 85 more, or 1,536 patches times up to 2.46; `gpt-4o-mini` has
  tiles of 5,667 and 2,833 more (https://platform.openai.com/docs/guides/images-vision#calculating-costs). Newer models
  take up to 2,500 patches, and 10,000 where `detail` is `original`.
- Anthropic: a picture is made smaller until it has about 1,600 tokens, and up to 4,784 from Opus 4.7 on
  (https://platform.claude.com/docs/en/build-with-claude/vision).
- Google: 258 a tile and about 2,048 for all tiles, or up to 2,240 from Gemini 3 on
  (https://ai.google.dev/gemini-api/docs/media-resolution).
- xAI: at most 6 tiles of 256 tokens, and one more.
- Of others, the largest that any documents: 16,384, of Qwen's.

Pictures that a model makes: up to 6,240 tokens from `gpt-image-1`, by quality, and 100 for each partial one
(https://platform.openai.com/docs/guides/image-generation#cost-and-latency); those of later models are larger.

Sound is 32 tokens a second to Google, and fewer to others (https://ai.google.dev/gemini-api/docs/tokens).
"""

import re
from typing import Final

SOUND_TOKENS: Final = 32
PARTIAL_TOKENS: Final = 100
# What is spoken slowest has about this many tokens of sound for a byte of text: 21 a second, at 4 letters a second.
SPOKEN_TOKENS: Final = 5
# What is said fastest, as tokens of text a second.
WRITTEN_TOKENS: Final = 20
# 4 kbit/s: the thinnest that speech is kept in.
_THINNEST: Final = 500

_ORIGINAL: Final = 24_600
_OTHERS: Final = 16_384
_SEEN: Final = tuple(
    (re.compile(name, re.IGNORECASE), tokens)
    for name, tokens in (
        (r"gpt-4o-mini", 48_169),
        (r"(?:^|/)(?:gpt-image|chatgpt-image)", 10_000),
        (r"(?:^|[/.])(?:gpt|chatgpt|o[134]|computer-use|codex)\b", 6_150),
        (r"claude", 4_784),
        (r"gemini", 2_560),
        (r"grok", 1_792),
    )
)
_MADE: Final = {"low": 408, "medium": 1_584}
_MADE_HIGH, _MADE_LATER = 6_240, 16_384
_FIRST_MAKER: Final = re.compile(r"gpt-image-1(?!\d)")
_held: dict[str, int] = {}
_MOST_HELD: Final = 1024


def seen(model: str, *, original: bool = False) -> int:
    """The most tokens of input that one picture is to a model; `original`: it is asked to see it in full."""
    tokens = _held.get(model)
    if tokens is None:
        if len(_held) >= _MOST_HELD:
            _held.clear()
        tokens = _held[model] = next((most for name, most in _SEEN if name.search(model)), _OTHERS)
    return max(tokens, _ORIGINAL) if original else tokens


def made(model: str, quality: object) -> int:
    """The most tokens of output that one picture is which a model makes."""
    if not _FIRST_MAKER.search(model):
        return _MADE_LATER
    return _MADE.get(quality, _MADE_HIGH) if isinstance(quality, str) else _MADE_HIGH


def seconds(size: int) -> int:
    """For how many seconds so many bytes of sound last at most, at 4 kbit/s."""
    return -(-size // _THINNEST)
