"""Whether the arms of experiments got their shares, by what the record has of them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from fairlead.config.experiments import Experiment
from fairlead.ledger.ratio import Ratio, ratio
from fairlead.ledger.row import Row

if TYPE_CHECKING:  # it brings the database's library
    from fairlead.ledger.usage import Usage

MOST_CALLS: Final = 50_000
"""How many calls of an arm are looked at, the newest first."""
_PAGE: Final = 1000


class Dealt(Struct, frozen=True):
    """How many subjects each arm of an experiment had, and what the test says of that."""

    experiment: str
    by: str
    subjects: dict[str, int]
    found: Ratio

    @property
    def warning(self) -> str | None:
        """What is wrong with the shares, in a sentence; None where nothing is."""
        if not self.found.alarm:
            return None
        counts = ", ".join(f"{arm} {count:,}" for arm, count in self.subjects.items())
        return (
            f"the experiment `{self.experiment}` has a sample ratio mismatch: {counts} (by {self.by}); chance does "
            f"that in {self.found.p:.2g} of all cases, so that its arms cannot be compared"
        )

    def told(self) -> dict[str, object]:
        return {
            "experiment": self.experiment,
            "by": self.by,
            "subjects": self.subjects,
            "chi_square": self.found.chi_square if self.found.chi_square != float("inf") else None,
            "degrees": self.found.degrees,
            "p": self.found.p,
            "alarm": self.found.alarm,
        }


def dealt(usage: "Usage", experiments: Mapping[str, Experiment], since: int) -> list[Dealt]:
    """The test of each experiment that has arms, over the calls since then.

    It holds for weights and a salt that were the same all the time. Raises `StoreUnavailable`.
    """
    return [_dealt(usage, name, each, since) for name, each in experiments.items() if each.arms]


def _dealt(usage: "Usage", name: str, experiment: Experiment, since: int) -> Dealt:
    counts = {arm: _subjects(usage, f"{name}/{arm}", experiment.by, since) for arm in experiment.arms}
    weights = [arm.weight for arm in experiment.arms.values()]
    return Dealt(name, experiment.by, counts, ratio(list(counts.values()), weights))


def _subjects(usage: "Usage", arm: str, by: str, since: int) -> int:
    return len({_subject(row, by) for row in _calls(usage, arm, since)})


def _calls(usage: "Usage", arm: str, since: int) -> Iterator[Row]:
    before = ""
    for _ in range(MOST_CALLS // _PAGE):
        page = usage.calls(since, None, {"arm": arm}, before=before, limit=_PAGE)
        yield from page.calls
        if page.before is None:
            return
        before = page.before


def _subject(row: Row, by: str) -> tuple[str, str]:
    """To whom the arm of a call was given: as `routing.experiments.subject` has it."""
    if by == "call":
        return "call", row.id
    if by == "session" and row.session:
        return "session", row.session
    user = row.end_user or row.user
    return ("user", user) if by in ("session", "user") and user else ("key", row.key)
