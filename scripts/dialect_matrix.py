"""What each dialect carries for each other one, as the tables of docs/reference/dialects.md; `generate_docs.py` asks.

The cells come from `tests/matrix`, which carries each thing through the codecs and holds them to what they say.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.matrix import matrix
from tests.matrix.losses import LOSSES
from tests.matrix.otherwise import OTHERWISE

from fairlead.dialects import hub


def requests() -> str:
    """For every client's dialect: what it can ask for, and what becomes of it at a provider of another dialect."""
    return "\n\n".join(_requests(client) for client in hub.CLIENTS)


def _requests(client: str) -> str:
    providers = [f"`{name}`" for name in matrix.others(client)]
    rows = ([wish.group, wish.name, *cells] for wish, cells in matrix.wishes(client))
    missing = ", ".join(matrix.unsayable(client))
    return f"### From `{client}`\n\n{_table(('', 'asks for', *providers), rows)}\n\nIt has no words for: {missing}."


def replies() -> str:
    """What an answer can say, and what a client of each dialect gets of it."""
    clients = [f"`{name}`" for name in hub.CLIENTS]
    return _table(("", "says", *clients), ([saying.group, saying.name, *cells] for saying, cells in matrix.sayings()))


def losses() -> str:
    """What recorded answers lose."""
    return _table(("client", "what", "why"), ([f"`{each.dialect}`", each.feature, each.why] for each in LOSSES))


def otherwise() -> str:
    """What requests say in other words."""
    return _table(("provider", "what", "how"), ([f"`{each.dialect}`", each.feature, each.why] for each in OTHERWISE))


def models() -> str:
    """The models that the cells were made with."""
    return _table(("provider", "model"), ([f"`{name}`", f"`{model}`"] for name, model in matrix.MODELS.items()))


def _table(head: Iterable[str], rows: Iterable[list[str]]) -> str:
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines += _grouped(rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _grouped(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """The rows, in which a first cell that repeats the one above is empty."""
    above = ""
    for first, *rest in rows:
        yield ["" if first == above else first, *rest]
        above = first


PARTS: Final = {
    "dialect-requests": requests,
    "dialect-replies": replies,
    "dialect-losses": losses,
    "dialect-otherwise": otherwise,
    "dialect-models": models,
}
