"""What is added up of calls, and by what: the names that tables and their readers share."""

from typing import Final

TOKENS: Final = (
    "input", "output", "cached", "reasoning", "cache_write", "cache_write_1h", "audio_input", "audio_output",
)  # fmt: skip
# The upper ends of the buckets that the times of calls are counted in, in milliseconds; the last bucket has none.
BUCKETS: Final = (10, 25, 50, 100, 250, 500, 1000, 1750, 2500, 5000, 7500, 10_000, 20_000, 30_000, 60_000, 120_000,
                  300_000)  # fmt: skip
TIMES: Final = (*(f"within_{bound}" for bound in BUCKETS), "beyond")
BY: Final = ("key", "team", "user", "model", "provider", "endpoint", "outcome", "arm")
GROUPS: Final = (*BY, "tag", "day", "hour")
# `us` are microseconds; `unknown` are calls without a known cost, `firsts` those with a time to the first byte.
SUMS: Final = (
    "calls", "rescued", "cache_hits", "saved", "cost", "unknown", "estimated",
    *(f"{kind}_tokens" for kind in TOKENS), "total_us", "overhead_us", "first_us", "firsts", *TIMES,
)  # fmt: skip
TAG_SUMS: Final = ("calls", "cost", "unknown", "input_tokens", "output_tokens")
# The spans that calls are added up by, in hours.
HOUR: Final = 1
DAY: Final = 24
