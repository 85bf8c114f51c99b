"""Members of a JSON object change one by one; every other byte stays."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fairlead.dialects.members import Members
from fairlead.errors import RequestError

SPACE = st.text(alphabet=" \t\r\n", max_size=3)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ['"', "\\", 'a"b', "\\u0061", "}", "{", ",", ":", "é", "\U0001f600", "model", "stream"]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def spelled(draw: st.DrawFn, value: Any) -> str:
    """One of the ways to write a value."""
    return json.dumps(value, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 0, 2])))


def laid_out(draw: st.DrawFn, members: list[tuple[str, str]]) -> bytes:
    """An object of these members, with space wherever JSON allows it."""

    def spaced(*tokens: str) -> str:
        return "".join(draw(SPACE) + token for token in tokens) + draw(SPACE)

    inner = ",".join(spaced(name, ":", value) for name, value in members)
    return spaced("{" + (inner or draw(SPACE)) + "}").encode()


@st.composite
def objects(draw: st.DrawFn) -> tuple[bytes, dict[str, bytes]]:
    """An object's bytes, and each member's value as it is written there."""
    values = draw(st.dictionaries(TEXT, JSON, max_size=6))
    written = {name: spelled(draw, value) for name, value in values.items()}
    body = laid_out(draw, [(spelled(draw, name), value) for name, value in written.items()])
    return body, {name: value.encode() for name, value in written.items()}


@given(objects())
def test_a_members_value_is_had_as_it_was_written(given: tuple[bytes, dict[str, bytes]]) -> None:
    body, written = given
    members = Members(body)
    assert {name: members.get(name) for name in written} == written
    assert all(name in members for name in written)
    assert members.get("no such member") is None
    assert members.splice({}) == body


@given(objects(), st.data())
def test_splicing_changes_the_named_members_and_no_other_byte(
    given: tuple[bytes, dict[str, bytes]], data: st.DataObject
) -> None:
    body, written = given
    names = st.sampled_from(sorted(written)) | TEXT if written else TEXT
    changes = data.draw(
        st.dictionaries(names, st.none() | JSON.map(lambda value: json.dumps(value).encode()), max_size=4)
    )
    spliced = Members(body).splice(changes)

    expected = {**written, **changes}
    after = Members(spliced)
    assert {name: after.get(name) for name in expected} == expected
    left = {name: value for name, value in expected.items() if value is not None}
    assert json.loads(spliced) == {name: json.loads(value) for name, value in left.items()}
    untouched = body.split(b"{")[0], body.rpartition(b"}")[2]
    assert (spliced.split(b"{")[0], spliced.rpartition(b"}")[2]) == untouched


@st.composite
def plain(draw: st.DrawFn) -> tuple[list[str], bytes]:
    """The members of an object as most clients write it, without a space, and the object."""
    values = draw(st.dictionaries(TEXT, JSON, min_size=1, max_size=5))
    told = [f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in values.items()]
    return told, f"{{{','.join(told)}}}".encode()


@given(objects() | plain(), st.data())
def test_putting_a_value_is_splicing_it(given: tuple[Any, bytes] | tuple[bytes, Any], data: st.DataObject) -> None:
    body = given[0] if isinstance(given[0], bytes) else given[1]
    name = data.draw(st.sampled_from([*sorted(json.loads(body)), "another"]))
    assert Members(body).put(name, b'"new"') == Members(body).splice({name: b'"new"'})


@given(plain(), st.data())
def test_a_name_that_comes_twice_is_found_where_nothing_but_members_is_written(
    given: tuple[list[str], bytes], data: st.DataObject
) -> None:
    told, _ = given
    again = data.draw(st.sampled_from(told))
    place = data.draw(st.integers(0, len(told)))
    body = f"{{{','.join([*told[:place], again, *told[place:]])}}}".encode()
    with pytest.raises(RequestError):
        Members(body)


@given(objects(), st.data())
def test_replacing_a_value_leaves_all_that_stands_around_it(
    given: tuple[bytes, dict[str, bytes]], data: st.DataObject
) -> None:
    body, written = given
    if not written:
        return
    name = data.draw(st.sampled_from(sorted(written)))
    marked = Members(body).splice({name: b'"<here>"'})
    assert marked.replace(b'"<here>"', written[name], 1) == body


@given(objects(), st.data())
def test_a_name_that_comes_twice_is_refused(given: tuple[bytes, dict[str, bytes]], data: st.DataObject) -> None:
    _, written = given
    if not written:
        return
    name = data.draw(st.sampled_from(sorted(written)))
    value = data.draw(st.sampled_from([written[name].decode(), '"x"', "1", "{}"]))
    twice = data.draw(
        st.permutations([*((json.dumps(each), written[each].decode()) for each in written), (json.dumps(name), value)])
    )
    body = data.draw(st.composite(laid_out)(twice))
    with pytest.raises(RequestError, match="twice"):
        Members(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"a","model":"b"}',
        b'{"model":"a","model":"a"}',
        b'{"model":"a","mo\\u0064el":"b"}',
        b'{"":1,"":2}',
        # A walk that took the last value's length for the first one's would find an end in each of these.
        b'{"model":"ab} x","model":"x"}',
        b'{"a":"}","a":1}',
        b'{"a":1,"c":22,"a":{"x":"pad","c":1}}',
        b'{"a":[1,2],"b":0,"a":[1,2,"b",0]}',
        b'{"a":12,"a":1}',
        b'{"a":1,"a":12}',
        b'{"a":1,"b":2,"c":3,"b":2}',
    ],
)
def test_no_way_of_writing_a_name_twice_is_overlooked(body: bytes) -> None:
    with pytest.raises(RequestError, match="twice"):
        Members(body)


def test_the_error_names_the_member_that_comes_twice() -> None:
    for body in (b'{"a":1,"model":1,"model":2}', b'{"model":1,"a":1,"model":1}', b'{"model":1,"a":1,"model":2,"c":3}'):
        with pytest.raises(RequestError, match='names "model" twice'):
            Members(body)


def test_names_may_repeat_further_in() -> None:
    body = b'{"a":{"x":1,"x":2},"b":[{"y":1,"y":1}]}'
    assert Members(body).splice({"a": None}) == b'{"b":[{"y":1,"y":1}]}'


@pytest.mark.parametrize(
    ("body", "changes", "spliced"),
    [
        (b"{}", {"a": b"1"}, b'{"a":1}'),
        (b"{ }", {"a": b"1", "b": b"2"}, b'{ "a":1,"b":2}'),
        (b'{"a":1}', {"a": None}, b"{}"),
        (b'{"a":1}', {"a": None, "b": b"2"}, b'{"b":2}'),
        (b'{"a":1,"b":2}', {"a": None}, b'{"b":2}'),
        (b'{"a":1,"b":2}', {"b": None}, b'{"a":1}'),
        (b'{"a":1,"b":2}', {"b": None, "a": None}, b"{}"),
        (b'{"a":1, "b":2 ,"c":3}', {"b": None}, b'{"a":1 ,"c":3}'),
        (b' {\n"a" : 1 ,\n"b":2\n}\n', {"a": b"7", "c": b"3"}, b' {\n"a" : 7 ,\n"b":2\n,"c":3}\n'),
        (b'{"a":1}', {"x": None}, b'{"a":1}'),
        (b'{"a":"}"}', {"b": b'"}"'}, b'{"a":"}","b":"}"}'),
        (b'{"\\u0061":1}', {"a": b"2"}, b'{"\\u0061":2}'),
        (b'{"b":1,"a":2}', {"a": b"3", "b": b"4"}, b'{"b":4,"a":3}'),
        (b'{"a":1}', {'é"': b"2"}, '{"a":1,"é\\"":2}'.encode()),
    ],
)
def test_splicing(body: bytes, changes: dict[str, bytes | None], spliced: bytes) -> None:
    assert Members(body).splice(changes) == spliced


@given(st.binary(max_size=60))
@example(b"")
@example(b"{")
@example(b"[]")
@example(b"null")
@example(b"{}{}")
@example(b'{"a":1,}')
@example(b'{"a":"\xff"}')
@example(b'{"\xff":1}')
@example(b'{"a":"\\ud800"}')
@example(b'{"a":NaN}')
@example(b"\xef\xbb\xbf{}")
@example('{"a":1}'.encode("utf-16"))
@example(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
@example(b"{" * 100_000)
def test_anything_else_is_refused(body: bytes) -> None:
    try:
        members = Members(body)
    except RequestError as error:
        assert error.status == 400  # noqa: PT017 - or it is an object after all
    else:
        assert members.splice({}) == body
        assert isinstance(json.loads(body), dict)
