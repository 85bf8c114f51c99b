"""Prices: LiteLLM has dollars for a token, we have dollars for a million."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fairlead.migrate.report import Report

_MILLION: Final = 1_000_000
_RATES: Final = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cached",
    "cache_creation_input_token_cost": "cache_write",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "audio_input",
    "output_cost_per_audio_token": "audio_output",
}
_EACH: Final = {"output_cost_per_image": "image"}
PRICED: Final = frozenset({*_RATES, *_EACH})


def price(said: Mapping[str, Any], path: str, report: Report) -> dict[str, Any]:
    """The entry under `prices` that these members come to; empty where they say nothing of a price."""
    found: dict[str, Any] = {}
    for names, times in ((_RATES, _MILLION), (_EACH, 1)):
        for name, ours in names.items():
            if said.get(name) is None:
                continue
            amount = _dollars(said[name])
            if amount is None:
                report.left(f"{path}.{name}", "this is no price")
            else:
                found[ours] = _plain(amount * times)
    if found and all(Decimal(amount) == 0 for amount in found.values()):
        return {"free": True}
    return found


def _dollars(said: Any) -> Decimal | None:
    try:
        amount = Decimal(str(said))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _plain(amount: Decimal) -> str:
    """The amount as text, to nine decimals, which is as fine as prices are here."""
    shown = f"{amount.quantize(Decimal('1E-9')):f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
