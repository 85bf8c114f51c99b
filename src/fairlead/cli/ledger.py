"""`ai usage` and `ai logs`: what calls came to, and each of them."""

import csv
import io
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import click
import msgspec

from fairlead import home
from fairlead.cli import say, settings
from fairlead.cli.ask import CONFIG
from fairlead.clock import Clock
from fairlead.ledger import moments
from fairlead.ledger.money import dollars
from fairlead.ledger.row import Bodies, Row, told
from fairlead.ledger.totals import Total
from fairlead.state.measures import GROUPS

if TYPE_CHECKING:
    from fairlead.ledger.arms import Dealt
    from fairlead.ledger.usage import Group

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_LOOK_SECONDS: Final = 1.0
_HEAD: Final = ("calls", "failed", "in", "out", "cost", "p50", "p95")
_CSV: Final = ("calls", "failed", "refused", "input_tokens", "output_tokens", "cost_usd", "cost_unknown_calls",
               "p50_ms", "p95_ms")  # fmt: skip
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
SINCE: Final = "A span of time, such as 24h, 7d or 4w."


class Record:
    """The database that the configuration names, with what the journal had beyond it."""

    def __init__(self, config: str | None) -> None:
        """Brings over what no server is at. Raises `ConfigError`, `StoreUnavailable`."""
        # Only these commands need the database's library.
        from fairlead.ledger.fold import Fold  # noqa: PLC0415
        from fairlead.ledger.usage import Usage  # noqa: PLC0415
        from fairlead.state import schema  # noqa: PLC0415
        from fairlead.state.database import Database  # noqa: PLC0415

        loaded, environ = settings.read(config)
        folder = home.data_dir(loaded.config, environ)
        database = Database(loaded.config.database or str(folder / "fairlead.db"))
        schema.ensure(database)
        clock, journal = Clock(), folder / "journal"
        self.experiments = loaded.config.experiments
        self.fold = Fold(database, journal, clock)
        self.usage = Usage(database, journal, clock)
        self.fold.run()


@click.command("usage")
@click.option("--by", type=click.Choice(GROUPS), help="Add up by this.")
@click.option("--since", default="7d", show_default=True, metavar="SPAN", help=SINCE)
@AS_JSON
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@CONFIG
def usage(by: str | None, since: str, as_json: bool, as_csv: bool, config: str | None) -> None:
    """Show what calls came to: how many, their tokens, their cost, how long they took.

    A cost with a + is more by what some calls cost whose price is not known. By `arm`, it warns of an experiment whose
    arms did not get their shares, so that they cannot be compared.
    """
    record = Record(config)
    at = record.usage.now() - moments.span(since)
    groups = record.usage.groups(by, at) if by else []
    total = record.usage.total(at)
    tested = _tested(record, at) if by == "arm" else None
    if as_json:
        said = _document(by, at, record.usage.now(), total, groups)
        say.data(_json(said if tested is None else {**said, "experiments": [each.told() for each in tested]}))
    elif as_csv:
        say.data(_csv(by, groups, total))
    else:
        say.data(_table(by, groups, total))
    for each in tested or ():
        if each.warning:
            say.warning(each.warning)


def _tested(record: Record, since: int) -> "list[Dealt]":
    """Whether the arms of the experiments got their shares."""
    from fairlead.ledger.arms import dealt  # noqa: PLC0415 - only this question needs it

    return dealt(record.usage, record.experiments, since)


def _document(by: str | None, since: int, until: int, total: Total, groups: "list[Group]") -> dict[str, object]:
    rows = [{"name": group.name, **group.total.told()} for group in groups]
    spans = {"since": moments.shown(since), "until": moments.shown(until)}
    return {"object": "usage", **spans, "by": by, "total": total.told(), "groups": rows}


def _table(by: str | None, groups: "list[Group]", total: Total) -> str:
    rows = [(group.name or "-", *_cells(group.total)) for group in groups]
    return say.table([(by or "", *_HEAD), *rows, ("all", *_cells(total))])


def _cells(total: Total) -> tuple[str, ...]:
    known = total.known_cost
    cost = "unknown" if known is None else dollars(known) + ("+" if total["unknown"] else "")
    times = (_seconds(total.percentile_ms(part)) for part in (0.5, 0.95))
    tokens = (f"{total[name]:,}" for name in ("input_tokens", "output_tokens"))
    return (f"{total.calls:,}", f"{total['failed']:,}", *tokens, cost, *times)


def _csv(by: str | None, groups: "list[Group]", total: Total) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((by or "all", *_CSV))
    for name, each in [(group.name, group.total) for group in groups] if by else [("all", total)]:
        document = each.told()
        counts = (each[kind] for kind in ("calls", "failed", "refused", "input_tokens", "output_tokens"))
        rest = (document["cost_usd"], each["unknown"], each.percentile_ms(0.5), each.percentile_ms(0.95))
        writer.writerow(("'" + name if name[:1] in "=+-@" and name else name, *counts, *rest))
    return text.getvalue().rstrip("\n")


@click.group("logs", invoke_without_command=True)
@click.option("-f", "--follow", is_flag=True, help="Go on as calls end.")
@click.option("-n", "--lines", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many to show.")
@click.option("--since", metavar="SPAN", help=SINCE)
@click.option("--key", help="Of this key alone.")
@click.option("--model", help="By this model alone.")
@click.option("--provider", help="By this provider alone.")
@click.option("--outcome", type=click.Choice(("ok", "failed", "refused", "cancelled", "cut")), help="Ended so.")
@click.option("--json", "as_json", is_flag=True, help="Print each as a line of JSON.")
@CONFIG
@click.pass_context
def logs(
    ctx: click.Context, /, follow: bool, lines: int, since: str | None, as_json: bool, config: str | None, **where: str
) -> None:
    """List calls, the newest last, or show one of them whole.

    Prompts and replies are not recorded unless the configuration says so, and are never listed.
    """
    if ctx.invoked_subcommand is not None:
        return
    where = {name: value for name, value in where.items() if value}
    record = Record(config)
    at = record.usage.now() - moments.span(since) if since else 0
    shown = list(reversed(record.usage.calls(at, None, where, limit=lines).calls))
    _list(shown, as_json=as_json)
    if not shown:
        say.note("no calls are recorded here" + (" that are like this" if where or since else ""))
    if follow:
        _follow(record, where, as_json=as_json)


@logs.command("show", short_help="Show the call ID whole.")
@click.argument("name", metavar="ID")
@AS_JSON
@CONFIG
def show(name: str, as_json: bool, config: str | None) -> None:
    """Show the call ID whole: its attempts, its cost item by item, its times. The first 8 digits of it may do."""
    row, texts = Record(config).usage.call(name)
    if as_json:
        found = {"request": texts.request, "reply": texts.reply} if texts else None
        say.data(_json({**told(row), "texts": found}))
    else:
        say.data("\n".join(_whole(row, texts)))


def _follow(record: Record, where: dict[str, str], *, as_json: bool) -> None:
    """Show calls as they come into the database, until interrupted. Where thousands come a second, not every one."""
    pause = threading.Event()
    known = {row.id for row in _recent(record, where)}
    while True:
        pause.wait(_LOOK_SECONDS)
        record.fold.run()
        # A call is recorded when it ends, so that one which began before another may come after it.
        recent = _recent(record, where)
        _list([row for row in recent if row.id not in known], as_json=as_json)
        known = {row.id for row in recent}


def _recent(record: Record, where: dict[str, str]) -> list[Row]:
    since = record.usage.now() - moments.HOUR
    return list(reversed(record.usage.calls(since, None, where, limit=1000).calls))


def _list(rows: Iterable[Row], *, as_json: bool) -> None:
    for row in rows:
        say.data(_json(told(row)) if as_json else _line(row))


def _line(row: Row) -> str:
    served = f"{row.provider}/{row.model}" if row.provider else row.asked or "-"
    cost = "unknown" if row.cost is None else dollars(row.cost)
    tokens = f"{row.tokens.input}+{row.tokens.output}" if row.counted else "-"
    ended = row.outcome if row.outcome == "ok" else f"{row.outcome} {row.status} {row.code}".rstrip()
    times = _seconds(row.total_us // 1000)
    return "  ".join((moments.shown(row.at), row.id, row.key or "-", row.endpoint, served, tokens, cost, times, ended))


def _whole(row: Row, texts: Bodies | None) -> list[str]:
    lines = [_line(row)]
    facts = {
        "asked for": row.asked,
        "read as": row.reason,
        "intent": row.intent,
        "arm": row.arm,
        "role": row.role,
        "team": row.team,
        "user": row.user or row.end_user,
        "tags": ", ".join(row.tags),
        "cache": row.cache,
        "guards": row.guard,
        "error": row.error,
    }
    lines += [f"  {name}: {value}" for name, value in facts.items() if value]
    lines += [f"  {name} of the metadata: {value}" for name, value in row.metadata.items()]
    for each in row.attempts:
        status = f" {each.status}" if each.status else ""
        detail = f": {each.detail}" if each.detail else ""
        lines.append(
            f"  attempt at {each.provider}/{each.model}, after {each.after_us / 1000:.1f} ms: "
            f"{each.result}{status} in {_seconds(each.us // 1000)}{detail}"
        )
    for item in row.items:
        lines.append(f"  {item.kind}: {item.units:,} for {'unknown' if item.nano is None else dollars(item.nano)}")
    first = f", first byte after {row.first_us / 1000:.1f} ms" if row.first_us is not None else ""
    lines.append(f"  queue {row.queue_us / 1000:.1f} ms, overhead {row.overhead_us / 1000:.1f} ms{first}")
    if texts is not None:
        lines += ["", texts.request, "", texts.reply]
    return lines


def _seconds(ms: int | None) -> str:
    return "-" if ms is None else f"{ms / 1000:.2f}s"


def _json(document: object) -> str:
    return _ENCODER.encode(document).decode()
