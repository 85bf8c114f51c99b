"""What a replay and a calibration found, as it is shown to people and programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from fairlead.cli import say
from fairlead.ledger import moments
from fairlead.ledger.money import amount, dollars
from fairlead.replay.calibrated import Scored, by_threshold, by_worth
from fairlead.replay.scored import Scores
from fairlead.replay.sums import Line, Money, Sums, percentile

_PARTS = (("p50", 0.5), ("p95", 0.95))
_MOST = 20  # lines of a table


def as_data(sums: Sums, since: int, until: int) -> dict[str, Any]:
    """A replay for programs: money in US dollars, times in milliseconds."""
    now, unknown = sums.times.now()
    then = sums.times.then()
    return {
        "object": "replay",
        "since": moments.shown(since),
        "until": moments.shown(until),
        "total": _line(sums.whole),
        "known_both_times": _line(sums.both),
        "models": [{"asked": name, **_line(line)} for name, line in _ordered(sums.models)],
        "targets": [{"target": name or None, **_line(line)} for name, line in _ordered(sums.targets)],
        "first_byte_ms": {
            **{f"{name}_then": _ms(percentile(then, part)) for name, part in _PARTS},
            **{f"{name}_now_estimated": _ms(percentile(now, part)) for name, part in _PARTS},
            "unknown_now": unknown,
        },
        "nobody_would_answer": dict(sums.refused.most_common()),
        "not_replayed": dict(sums.unreplayed.most_common()),
    }


def as_text(sums: Sums) -> str:
    """A replay for people."""
    both = sums.both
    change = both.cost_now.nano - both.cost_then.nano
    part = f" ({change / both.cost_then.nano:+.1%})" if both.cost_then.nano else ""
    lines = [
        f"{_calls(sums.whole.then)} replayed, {sums.whole.moved:,} of them to another target",
        f"cost: {_money(sums.whole.cost_then)} then, {_money(sums.whole.cost_now)} now",
        f"where both are known ({_calls(both.then)} answered): {'' if change < 0 else '+'}{dollars(change)}{part}",
        _times(sums),
        "",
        _table("asked for", sums.models),
        "",
        _table("target", sums.targets),
    ]
    for title, counts in (("nobody would answer", sums.refused), ("not replayed", sums.unreplayed)):
        if counts:
            lines += ["", f"{title}:", *(f"  {_calls(count)}: {why}" for why, count in counts.most_common())]
    return "\n".join(lines)


def calibration(name: str, share: float, scores: Scores, shares: Sequence[float]) -> dict[str, Any]:
    """A calibration for programs, with a step for each of `shares`. A worth is in US dollars."""
    calls = scores.calls
    return {
        "object": "calibration",
        "model": name,
        "spend_share": share,
        **_drawn(scores, calls, share),
        "calls": {
            "scored": len(calls),
            "by_the_record": scores.recorded,
            "by_kept_texts": scores.read,
            "unscored": scores.unscored,
        },
        "weighed_by": "money" if scores.priced else "calls",
        "steps": [{"spend_share": each, **_drawn(scores, calls, each)} for each in shares],
    }


def _drawn(scores: Scores, calls: Sequence[Scored], share: float) -> dict[str, Any]:
    plain = by_threshold(calls, share)
    weighed = by_worth(calls, share) if scores.priced else None
    return {
        "threshold": plain.line,
        "reached_share": round(plain.share, 4),
        "strong_calls": plain.strong,
        "worth": weighed and amount(int(weighed.line)),
        "reached_share_by_worth": weighed and round(weighed.share, 4),
        "strong_calls_by_worth": weighed and weighed.strong,
    }


def calibration_text(data: Mapping[str, Any]) -> str:
    """The same for people."""
    calls, by = data["calls"], data["weighed_by"]
    of = f"of {_calls(calls['scored'])}"
    lines = [f"threshold: {data['threshold']:.4f}  spends {data['reached_share']:.1%}, {data['strong_calls']:,} {of}"]
    if data["worth"] is not None:
        reached = f"spends {data['reached_share_by_worth']:.1%}, {data['strong_calls_by_worth']:,} {of}"
        lines.append(f"worth: {data['worth']}  {reached}")
    lines += [
        f"shares are of what the strong model costs more than the cheap one, by {by}",
        f"difficulties: {calls['by_the_record']:,} of the record, {calls['by_kept_texts']:,} of kept texts",
    ]
    if calls["unscored"]:
        lines.append(f"{_calls(calls['unscored'])} left out: the record has neither their difficulty nor their text")
    if by == "calls":
        lines.append("the prices of both models are not known for most calls, so that each counts alike")
    rows: list[tuple[str, ...]] = [("share", "threshold", "reached", "worth", "reached")]
    for step in data["steps"]:
        at, reached = f"{step['spend_share']:.0%}", step["reached_share_by_worth"]
        by_price = (step["worth"] or "-", "-" if reached is None else f"{reached:.1%}")
        rows.append((at, f"{step['threshold']:.4f}", f"{step['reached_share']:.1%}", *by_price))
    return "\n".join([*lines, "", say.table(rows)])


def _line(line: Line) -> dict[str, Any]:
    return {
        "calls_then": line.then,
        "calls_now": line.now,
        "moved": line.moved,
        "cost_usd_then": amount(line.cost_then.nano),
        "unknown_then": line.cost_then.unknown,
        "cost_usd_now": amount(line.cost_now.nano),
        "unknown_now": line.cost_now.unknown,
    }


def _table(title: str, lines: Mapping[str, Line]) -> str:
    ordered = _ordered(lines)
    rows: list[tuple[str, ...]] = [
        (title, "calls then", "now", "cost then", "now", "moved here" if title == "target" else "moved")
    ]
    for name, line in ordered[:_MOST]:
        counts = (f"{line.then:,}", f"{line.now:,}", _money(line.cost_then), _money(line.cost_now), f"{line.moved:,}")
        rows.append((name or "nobody", *counts))
    rest = len(ordered) - _MOST
    return say.table(rows) + (f"\n… and {rest} more; `--json` has all" if rest > 0 else "")


def _ordered(lines: Mapping[str, Line]) -> list[tuple[str, Line]]:
    """The dearest first."""
    return sorted(lines.items(), key=lambda pair: (-max(pair[1].cost_then.nano, pair[1].cost_now.nano), pair[0]))


def _times(sums: Sums) -> str:
    now, unknown = sums.times.now()
    then = sums.times.then()
    parts = (
        f"{name} {_seconds(percentile(then, at))} then, {_seconds(percentile(now, at))} now" for name, at in _PARTS
    )
    rest = f"; unknown for {_calls(unknown)}, whose target the record has no times of" if unknown else ""
    return f"first byte, estimated: {', '.join(parts)}{rest}"


def _money(money: Money) -> str:
    return dollars(money.nano) + (f" + {money.unknown:,} unknown" if money.unknown else "")


def _calls(count: int) -> str:
    return f"{count:,} call{'s' * (count != 1)}"


def _seconds(us: int | None) -> str:
    return "-" if us is None else f"{us / 1_000_000:.2f}s"


def _ms(us: int | None) -> float | None:
    return None if us is None else round(us / 1000, 1)
