"""The page on dialects says what the codecs do, and a cell that says `yes` means it."""

import pytest

from fairlead.dialects import hub
from tests.docs.documents import GENERATOR, page
from tests.matrix.features import BARE, COUNTED, SAYINGS, WISHES, Wish
from tests.matrix.matrix import CARRIED, DROPPED, REFUSED, asked, broken, others, sayings, told, wishes

every_client = pytest.mark.parametrize("client", hub.CLIENTS)


def test_the_page_is_current() -> None:
    written = page("docs/reference/dialects.md").text
    parts = [name for name in GENERATOR.PARTS if name.startswith("dialect-")]
    assert parts
    assert [name for name in parts if GENERATOR.PARTS[name]() not in written] == [], "run `make docs`"


@pytest.mark.parametrize("provider", hub.PROVIDERS)
def test_a_bare_request_loses_nothing(provider: str) -> None:
    losses, _ = told(provider, BARE)
    assert (losses.meaning, losses.hints) == ([], [])


@every_client
def test_a_provider_gets_what_a_cell_says_it_gets(client: str) -> None:
    found = {(provider, wish.name): broken(client, provider, wish) for wish in WISHES for provider in others(client)}
    assert {place: what for place, what in found.items() if what} == {}


@every_client
def test_every_cell_says_one_of_three_things(client: str) -> None:
    assert {cell for _, cells in wishes(client) for cell in cells} == {CARRIED, DROPPED, REFUSED}


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish.name)
def test_every_wish_is_one_that_some_client_can_have(wish: Wish) -> None:
    assert any(asked(client, wish) for client in hub.CLIENTS)


def test_every_count_of_a_usage_has_its_row() -> None:
    assert {name.replace("_", " ") for name in COUNTED} <= {saying.name for saying in SAYINGS}


def test_every_saying_reaches_some_client_but_what_one_provider_alone_knows() -> None:
    unheard = [saying.name for saying, cells in sayings() if CARRIED not in cells]
    assert unheard == ["what one provider alone knows"]
