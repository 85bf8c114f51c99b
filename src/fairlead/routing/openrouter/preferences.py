"""What a call says in `provider`, read and checked.

Source: https://openrouter.ai/docs/guides/routing/provider-selection, 2026-11.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from fairlead.errors import RequestError
from fairlead.ledger.rates import rate
from fairlead.providers.row import Quantization

MEMBER: Final = "provider"
By: TypeAlias = Literal["price", "throughput", "latency", "exacto"]
_Slugs = list[Annotated[str, Meta(min_length=1, max_length=200)]] | None
_MOST_SLUGS: Final = 100
_DOLLARS: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,15})?")
_AT: Final = re.compile(r" - at `\$\.?(.*)`$")
# Nano-dollars for a million units of it; `prompt` and `completion` are told for a million, the others for one.
_PRICES: Final[Mapping[str, int]] = {"prompt": 1_000_000, "completion": 1_000_000, "request": 1, "image": 1, "audio": 1}


class Cutoffs(Struct, forbid_unknown_fields=True, frozen=True):
    """Bounds by percentile; None where there is none."""

    p50: Annotated[float, Meta(ge=0)] | None = None
    p75: Annotated[float, Meta(ge=0)] | None = None
    p90: Annotated[float, Meta(ge=0)] | None = None
    p99: Annotated[float, Meta(ge=0)] | None = None


class _Sort(Struct, forbid_unknown_fields=True, frozen=True):
    by: By | None = None
    partition: Literal["model", "none"] | None = None


_Bound = Annotated[float, Meta(ge=0)] | Cutoffs | None


class _Said(Struct, forbid_unknown_fields=True, frozen=True):
    """`provider` as it is written. What only OpenRouter itself can act on is taken as it is."""

    order: _Slugs = None
    only: _Slugs = None
    ignore: _Slugs = None
    allow_fallbacks: bool | None = None
    require_parameters: bool | None = None
    data_collection: Literal["allow", "deny"] | None = None
    zdr: bool | None = None
    enforce_distillable_text: bool | None = None
    quantizations: list[Quantization] | None = None
    sort: By | _Sort | None = None
    max_price: dict[str, Any] | None = None
    preferred_min_throughput: _Bound = None
    preferred_max_latency: _Bound = None
    options: dict[str, Any] | None = None


NONE: Final = Cutoffs()


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a call wants of the providers that may serve it; a list that says nothing is empty.

    `max_price` has rates as `ledger.rates` has them. `across` sorts over all models at once, not each by itself.
    `min_throughput` is in tokens a second, `max_latency` in seconds.
    """

    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    allow_fallbacks: bool = True
    require_parameters: bool = False
    denies_collection: bool = False
    zdr: bool = False
    distillable: bool = False
    quantizations: tuple[str, ...] = ()
    sort: By | None = None
    across: bool = False
    max_price: Mapping[str, int] = field(default_factory=dict)
    min_throughput: Cutoffs = NONE
    max_latency: Cutoffs = NONE


ANY: Final = Preferences()


def read(value: Any) -> Preferences:
    """The preferences that the member `provider` has. Raises `RequestError` that names what is wrong in it."""
    if value is None:
        return ANY
    if not isinstance(value, dict):
        raise RequestError(f"`{MEMBER}` must be an object", param=MEMBER, hint="see docs/reference/openrouter.md")
    try:
        said = msgspec.convert(value, _Said)
    except msgspec.ValidationError as error:
        raise _wrong(str(error)) from None
    by, across = (said.sort.by, said.sort.partition == "none") if isinstance(said.sort, _Sort) else (said.sort, False)
    return Preferences(
        order=_slugs(said.order, "order"),
        only=_slugs(said.only, "only"),
        ignore=_slugs(said.ignore, "ignore"),
        allow_fallbacks=said.allow_fallbacks is not False,
        require_parameters=said.require_parameters is True,
        denies_collection=said.data_collection == "deny",
        zdr=said.zdr is True,
        distillable=said.enforce_distillable_text is True,
        quantizations=tuple(dict.fromkeys(said.quantizations or ())),
        sort=by,
        across=across,
        max_price=_prices(said.max_price or {}),
        min_throughput=_cutoffs(said.preferred_min_throughput),
        max_latency=_cutoffs(said.preferred_max_latency),
    )


def _slugs(said: list[str] | None, name: str) -> tuple[str, ...]:
    if said and len(said) > _MOST_SLUGS:
        where = f"{MEMBER}.{name}"
        raise RequestError(f"`{where}` names more than {_MOST_SLUGS} providers", param=where, hint="name fewer")
    return tuple(dict.fromkeys(said or ()))


def _cutoffs(said: float | Cutoffs | None) -> Cutoffs:
    if isinstance(said, Cutoffs):
        return said
    return NONE if said is None else Cutoffs(p50=said)


def _prices(said: Mapping[str, Any]) -> dict[str, int]:
    """The most that may be asked, in rates. Clients write dollars as a number or as a text."""
    found = {}
    for name, value in said.items():
        where = f"{MEMBER}.max_price.{name[:40]}"
        if name not in _PRICES:
            known = ", ".join(f"`{each}`" for each in _PRICES)
            raise RequestError(f"`{where}` is no price", param=where, hint=f"there are {known}")
        if value is None:
            continue
        text = value.strip() if isinstance(value, str) else _written(value)
        if not _DOLLARS.fullmatch(text):
            hint = "write it as 1.5: for a million tokens, or for each request or image"
            raise RequestError(f"`{where}` must be an amount of US dollars", param=where, hint=hint)
        found[name] = rate(text, _PRICES[name])
    return found


def _written(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return f"{Decimal(str(value)):f}"


def _wrong(said: str) -> RequestError:
    """The error for what the decoder found wrong, with the member's whole path."""
    at = _AT.search(said)
    what = said[: at.start()] if at else said
    where = f"{MEMBER}.{at[1]}" if at and at[1] else MEMBER
    known = ", ".join(f"`{name}`" for name in _Said.__struct_fields__)
    hint = f"it may have {known}" if "unknown field" in what else "see docs/reference/openrouter.md"
    return RequestError(f"`{where}`: {what[:1].lower()}{what[1:200]}", param=where, hint=hint)
