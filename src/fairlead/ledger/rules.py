"""What an object has to keep to: whose it is, what it may be called, and that it has no more than its owners."""

from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, func, select

from fairlead import ids
from fairlead.clock import Clock
from fairlead.errors import Conflict, Forbidden, NotFound, RequestError
from fairlead.ledger import allowances
from fairlead.ledger.lineage import ABOVE, TABLES, AnyRow, is_id, new_id
from fairlead.ledger.objects import Change, NewKey, NewOrganisation, NewTeam, NewUser, ObjectKind, json_of
from fairlead.ledger.principal import Principal, Role
from fairlead.ledger.rights import Granted, Rights, wrong
from fairlead.ledger.work import Work
from fairlead.state.tables.identity import keys, organisations

_DEFAULT = "default"
_DEEPEST: tuple[ObjectKind, ...] = ("user", "team", "organisation")
# Below what a name has to be unique.
_WITHIN: dict[ObjectKind, ObjectKind] = {"user": "team", "key": "team"}
_ADMINS_GIVE = "an admin gives that right"
_read_rights = msgspec.json.Decoder(Rights).decode

Owner = dict[str, str | None]


def count(connection: Connection, kind: str | None = None) -> int:
    """How many keys there are, of a kind or of both."""
    query = select(func.count()).select_from(keys).where(keys.c.deleted.is_(None))
    found: Any = connection.execute(query if kind is None else query.where(keys.c.kind == kind)).scalar_one()
    return int(found)


def only_admins(actor: Principal) -> None:
    """Raises `Forbidden` for everybody else."""
    if actor.role is not Role.ADMIN:
        raise Forbidden(f"a key of the role `{actor.role}` cannot do this", hint="it takes the role `admin`")


def only_readers(actor: Principal) -> None:
    """Raises `Forbidden` for whoever may not read everything."""
    if actor.role not in (Role.ADMIN, Role.AUDITOR):
        raise Forbidden(f"a key of the role `{actor.role}` cannot read this", hint="it takes `auditor` or `admin`")


def changeable(work: Work, kind: ObjectKind, named: str) -> AnyRow:
    """The object of that name, to be changed. Raises `NotFound` where the actor cannot see it, else `Forbidden`."""
    row = work.find(kind, named)
    if work.actor.role is Role.MEMBER and kind == "key" and row.kind == "client":
        return row
    only_admins(work.actor)
    return row


def add(
    work: Work,
    kind: ObjectKind,
    wanted: NewOrganisation | NewTeam | NewUser | NewKey,
    values: dict[str, Any],
    clock: Clock,
) -> AnyRow:
    """A row for what is wanted, under the owners among `values`. Raises `Conflict`, `RequestError`."""
    name, unique = wanted.name, ids.request_id(clock)
    name = f"key-{unique[-8:]}" if name is None else name
    check_name(work, kind, name, values.get(_WITHIN.get(kind, "")))
    check_rights(work, wanted.rights, _levels(work, values), kind)
    allowances.check(wanted.budgets, wanted.limits)
    return work.insert(
        kind,
        "create",
        id=new_id(kind, unique),
        name=name,
        tags=json_of(wanted.tags),
        rights=json_of(wanted.rights),
        budgets=allowances.kept(wanted.budgets),
        limits=allowances.kept(wanted.limits),
        created=work.now,
        blocked=False,
        **values,
    )


def organisation_of(work: Work, wanted: NewTeam, clock: Clock) -> str:
    """The id of the organisation that a new team is in: the one that there is, made where there is none."""
    if wanted.organisation is not None:
        return str(work.find("organisation", wanted.organisation).id)
    there = select(organisations.c.id).where(organisations.c.deleted.is_(None)).limit(2)
    found = work.connection.execute(there).scalars().all()
    if len(found) > 1:
        raise RequestError("there is more than one organisation", hint="name one: `organisation`", param="organisation")
    return found[0] if found else str(add(work, "organisation", NewOrganisation(_DEFAULT), {}, clock).id)


def owner_of(work: Work, wanted: NewKey) -> Owner:
    """The ids of a new key's organisation, team and user. What it names has to be of one line."""
    named = {kind: each for kind in _DEEPEST if (each := getattr(wanted, kind)) is not None}
    if work.actor.role is Role.MEMBER and not named:
        named["team"] = work.actor.team
    rows = {kind: work.find(kind, each) for kind, each in named.items()}
    if work.actor.role is Role.MEMBER and "organisation" in rows:
        raise NotFound("there is no such organisation")
    owner: Owner = dict.fromkeys(ABOVE)
    for kind, row in rows.items():
        line = {**{each: getattr(row, each) for each in ABOVE if hasattr(row, each)}, kind: row.id}
        for each, of in line.items():
            if owner[each] not in (None, of):
                raise RequestError(f"the {each} that is named is not the {kind}'s", hint="name the innermost alone")
            owner[each] = of
    return owner


def check_kind(actor: Principal, wanted: NewKey, owner: Owner) -> None:
    """Raises `RequestError` where kind, role and owner do not go together, `Forbidden` where the actor may not."""
    if wanted.kind == "client":
        if wanted.role is not None:
            raise RequestError("a client key has no role", hint="`kind` is `admin` for a key that administers")
    else:
        only_admins(actor)
        if wanted.budgets or wanted.limits:
            raise _spends_nothing()
        if wanted.role == "member" and owner["team"] is None:
            raise RequestError("a key of the role `member` needs a team", hint="name one: `team`", param="team")
        if wanted.role != "member" and any(owner.values()):
            raise RequestError(
                f"a key of the role `{wanted.role or 'admin'}` has no owner", hint="only a member has one"
            )
    if actor.role is Role.MEMBER and owner["team"] != actor.team:
        raise NotFound("there is no such team")
    if actor.role not in (Role.ADMIN, Role.MEMBER):
        only_admins(actor)


def check_name(work: Work, kind: ObjectKind, name: str, within: str | None) -> None:
    """Raises `Conflict` where the name is taken among the objects beside it, `RequestError` where it is none."""
    if not name.isprintable() or name != name.strip() or is_id(name) or name.startswith(("fl-", "fla-")):
        raise RequestError("the name is not one that can be shown or looked up", param="name")
    table = TABLES[kind]
    query = select(table.c.id).where(table.c.deleted.is_(None), table.c.name == name)
    if (beside := _WITHIN.get(kind)) is not None:
        query = query.where(table.c[beside] == within if within is not None else table.c[beside].is_(None))
    if work.connection.execute(query.limit(1)).scalar() is not None:
        raise Conflict(f"there is a {kind} `{name}` already", hint="choose another name")


def rename(work: Work, kind: ObjectKind, row: AnyRow, name: str) -> None:
    """Raises where the row cannot have that name."""
    if name != row.name:
        check_name(work, kind, name, getattr(row, _WITHIN.get(kind, ""), None))


def limit(work: Work, kind: ObjectKind, row: AnyRow, rights: Rights) -> None:
    """Raises where the row cannot have those rights."""
    check_rights(work, rights, [_read_rights(each.rights) for each in work.lineage(row).above(row)], kind)


def check_rights(work: Work, rights: Rights, above: list[Rights], kind: ObjectKind) -> None:
    """Raises `RequestError` for rights that cannot be read or that are more than there is to give."""
    if why := wrong(rights):
        raise RequestError(f"the rights cannot be read: {why}", param="rights")
    if why := Granted(above).excess(rights):
        raise RequestError(
            f"the {kind} would have more than what it belongs to: {why}", hint="narrow its `rights`", param="rights"
        )
    if rights.config_override and work.actor.role is Role.MEMBER and not _overrides(work.actor, above):
        raise Forbidden(f"the {kind} could do more than the key that makes it: `config_override`", hint=_ADMINS_GIVE)
    if why := work.actor.rights.beyond([*above, rights]):
        raise Forbidden(f"the {kind} could do more than the key that makes it: {why}", hint="narrow its `rights`")


def _overrides(actor: Principal, above: list[Rights]) -> bool:
    return actor.rights.overrides_config or Granted(above).overrides_config


def change_of(work: Work, kind: ObjectKind, row: AnyRow, wanted: Change) -> dict[str, object]:
    """The columns that become different. Raises where they cannot."""
    values: dict[str, object] = {}
    if isinstance(wanted.name, str):
        rename(work, kind, row, wanted.name)
        values["name"] = wanted.name
    if isinstance(wanted.tags, list):
        values["tags"] = json_of(wanted.tags)
    if isinstance(wanted.rights, Rights):
        limit(work, kind, row, wanted.rights)
        values["rights"] = json_of(wanted.rights)
    budgets, limits = wanted.budgets, wanted.limits
    if (budgets or limits) and getattr(row, "kind", "client") == "admin":
        raise _spends_nothing()
    allowances.check(budgets or [], limits or [])
    values |= {
        name: allowances.kept(said) for name, said in (("budgets", budgets), ("limits", limits)) if said is not UNSET
    }
    return values


def _spends_nothing() -> RequestError:
    return RequestError(
        "an admin key makes no calls, and has no budgets and no limits", hint="give them to a client key"
    )


def _levels(work: Work, owner: dict[str, Any]) -> list[Rights]:
    found = []
    for kind in ABOVE:
        if (of := owner.get(kind)) is not None:
            table = TABLES[kind]
            rights = work.connection.execute(select(table.c.rights).where(table.c.id == of)).scalar_one()
            found.append(_read_rights(rights))
    return found
