"""Signatures of AWS: what AWS publishes, and what its own client makes of the same requests."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import ConfigError
from fairlead.upstream.sigv4 import Credentials, credentials, region_of, sign

KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
LENT = Credentials(KEY.access_key, KEY.secret_key, "IQoJb3JpZ2luX2VjEXAMPLE//token==")
SUITE, NOW = 1440938160.0, 1795263000.0
EXAMPLE = "https://example.amazonaws.com"
BEDROCK = "https://bedrock-runtime.{}.amazonaws.com/model/{}"
JSON = ("content-type", "application/json")

# The first three are of AWS's test suite (`get-vanilla`, `post-vanilla`, `get-vanilla-query-order-key-case`); all were
# compared with what botocore 1.44.5 gives, on 2026-11-21.
SIGNED: list[tuple[tuple[Any, ...], float, str, str]] = [
    (
        ("GET", f"{EXAMPLE}/", [], b"", KEY, "us-east-1", "service"),
        SUITE,
        "host;x-amz-date",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    (
        ("POST", f"{EXAMPLE}/", [], b"", KEY, "us-east-1", "service"),
        SUITE,
        "host;x-amz-date",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ),
    (
        ("GET", f"{EXAMPLE}/?Param2=value2&Param1=value1", [], b"", KEY, "us-east-1", "service"),
        SUITE,
        "host;x-amz-date",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    (
        ("GET", f"{EXAMPLE}/example/..//./x/", [], b"", KEY, "us-east-1", "service"),
        SUITE,
        "host;x-amz-date",
        "f2f7b22fa9bfc69529126ab5a745d9d5f8ccba9990e3f1f871fad8bd3de6f8c1",
    ),
    (
        (
            "POST",
            f"{EXAMPLE}/",
            [("My-Header1", "  value1  with   spaces ")],
            b"Param1=value1",
            KEY,
            "us-east-1",
            "service",
        ),
        SUITE,
        "host;my-header1;x-amz-date",
        "4bbe7a192ee5e227615a5c73d56e8b8f98cc2febd623adadd5977c0a482bdf9d",
    ),
    (
        (
            "POST",
            BEDROCK.format("us-east-1", "us.anthropic.claude-opus-4-7/converse"),
            [JSON],
            b'{"messages":[]}',
            KEY,
            "us-east-1",
        ),
        NOW,
        "content-type;host;x-amz-date",
        "69880558e7fe69b4cad4d4979abbedc7c56625dfcb2e1fd288487fe5175fdf35",
    ),
    (
        (
            "POST",
            BEDROCK.format("eu-west-1", "amazon.nova-lite-v1%3A0/converse-stream"),
            [("Content-Type", JSON[1]), ("Accept", "application/vnd.amazon.eventstream")],
            '{"messages":[{"role":"user","content":[{"text":"hé"}]}]}'.encode(),
            LENT,
            "eu-west-1",
        ),
        NOW,
        "accept;content-type;host;x-amz-date;x-amz-security-token",
        "3c259d8a5d75cb0fe0f637dd04096094cbc3fe2e027f0e180fba082fc063b1e7",
    ),
    (
        (
            "POST",
            (
                "http://localhost:4566/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse"
                "?b=2&a=1&b=1"
            ),
            [],
            b"{}",
            KEY,
            "us-east-1",
        ),
        0.0,
        "host;x-amz-date",
        "840acbbcfd15e126a212b4c78461e6171d50089d9250dadf04bbb7115a5f94e6",
    ),
]


@pytest.mark.parametrize(("request_", "at", "names", "signature"), SIGNED)
def test_a_signature_is_the_one_that_aws_makes(request_: Any, at: float, names: str, signature: str) -> None:
    proof = dict(sign(*request_, at=at))["authorization"]
    assert proof.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert proof.endswith(f", SignedHeaders={names}, Signature={signature}")


def test_the_scope_has_the_day_the_region_and_the_service() -> None:
    proof = dict(sign("POST", "https://h/", [], b"", KEY, "eu-west-1", at=NOW))["authorization"]
    assert "Credential=AKIDEXAMPLE/20261121/eu-west-1/bedrock/aws4_request," in proof


def test_a_lent_key_sends_its_token() -> None:
    assert ("x-amz-security-token", LENT.session_token) in sign("GET", "https://h/", [], b"", LENT, "r", at=NOW)
    assert [name for name, _ in sign("GET", "https://h/", [], b"", KEY, "r", at=NOW)] == ["x-amz-date", "authorization"]


@given(st.integers(0, 2**33))
def test_the_date_is_the_time_that_was_given(at: int) -> None:
    assert dict(sign("GET", "https://h/", [], b"", KEY, "r", at=at))["x-amz-date"] == time.strftime(
        "%Y%m%dT%H%M%SZ", time.gmtime(at)
    )


def test_what_others_change_on_the_way_is_not_signed() -> None:
    plain = sign("GET", "https://h/", [], b"", KEY, "r", at=NOW)
    assert sign("GET", "https://h/", [("User-Agent", "x"), ("connection", "close")], b"", KEY, "r", at=NOW) == plain


def test_a_port_is_signed_unless_it_is_the_schemes_own() -> None:
    def of(url: str) -> Any:
        return sign("GET", url, [], b"", KEY, "r", at=NOW)

    assert of("https://h:443/") == of("https://h/") == of("https://H/")
    assert of("https://h:444/") != of("https://h/")
    assert of("https://h/") == sign("GET", "https://h/", [("Host", "h")], b"", KEY, "r", at=NOW)


@given(st.binary(max_size=8), st.binary(max_size=8))
def test_another_body_has_another_signature(one: bytes, other: bytes) -> None:
    same = sign("POST", "https://h/", [], one, KEY, "r", at=NOW) == sign(
        "POST", "https://h/", [], other, KEY, "r", at=NOW
    )
    assert same == (one == other)


def test_credentials_are_read_and_not_shown() -> None:
    assert credentials("A:s/+=") == Credentials("A", "s/+=")
    assert credentials(" A : s : t ") == Credentials("A", "s", "t")
    assert "s/+" not in repr(credentials("A:s/+:t/+"))


@pytest.mark.parametrize("text", ["", "A", "A:", ":s", "A:s:", "A:s:t:u"])
def test_what_is_no_key_of_aws_is_refused_without_saying_it(text: str) -> None:
    with pytest.raises(ConfigError, match="none of AWS's") as caught:
        credentials(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.us-east-1.amazonaws.com", "us-east-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("vpce-1-2.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "eu-west-1"),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("localhost:4566", None),
        ("notbedrock-runtime.us-east-1.amazonaws.com", None),
    ],
)
def test_a_region_is_read_from_bedrocks_host(host: str, region: str | None) -> None:
    assert region_of(host) == region
