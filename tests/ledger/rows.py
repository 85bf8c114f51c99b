"""Calls as the record has them, for tests."""

import random
from collections.abc import Iterator
from typing import Any

from fairlead.ledger.row import Attempt, Item, Row, Tokens

NOON = 1_760_011_200_000 + 3_600_000 * 3  # 2025-10-09T15:00Z
HOUR, DAY = 3_600_000, 86_400_000
MODELS = (("openai", "gpt-4o"), ("openai", "gpt-4o-mini"), ("anthropic", "claude-sonnet-4"), ("groq", "llama-3.3"))


def row(at: int = NOON, number: int = 0, **facts: Any) -> Row:
    """One call; its id has its moment and its number."""
    given: dict[str, Any] = {
        "endpoint": "chat.completions", "status": 200, "key": "key-1", "team": "team-1", "asked": "gpt-4o",
        "model": "gpt-4o", "provider": "openai", "tokens": Tokens(10, 5), "counted": True, "cost": 1_000_000,
        "total_us": 400_000, "overhead_us": 300, "attempts": [Attempt("openai", "gpt-4o", "ok", 50, 399_000)],
    }  # fmt: skip
    return Row(id=f"{at:012x}{number:020x}", at=at, **{**given, **facts})


def many(count: int, since: int = NOON, every: int = 2592, seed: int = 7) -> Iterator[Row]:
    """Calls of twenty keys to four models, one every so many milliseconds."""
    pick = random.Random(seed)
    for number in range(count):
        provider, model = MODELS[pick.randrange(4)]
        key, failed = pick.randrange(20), pick.random() < 0.05
        yield row(
            since + number * every,
            number,
            key=f"key-{key}",
            team=f"team-{key % 3}",
            provider=provider,
            model=model,
            outcome="failed" if failed else "ok",
            status=502 if failed else 200,
            cost=0 if failed else pick.randrange(10_000_000),
            items=[Item("input", 10, 100), Item("output", 5, 200)],
            total_us=pick.randrange(3_000_000),
            first_us=20_000,
            tags=["batch"] if key < 2 else [],
            metadata={"trace": "0af7651916cd43dd8448eb211c80319c"},
            attempts=[Attempt(provider, model, "server" if failed else "ok", 50, 399_000)],
            reason="model `gpt-4o` of the configuration",
        )
