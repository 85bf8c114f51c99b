"""Both sides of the dialect are what the gateway takes them for."""

from fairlead.dialects.codec import ClientSide, ProviderSide
from fairlead.dialects.responses import CLIENT, PROVIDER

SIDES: tuple[ClientSide, ProviderSide] = (CLIENT, PROVIDER)


def test_both_sides_have_the_name_of_the_dialect() -> None:
    assert {side.name for side in SIDES} == {"openai-responses"}
