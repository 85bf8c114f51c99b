# ruff: noqa: INP001
"""The first schema: who may call, every call and its sums, and the accounts of budgets."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _budgets()
    _organisations()
    _teams()
    _users()
    _keys()
    _audit()
    _calls()
    _sums()
    _tags()


def _required(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return _required(sa.BigInteger(), *names)


def _words(*names: str) -> list[sa.Column[Any]]:
    return _required(sa.String(), *names)


def _id_and_name() -> list[sa.Column[Any]]:
    return [*_required(sa.String(48), "id"), *_required(sa.String(200), "name")]


def _limits_and_life() -> list[sa.Column[Any]]:
    return [
        *_required(sa.Text(), "tags", "rights", "budgets", "limits"),
        *_numbers("created"),
        *_required(sa.Boolean(), "blocked"),
        sa.Column("deleted", sa.BigInteger()),
    ]


def _from_nothing(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _budgets() -> None:
    op.create_table(
        "budget_accounts",
        *_required(sa.Text(), "rule", "whose"),
        *_numbers("start"),
        sa.Column("ends", sa.BigInteger()),
        *map(_from_nothing, ("taken", "spent", "alerted")),
        sa.PrimaryKeyConstraint("rule", "whose", "start", name="pk_budget_accounts"),
    )
    op.create_table(
        "budget_leases",
        *_required(sa.Text(), "process", "rule", "whose"),
        *_numbers("start", "granted"),
        _from_nothing("used"),
        *_numbers("expires"),
        sa.PrimaryKeyConstraint("process", "rule", "whose", "start", name="pk_budget_leases"),
    )
    op.create_index("ix_budget_leases_expires", "budget_leases", ["expires"])


def _organisations() -> None:
    op.create_table(
        "organisations", *_id_and_name(), *_limits_and_life(), sa.PrimaryKeyConstraint("id", name="pk_organisations")
    )


def _teams() -> None:
    op.create_table(
        "teams",
        *_id_and_name(),
        *_required(sa.String(48), "organisation"),
        *_limits_and_life(),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_teams_organisation"),
    )


def _users() -> None:
    op.create_table(
        "users",
        *_id_and_name(),
        *_required(sa.String(48), "organisation", "team"),
        *_limits_and_life(),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_users_organisation"),
        sa.ForeignKeyConstraint(["team"], ["teams.id"], name="fk_users_team"),
    )
    op.create_index("ix_users_team", "users", ["team"])


def _keys() -> None:
    op.create_table(
        "keys",
        *_id_and_name(),
        *_required(sa.String(16), "kind", "role"),
        *_required(sa.String(32), "shown"),
        *_required(sa.String(64), "digest"),
        sa.Column("previous_digest", sa.String(64)),
        sa.Column("previous_until", sa.BigInteger()),
        sa.Column("organisation", sa.String(48)),
        sa.Column("team", sa.String(48)),
        sa.Column("user", sa.String(48)),
        *_limits_and_life(),
        sa.Column("expires", sa.BigInteger()),
        sa.Column("rotated", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
        sa.UniqueConstraint("digest", name="uq_keys_digest"),
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name="fk_keys_organisation"),
        sa.ForeignKeyConstraint(["team"], ["teams.id"], name="fk_keys_team"),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_keys_user"),
    )
    for column in ("previous_digest", "team", "user"):
        op.create_index(f"ix_keys_{column}", "keys", [column])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        *_numbers("at"),
        *_required(sa.String(200), "actor"),
        *_required(sa.String(48), "actor_key"),
        *_required(sa.String(32), "action", "object_kind"),
        *_required(sa.String(48), "object_id"),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        *_required(sa.String(64), "previous_hash", "hash"),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_object", "audit", ["object_kind", "object_id"])
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *_numbers("counter", "records"),
        *_required(sa.String(64), "head", "seal", "pepper"),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
    )


def _calls() -> None:
    op.create_table(
        "calls",
        *_words("id"),
        *_required(sa.Text(), "line"),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
    )
    op.create_table(
        "call_places",
        *_words("name", "value", "last", "first"),
        sa.PrimaryKeyConstraint("name", "value", "last", name="pk_call_places"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "call_bodies",
        *_words("id"),
        *_numbers("at"),
        *_required(sa.Text(), "request", "reply"),
        sa.PrimaryKeyConstraint("id", name="pk_call_bodies"),
    )
    op.create_index("ix_call_bodies_at", "call_bodies", ["at"])
    op.create_table(
        "journal_segments",
        *_words("name"),
        *_numbers("read", "at"),
        sa.PrimaryKeyConstraint("name", name="pk_journal_segments"),
    )


def _sums() -> None:
    by = ("key", "team", "user", "model", "provider", "endpoint", "outcome")
    tokens = ("input", "output", "cached", "reasoning", "cache_write", "cache_write_1h", "audio_input", "audio_output")
    bounds = (10, 25, 50, 100, 250, 500, 1000, 1750, 2500, 5000, 7500, 10000, 20000, 30000, 60000, 120000, 300000)
    op.create_table(
        "call_sums",
        *_required(sa.SmallInteger(), "span"),
        *_numbers("at"),
        *_words(*by),
        *_numbers("calls", "rescued", "cache_hits", "saved", "cost", "unknown", "estimated"),
        *_numbers(*(f"{kind}_tokens" for kind in tokens)),
        *_numbers("total_us", "overhead_us", "first_us", "firsts"),
        *_numbers(*(f"within_{bound}" for bound in bounds), "beyond"),
        sa.PrimaryKeyConstraint("span", "at", *by, name="pk_call_sums"),
        sqlite_with_rowid=False,
    )


def _tags() -> None:
    op.create_table(
        "call_tags",
        *_required(sa.SmallInteger(), "span"),
        *_numbers("at"),
        *_words("tag"),
        *_numbers("calls", "cost", "unknown", "input_tokens", "output_tokens"),
        sa.PrimaryKeyConstraint("span", "at", "tag", name="pk_call_tags"),
        sqlite_with_rowid=False,
    )
