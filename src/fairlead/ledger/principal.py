"""Who a key stands for."""

from dataclasses import dataclass
from enum import StrEnum

from fairlead.ledger.budgets.rule import Rule as Budget
from fairlead.ledger.limits.gate import Rule as Limit
from fairlead.ledger.rights import EVERYTHING, Granted


class Role(StrEnum):
    """What a key is for: calls, or one of three ways to administer."""

    CLIENT = "client"
    MEMBER = "member"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a key stands for: its name and id, whose it is, and what it may do. An id is empty where there is none.

    `names` says what its owners are called, by kind, a user as `TEAM/NAME`. `budgets` and `limits` are its own and
    its owners'.
    """

    name: str
    key: str = ""
    role: Role = Role.CLIENT
    organisation: str = ""
    team: str = ""
    user: str = ""
    tags: tuple[str, ...] = ()
    rights: Granted = EVERYTHING
    names: tuple[tuple[str, str], ...] = ()
    budgets: tuple[Budget, ...] = ()
    limits: tuple[Limit, ...] = ()
