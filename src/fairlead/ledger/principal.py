"""Who a key stands for."""

from dataclasses import dataclass
from enum import StrEnum

from fairlead.ledger.rights import EVERYTHING, Granted


class Role(StrEnum):
    """What a key is for: calls, or one of three ways to administer."""

    CLIENT = "client"
    MEMBER = "member"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a key stands for: its name and id, whose it is, and what it may do. An id is empty where there is none."""

    name: str
    key: str = ""
    role: Role = Role.CLIENT
    organisation: str = ""
    team: str = ""
    user: str = ""
    tags: tuple[str, ...] = ()
    rights: Granted = EVERYTHING
