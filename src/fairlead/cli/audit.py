"""`ai audit`: the log of administrative changes."""

import click

from fairlead.cli import desk, say
from fairlead.cli.ask import CONFIG
from fairlead.cli.desk import GATEWAY
from fairlead.cli.limits import JSON, told
from fairlead.ledger.objects import Record

_BATCH = 1000


@click.group(invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1, _BATCH), default=50, help="How many of the newest records (50).")
@JSON
@GATEWAY
@CONFIG
@click.pass_context
def audit(ctx: click.Context, limit: int, as_json: bool, gateway: str | None, config: str | None) -> None:
    """Show the log of administrative changes, or check that nobody has changed it.

    Without a command it shows the newest: number, time, who, what, and to which object.
    """
    if ctx.invoked_subcommand is not None:
        return
    with desk.at(gateway, config) as there:
        found = there.records(None, limit).data
    if as_json:
        say.data(told(found))
    elif found:
        say.data(say.table([_row(record) for record in found]))
    else:
        say.note("nothing has been changed yet")


@audit.command("verify", short_help="Check that every record is as it was written.")
@JSON
@GATEWAY
@CONFIG
@click.pass_context
def verify(ctx: click.Context, as_json: bool, gateway: str | None, config: str | None) -> None:
    """Check that every record is as it was written, in its place, and none is missing. Ends with 1 where not."""
    with desk.at(gateway, config) as there:
        verdict = there.verify()
    if as_json:
        say.data(told(verdict))
    else:
        say.data(f"ok: {verdict.records} records" if verdict.ok else f"broken: {verdict.why}")
    ctx.exit(0 if verdict.ok else 1)


@audit.command("export")
@GATEWAY
@CONFIG
def export(gateway: str | None, config: str | None) -> None:
    """Print every record as a line of JSON, oldest first."""
    with desk.at(gateway, config) as there:
        after: int | None = 0
        while after is not None:
            page = there.records(after, _BATCH)
            for record in page.data:
                say.data(told(record))
            after = int(page.next) if page.next else None


def _row(record: Record) -> tuple[str, ...]:
    named = (record.after or record.before or {}).get("name", "")
    what = f"{record.object_kind} {named}".strip()
    return str(record.seq), record.at, record.actor, record.action, what, record.object_id
