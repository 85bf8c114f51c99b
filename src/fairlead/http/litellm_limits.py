"""LiteLLM's words for what may be spent and how fast one may go, and ours."""

import re
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from fairlead.errors import RequestError
from fairlead.ledger.allowances import Allowance, Speed
from fairlead.ledger.objects import Shown

_Money = Annotated[float, Meta(ge=0)] | UnsetType | None
_Count = Annotated[int, Meta(ge=0)] | UnsetType | None
_DURATION: Final = re.compile(r"([1-9][0-9]{0,3})(h|d|w|mo)")
# LiteLLM too begins seven days on a Monday, and thirty on the first of a month.
_EVERY: Final = {"1d": "day", "7d": "week", "30d": "month"}
_AS_SAID: Final = {every: duration for duration, every in _EVERY.items()}
_PER_MINUTE: Final = {"rpm_limit": "requests", "tpm_limit": "tokens", "max_parallel_requests": "concurrent"}


class Allowed(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What LiteLLM's bodies may say of it."""

    max_budget: _Money = UNSET
    soft_budget: _Money = UNSET
    budget_duration: Annotated[str, Meta(max_length=20)] | UnsetType | None = UNSET
    rpm_limit: _Count = UNSET
    tpm_limit: _Count = UNSET
    max_parallel_requests: _Count = UNSET


def says(said: Allowed) -> bool:
    """Whether the body says anything of it."""
    return any(getattr(said, name) is not UNSET for name in Allowed.__struct_fields__)


def budgets(said: Allowed, before: list[Allowance]) -> list[Allowance]:
    """The budgets that are wanted, of which `before` are there. Raises `RequestError`."""
    hard, soft = _first(before, hard=True), _first(before, hard=False)
    others = [each for each in before if each not in (hard, soft)]
    duration = said.budget_duration
    made = [
        _budget(said.max_budget, duration, hard, Allowance(0, "total", name="max_budget")),
        _budget(said.soft_budget, duration, soft, Allowance(0, "total", hard=False, alerts=[100], name="soft_budget")),
    ]
    found = [each for each in made if each is not None]
    if isinstance(duration, str) and not found:
        raise RequestError("`budget_duration` is of no budget", hint="give a `max_budget` too", param="budget_duration")
    return [*found, *others]


def limits(said: Allowed, before: list[Speed]) -> list[Speed]:
    """The limits that are wanted, of which `before` are there."""
    first = next((each for each in before if each.per == "minute"), Speed())
    wanted = {ours: count for theirs, ours in _PER_MINUTE.items() if (count := getattr(said, theirs)) is not UNSET}
    others = [_without(each, wanted) for each in before if each is not first]
    return [each for each in (replace(first, **wanted), *others) if _counts(each)]


def told(of: Shown) -> dict[str, Any]:
    """What an object may spend and how fast it may go, in LiteLLM's words."""
    hard, soft = _first(of.budgets, hard=True), _first(of.budgets, hard=False)
    either = hard or soft
    standing = () if isinstance(of.standing, UnsetType) else of.standing
    resets = next((each.resets_at for each in standing if either and each.name == either.called), None)
    speeds = {theirs: _limit(of.limits, ours) for theirs, ours in _PER_MINUTE.items()}
    return {
        "max_budget": None if hard is None else float(hard.limit),
        "soft_budget": None if soft is None else float(soft.limit),
        "budget_duration": None if either is None else _duration(either.every),
        "budget_reset_at": resets,
        **speeds,
    }


def spent(of: Shown) -> float | None:
    """The dollars that are spent of its hard budget; None where it has none."""
    hard = _first(of.budgets, hard=True)
    standing = () if isinstance(of.standing, UnsetType) else of.standing
    return next((float(each.spent) for each in standing if hard and each.name == hard.called), None)


def _budget(
    amount: _Money, duration: str | UnsetType | None, before: Allowance | None, new: Allowance
) -> Allowance | None:
    """The budget as it is wanted; None where there is to be none."""
    if amount is None or (before is None and amount is UNSET):
        return None
    made = before or new
    if not isinstance(amount, UnsetType):
        made = replace(made, limit=amount)
    return made if isinstance(duration, UnsetType) else replace(made, every=_every(duration))


def _every(duration: str | None) -> str:
    """Our word for a duration. Raises `RequestError` for one that is no whole number of days."""
    if duration is None:
        return "total"
    found = _DURATION.fullmatch(duration.strip())
    count, unit = (int(found[1]), found[2]) if found else (0, "")
    if unit == "mo" and count == 1:
        return "month"
    days = {"h": count / 24, "d": count, "w": 7 * count}.get(unit, 0)
    if not days or days != int(days) or days > 9999:
        raise RequestError(
            f"a budget cannot be renewed every `{duration}`",
            hint="`1d`, `7d` (from Monday), `30d` or `1mo` (from the first), any number of days, or null for never",
            param="budget_duration",
        )
    every = f"{int(days)}d"
    return _EVERY.get(every, every)


def _duration(every: str) -> str | None:
    return None if every == "total" else _AS_SAID.get(every, every)


def _first(said: list[Allowance], *, hard: bool) -> Allowance | None:
    return next((each for each in said if each.hard == hard), None)


def _without(speed: Speed, wanted: dict[str, Any]) -> Speed:
    """The limit without what is said anew."""
    anew = [name for name in wanted if speed.per == "minute" or name == "concurrent"]
    return replace(speed, **dict.fromkeys(anew))


def _limit(said: list[Speed], ours: str) -> int | None:
    found = (getattr(each, ours) for each in said if each.per == "minute" or ours == "concurrent")
    return next((each for each in found if each is not None), None)


def _counts(speed: Speed) -> bool:
    return any(getattr(speed, kind) is not None for kind in (*_PER_MINUTE.values(), "input_tokens", "output_tokens"))
