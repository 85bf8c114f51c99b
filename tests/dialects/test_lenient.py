"""JSON as vendors send it is read, and what is read can be written again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.dialects import lenient

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_what_was_written_is_read(value: Any) -> None:
    assert lenient.loads(json.dumps(value).encode()) == value
    assert lenient.loads(lenient.dumps(value)) == value


def test_half_a_surrogate_pair_is_read_and_written_as_it_came() -> None:
    data = b'{"content":"\\ud83d"}'
    assert lenient.dumps(lenient.loads(data)) == data
    assert lenient.text(lenient.loads(data)["content"]) == "?"
    assert lenient.text("é\U0001f600") == "é\U0001f600"


@pytest.mark.parametrize(
    "data", [b"", b"{", b"NaN", b"[Infinity]", b"1e400", b'"\xff"', b"[" * 100_000, '{"a":1}'.encode("utf-16")]
)
def test_what_is_no_json_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        lenient.loads(data)


@given(st.binary(max_size=40))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        value = lenient.loads(data)
    except ValueError:
        return
    assert lenient.loads(lenient.dumps(value)) == value
