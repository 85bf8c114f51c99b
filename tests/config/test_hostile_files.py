"""Whatever a file says, loading it gives a configuration or a `ConfigError`, and nothing else."""

import tempfile
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.config.load import load
from fairlead.errors import ConfigError

WORDS = st.sampled_from(
    """
    server port host drain app title providers groq mine dialect openai-chat base_url http://h/v1 api_key api_key_env
    headers timeouts total models targets provider model aliases intents code primary fallback default_provider
    log_level INFO null true 1 -1 .inf 1e400 0x_ 0b_ 1:2:3 2026-01-01 !!int !!bool << *a &a ${A} ${file:x} $$
    """.split()  # noqa: SIM905 - a list of 48 strings is a page of quotes
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=25,
)


def survives(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fairlead.yaml"
        path.write_bytes(text.encode("utf-8", "replace"))
        try:
            assert load(None, {"A": "0x_"}, Path(folder)).settings
        except ConfigError as exc:
            if not exc.problems:
                raise AssertionError("an error that says nothing") from exc


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(WORDS, VALUES, max_size=5))
def test_any_values(value: dict[str, object]) -> None:
    survives(yaml.safe_dump(value))


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS | st.sampled_from([":", ": ", "\n", "\n  ", "- ", "{", "}", "[", "]", ", ", "'", '"', "#", " "])))
def test_any_text(parts: list[str]) -> None:
    survives("".join(parts))
