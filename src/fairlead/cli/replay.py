"""`ai route replay` and `ai route calibrate`: what the record says of another policy."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fairlead.cli import replayed, say, settings
from fairlead.cli.ask import CONFIG
from fairlead.cli.ledger import AS_JSON, SINCE, Record
from fairlead.cli.usage import NAMED, BadUsage
from fairlead.errors import NotFound
from fairlead.ledger import moments
from fairlead.ledger.prices import PriceBook
from fairlead.ledger.row import Row
from fairlead.replay.again import Again, Priced
from fairlead.replay.facts import Texts
from fairlead.replay.scored import Scores
from fairlead.replay.sums import summed
from fairlead.routing.policy import Policy

if TYPE_CHECKING:
    from fairlead.config.load import Loaded

_PAGE = 1000
_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@click.command("replay", short_help="Tell what recorded calls would have come to by another configuration.")
@click.option("--since", default="7d", show_default=True, metavar="SPAN", help=SINCE)
@click.option("--config", "changed", required=True, type=NAMED, metavar="FILE", help="The configuration to replay by.")
@click.option(
    "--current", type=NAMED, metavar="FILE", help="The configuration whose record it is, if not the usual one."
)
@AS_JSON
def replay(since: str, changed: str, current: str | None, as_json: bool) -> None:
    """Run the recorded calls through another configuration, and show what they would have cost, where they would have
    gone and about how long their first byte would have taken.

    Sends nothing. A call has as many tokens there as it had; what failed then fails again; the times are those that
    the record has of each target. Keys come from the environment, as they do when serving.
    """
    record = Record(current)
    policy, priced = _by(changed)
    again = Again(policy, priced, _texts(record))
    at = record.usage.now() - moments.span(since)
    sums = summed((row, again.of(row)) for row in _rows(record, at))
    said = replayed.as_data(sums, at, record.usage.now())
    say.data(json.dumps(said, ensure_ascii=False) if as_json else replayed.as_text(sums))
    if not as_json and not sums.whole.then:
        say.note("no call was replayed" if sums.unreplayed else "no calls are recorded here")


@click.command("calibrate", short_help="Find the threshold of difficulty for a share of the spend.")
@click.option("--model", "name", required=True, type=NAMED, help="The model that chooses by difficulty, or is to.")
@click.option(
    "--spend-share",
    "share",
    required=True,
    type=click.FloatRange(0, 1),
    help="What may be spent, of what the strong model alone costs more than the cheap one alone; 0.3 for 30 %.",
)
@click.option("--since", default="30d", show_default=True, metavar="SPAN", help=SINCE)
@AS_JSON
@CONFIG
def calibrate(name: str, share: float, since: str, as_json: bool, config: str | None) -> None:
    """Find the threshold by which the recorded calls for a model would have spent that share on the strong one.

    A call's difficulty is in the record where its model chose by it; else its text has it, where that was kept
    (`keep_bodies`). Changes nothing: write the threshold or the worth into `models.NAME.by_difficulty`. By the worth of
    a better answer, a dear call must be harder than a cheap one to go to the strong model.
    """
    record = Record(config)
    policy, priced = _by(config)
    found = policy.model_named(name)
    scores = Scores(policy, priced, found.tiers if found else None, _texts(record))
    names = {each.casefold() for each in ((found.name, *found.aliases) if found else (name,))}
    for row in _rows(record, record.usage.now() - moments.span(since)):
        if row.asked.strip().casefold() in names:
            scores.add(row)
    if not scores.calls and not scores.unscored:
        known = "" if found else "; no model of the configuration is called so either"
        raise NotFound(f"no recorded call asked for `{name}`{known}", hint="`ai logs --since 30d` shows what was asked")
    if not scores.calls:
        hint = "let the model choose by difficulty with any threshold first, or set `keep_bodies`, and wait for calls"
        raise BadUsage(f"the record has neither the difficulty nor the text of any call for `{name}`", hint=hint)
    data = replayed.calibration(name, share, scores, _SHARES)
    say.data(json.dumps(data, ensure_ascii=False) if as_json else replayed.calibration_text(data))


def _by(config: str | None) -> tuple[Policy, Priced]:
    """The policy of a configuration, and its prices."""
    from fairlead import policies  # noqa: PLC0415 - the engine, which most commands do without

    loaded, environ = settings.read(config)
    return policies.make_policy(loaded.config, environ), _prices(loaded)


def _prices(loaded: "Loaded") -> Priced:
    return PriceBook(loaded.config.prices, loaded.config.price_book).price


def _texts(record: Record) -> Texts:
    """What gives the text of a call."""

    def texts(name: str) -> bytes | None:
        _, bodies = record.usage.call(name)
        return bodies.request.encode() if bodies else None

    return texts


def _rows(record: Record, since: int) -> Iterator[Row]:
    """The recorded calls from a moment on, the newest first."""
    before: str | None = ""
    while before is not None:
        page = record.usage.calls(since, None, None, before=before, limit=_PAGE)
        yield from page.calls
        before = page.before
