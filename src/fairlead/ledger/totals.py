"""Sums of calls, and what can be read from them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from fairlead.state.measures import BUCKETS, TIMES, TOKENS

_NANO_DOLLARS: Final = -9


class Total:
    """What some calls come to. Money is nano-dollars; times are microseconds."""

    __slots__ = ("_sums",)

    def __init__(self, sums: Mapping[str, int] | None = None) -> None:
        self._sums = sums or {}

    def __add__(self, other: "Total") -> "Total":
        return Total({name: self[name] + other[name] for name in {**self._sums, **other._sums}})

    def __getitem__(self, name: str) -> int:
        """A sum by its name in `call_sums`; 0 where it was not asked for."""
        return self._sums.get(name, 0)

    @property
    def calls(self) -> int:
        return self["calls"]

    @property
    def cost(self) -> int:
        """What is known of the cost. `unknown` counts the calls that are not in it."""
        return self["cost"]

    @property
    def known_cost(self) -> int | None:
        """The cost; None where nothing is known of it."""
        return None if self["unknown"] and self["unknown"] == self.calls else self.cost

    @property
    def mean_us(self) -> int | None:
        """How long a call took that was not refused."""
        timed = self._timed
        return self["total_us"] // timed if timed else None

    @property
    def mean_first_us(self) -> int | None:
        return self["first_us"] // self["firsts"] if self["firsts"] else None

    @property
    def mean_overhead_us(self) -> int | None:
        timed = self._timed
        return self["overhead_us"] // timed if timed else None

    @property
    def _timed(self) -> int:
        return sum(self[name] for name in TIMES)

    def percentile_ms(self, part: float) -> int | None:
        """About the time within which this part (0.95, say) of the calls ended: exact to the bucket that it is in."""
        wanted, below, before = self._timed * part, 0, 0
        if not wanted:
            return None
        for bound, name in zip(BUCKETS, TIMES, strict=False):
            here = self[name]
            if here and below + here >= wanted:
                return round(before + (bound - before) * (wanted - below) / here)
            below, before = below + here, bound
        return BUCKETS[-1]

    def told(self) -> dict[str, object]:
        """All of it as a document. Costs are in nano-dollars and in dollars, null where nothing is known."""
        return {
            "calls": self.calls,
            "failed": self["failed"],
            "refused": self["refused"],
            "rescued": self["rescued"],
            "cache_hits": self["cache_hits"],
            "cost_nano": self.known_cost,
            "cost_usd": dollars(self.known_cost),
            "cost_unknown_calls": self["unknown"],
            "cost_estimated_calls": self["estimated"],
            "saved_nano": self["saved"],
            "tokens": {kind: self[f"{kind}_tokens"] for kind in TOKENS},
            "latency_ms": {
                "mean": _ms(self.mean_us),
                "p50": self.percentile_ms(0.5),
                "p95": self.percentile_ms(0.95),
                "first_byte": _ms(self.mean_first_us),
                "overhead": _ms(self.mean_overhead_us),
            },
        }


def dollars(nano: int | None) -> Decimal | None:
    """The amount in dollars, exactly."""
    if not nano:
        return None if nano is None else Decimal(0)  # and not 0E-9
    return Decimal(nano).scaleb(_NANO_DOLLARS)


def _ms(us: int | None) -> float | None:
    return None if us is None else round(us / 1000, 3)
