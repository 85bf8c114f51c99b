"""What stands above an object, and what follows from that: its limits, and whether it counts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, select

from fairlead.clock import written
from fairlead.ledger import allowances
from fairlead.ledger.allowances import NONE, budget_rules, limit_rules
from fairlead.ledger.budgets.rule import Rule as BudgetRule
from fairlead.ledger.limits.gate import Rule as LimitRule
from fairlead.ledger.objects import Key, ObjectKind, Organisation, State, Team, User
from fairlead.ledger.principal import Principal, Role
from fairlead.ledger.rights import Granted, Rights
from fairlead.state.tables.identity import keys, organisations, teams, users

TABLES: dict[ObjectKind, Table] = {"organisation": organisations, "team": teams, "user": users, "key": keys}
ABOVE: tuple[ObjectKind, ...] = ("organisation", "team", "user")
_rights = msgspec.json.Decoder(Rights).decode
_tags = msgspec.json.Decoder(list[str]).decode
_MANY = 2000

AnyRow = Row[Any]
# What keys of the same owners have in common: rights, tags, and what the owners are called.
Shared = tuple[Granted, tuple[str, ...], tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Lineage:
    """The organisations, teams and users above some objects, by id."""

    rows: dict[str, AnyRow]
    # Most keys share their owners and their limits, and there may be many.
    _known: dict[tuple[object, ...], Shared] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection, below: Iterable[AnyRow]) -> "Lineage":
        """What stands above these rows."""
        below = list(below)
        rows: dict[str, AnyRow] = {}
        for kind in ABOVE:
            wanted = {each for row in below if (each := getattr(row, kind, None)) is not None}
            query = select(TABLES[kind])
            if len(wanted) < _MANY:
                query = query.where(TABLES[kind].c.id.in_(sorted(wanted)))
            rows |= {row.id: row for row in connection.execute(query)} if wanted else {}
        return cls(rows)

    def above(self, row: AnyRow) -> list[AnyRow]:
        """The row's organisation, team and user, as far as it has them."""
        found = (getattr(row, kind, None) for kind in ABOVE)
        return [self.rows[each] for each in found if each is not None]

    def granted(self, row: AnyRow) -> Granted:
        """What the row itself may give or use, all above it considered."""
        return self._shared(row)[0]

    def _shared(self, row: AnyRow) -> Shared:
        key = (row.rights, row.tags, *(getattr(row, kind, None) for kind in ABOVE))
        known = self._known.get(key)
        if known is None:
            chain = (*self.above(row), row)
            tags = dict.fromkeys(tag for each in chain for tag in _tags(each.tags))
            names = tuple((_kind(each), self._called(each)) for each in chain[:-1])
            known = self._known[key] = Granted(_rights(each.rights) for each in chain), tuple(tags), names
        return known

    def refusal(self, row: AnyRow) -> str:
        """Why the row does not count; empty where it does, its expiry aside."""
        for each in self.above(row):
            if each.deleted is not None or each.blocked:
                return f"its {_kind(each)} `{each.name}` is {'blocked' if each.deleted is None else 'deleted'}"
        return "it is deleted" if row.deleted is not None else "it is blocked" if row.blocked else ""

    def state(self, row: AnyRow, now: int) -> State:
        chain = (*self.above(row), row)
        if any(each.deleted is not None for each in chain):
            return "deleted"
        if any(each.blocked for each in chain):
            return "blocked"
        ends = getattr(row, "expires", None)
        return "expired" if ends is not None and ends <= now else "active"

    def principal(self, row: AnyRow) -> Principal:
        """Whom a key stands for."""
        rights, tags, names = self._shared(row)
        whose = (row.organisation or "", row.team or "", row.user or "")
        return Principal(row.name, row.id, Role(row.role), *whose, tags, rights, names, *self._rules(row))

    def _rules(self, row: AnyRow) -> tuple[tuple[BudgetRule, ...], tuple[LimitRule, ...]]:
        """The budgets and limits of the row and of all above it."""
        chain = [each for each in (*self.above(row), row) if each.budgets != NONE or each.limits != NONE]
        if not chain:
            return (), ()
        titled = [(each, f"the {_kind(each)} `{each.name}`") for each in chain]
        return (
            tuple(rule for each, title in titled for rule in budget_rules(each.id, title, each.budgets)),
            tuple(rule for each, title in titled for rule in limit_rules(each.id, title, each.limits)),
        )

    def _called(self, row: AnyRow) -> str:
        """The one name that stands for it alone: a user's with the team's, in which it is unique."""
        return f"{self.rows[row.team].name}/{row.name}" if _kind(row) == "user" else str(row.name)

    def shown(self, row: AnyRow, now: int) -> Organisation | Team | User | Key:
        """The row as it is shown: nothing of a key but its end."""
        made: type[Organisation | Team | User | Key] = _SHOWN[_kind(row)]
        own = {name: getattr(row, name) for name in made.__struct_fields__ if hasattr(row, name)}
        for name in ("created", "deleted", "expires", "rotated", "previous_until"):
            if own.get(name) is not None:
                own[name] = written(own[name])
        own |= {"rights": _rights(row.rights), "tags": _tags(row.tags), "state": self.state(row, now)}
        own |= {"budgets": allowances.budgets(row.budgets), "limits": allowances.limits(row.limits)}
        if made is Key:
            own["granted"] = self.granted(row).shown()
        return made(**own)


_SHOWN: dict[ObjectKind, type[Organisation | Team | User | Key]] = {
    "organisation": Organisation,
    "team": Team,
    "user": User,
    "key": Key,
}
_PREFIXES: dict[ObjectKind, str] = {"organisation": "org", "team": "team", "user": "user", "key": "key"}
_KINDS = {prefix: kind for kind, prefix in _PREFIXES.items()}


def new_id(kind: ObjectKind, unique: str) -> str:
    """An id that tells what it is of."""
    return f"{_PREFIXES[kind]}_{unique}"


def is_id(text: str) -> bool:
    """Whether it looks like an id."""
    prefix, _, rest = text.partition("_")
    return prefix in _KINDS and len(rest) == 32


def _kind(row: AnyRow) -> ObjectKind:
    return _KINDS[row.id.partition("_")[0]]
