import tomllib
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

from fairlead.errors import ConfigError
from fairlead.providers import catalog
from fairlead.providers.catalog import build, load_rows
from fairlead.providers.row import Capability, Dialect, ProviderEntry, Timeouts
from fairlead.secret import Secret

ROWS = Path(catalog.__file__).with_name("vendors.toml")


def refused(entries: dict[str, ProviderEntry], **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        build(entries, environ)
    return str(caught.value)


def test_every_row_is_read_and_has_what_a_provider_needs() -> None:
    for name, row in load_rows().items():
        assert row.dialect in get_args(Dialect), name
        assert row.api_key_env or row.key_optional, name
        assert row.api_key is None, name
        assert row.base_url is None or row.base_url.startswith("https://") or name == "ollama", name
        assert row.base_url is None or row.base_url == row.base_url.rstrip("/"), name


def test_a_row_has_at_most_ten_lines() -> None:
    lines = [line for line in ROWS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    starts = [at for at, line in enumerate(lines) if line.startswith("[")]
    counts = {lines[at]: after - at for at, after in pairwise([*starts, len(lines)])}
    assert list(counts) == [f"[{name}]" for name in load_rows()]
    assert {name: count for name, count in counts.items() if count > 10} == {}
    assert max(map(len, lines)) <= 130


def test_a_word_for_several_capabilities_stands_for_each() -> None:
    providers = build({"perplexity": ProviderEntry(capabilities=["text", "media_in", "rerank"])}, {})
    able = {"chat", "streaming", "tools", "structured_output", "images_in", "documents_in", "audio_in", "rerank"}
    assert providers["perplexity"].cannot == {*get_args(Capability)} - able
    assert load_rows()["groq"].capabilities == [
        *("chat", "streaming", "tools", "structured_output"),
        *("images_in", "reasoning", "speech", "transcriptions"),
    ]


def test_every_row_says_what_it_can_do_unless_that_is_anothers_to_say() -> None:
    rows = load_rows()
    assert [name for name, row in rows.items() if not row.capabilities] == ["custom", "portkey"]
    for name, row in rows.items():
        said = row.capabilities or []
        assert said == [word for word in get_args(Capability) if word in said], name


def test_what_a_row_does_not_list_it_cannot_do() -> None:
    providers = build({}, {})
    assert providers["perplexity"].cannot >= {"tools", "embeddings"}
    assert providers["stability"].cannot == {*get_args(Capability)} - {"images_out"}
    assert providers["openai"].cannot == {"rerank"}
    assert providers["custom"].cannot == frozenset()


def test_an_entry_says_anew_what_its_provider_can_do() -> None:
    entry = ProviderEntry(capabilities=["chat", "tools"])
    assert "tools" not in build({"perplexity": entry}, {})["perplexity"].cannot
    assert "streaming" in build({"perplexity": entry}, {})["perplexity"].cannot
    own = ProviderEntry(dialect="openai-chat", base_url="https://own.example/v1")
    assert build({"own": own}, {})["own"].cannot == frozenset()


def test_rows_come_in_the_order_of_the_file() -> None:
    assert list(load_rows()) == list(tomllib.loads(ROWS.read_text(encoding="utf-8")))
    assert list(load_rows())[:3] == ["openrouter", "aimlapi", "openai"]
    assert list(load_rows())[-2:] == ["local", "echo"]


def test_nobody_can_change_the_shipped_rows() -> None:
    load_rows().clear()
    assert load_rows()


def test_no_two_providers_claim_one_variable_or_one_pattern() -> None:
    variables: list[str] = []
    patterns: list[str] = []
    for row in load_rows().values():
        names = row.api_key_env or []
        variables += [names] if isinstance(names, str) else names
        variables += [row.base_url_env] if row.base_url_env else []
        patterns += row.models or []
    assert len(set(variables)) == len(variables)
    assert len(set(patterns)) == len(patterns)


def test_whose_streams_report_usage_unasked() -> None:
    always = {name for name, row in load_rows().items() if row.usage == "always"}
    assert always == {"openrouter", "mistral", "perplexity"}


def test_the_key_comes_from_the_first_variable_that_holds_one() -> None:
    both = build({}, {"AIMLAPI_KEY": " one\n", "AIMLAPI_API_KEY": "two"})["aimlapi"]
    assert (both.api_key, both.key_source) == (Secret("one"), "AIMLAPI_KEY")
    second = build({}, {"AIMLAPI_KEY": "  ", "AIMLAPI_API_KEY": "two"})["aimlapi"]
    assert (second.api_key, second.key_source) == (Secret("two"), "AIMLAPI_API_KEY")
    assert second.key_env == ("AIMLAPI_KEY", "AIMLAPI_API_KEY")
    neither = build({}, {"AIMLAPI_KEY": ""})["aimlapi"]
    assert (neither.api_key, neither.key_source, neither.usable) == (None, None, False)


def test_a_key_in_the_configuration_wins_over_a_variable() -> None:
    provider = build({"groq": ProviderEntry(api_key=" mine ")}, {"GROQ_API_KEY": "other"})["groq"]
    assert (provider.api_key, provider.key_source) == (Secret("mine"), "config")
    empty = build({"groq": ProviderEntry(api_key="")}, {"GROQ_API_KEY": "other"})["groq"]
    assert (empty.api_key, empty.key_source) == (Secret("other"), "GROQ_API_KEY")


def test_a_key_is_not_in_the_text_of_a_provider() -> None:
    assert "sk-canary" not in repr(build({"groq": ProviderEntry(api_key="sk-canary")}, {"XAI_API_KEY": "sk-canary"}))


def test_an_entry_is_laid_over_its_row_field_by_field() -> None:
    provider = build({"openrouter": ProviderEntry(default_model="mine")}, {"OPENROUTER_API_KEY": "k"})["openrouter"]
    assert (provider.default_model, provider.base_url) == ("mine", "https://openrouter.ai/api/v1")
    assert (provider.usage, provider.dialect, provider.key_source) == ("always", "openai-chat", "OPENROUTER_API_KEY")


def test_headers_and_timeouts_are_laid_over_one_by_one() -> None:
    row = ProviderEntry(headers={"X-A": "1", "X-B": "2"}, timeouts=Timeouts(connect=1, total=9))
    over = ProviderEntry(headers={"x-b": "3", "X-C": "4"}, timeouts=Timeouts(total=5))
    laid = catalog.overlay(row, over)
    assert laid.headers == {"X-A": "1", "x-b": "3", "X-C": "4"}
    assert laid.timeouts == Timeouts(connect=1, total=5)


def test_what_is_not_said_keeps_the_row() -> None:
    row = ProviderEntry(headers={"X-A": "1"}, timeouts=Timeouts(connect=1))
    assert catalog.overlay(row, ProviderEntry()) == row


def test_raw_fidelity_means_no_quirks() -> None:
    entry = ProviderEntry(quirks=["one"])
    assert build({"groq": entry}, {})["groq"].quirks == ("one",)
    raw = catalog.overlay(entry, ProviderEntry(fidelity="raw"))
    assert build({"groq": raw}, {})["groq"].quirks == ()


def test_a_base_url_has_no_slash_at_its_end() -> None:
    assert build({"groq": ProviderEntry(base_url="http://h/v1//")}, {})["groq"].base_url == "http://h/v1"


def test_a_variable_moves_a_provider() -> None:
    for name, variable in (
        ("aimlapi", "AIMLAPI_BASE_URL"),
        ("openai", "OPENAI_BASE_URL"),
        ("custom", "CUSTOM_API_URL"),
    ):
        assert build({}, {variable: " http://h/v1/ "})[name].base_url == "http://h/v1"
    assert build({}, {"OPENAI_BASE_URL": ""})["openai"].base_url == "https://api.openai.com/v1"


def test_without_any_key_only_what_fairlead_runs_is_set_up() -> None:
    providers = build({}, {})
    assert [name for name, provider in providers.items() if provider.configured] == ["local", "echo"]


@pytest.mark.parametrize(
    ("entries", "environ", "named"),
    [
        ({"ollama": ProviderEntry()}, {}, ()),
        ({}, {"OLLAMA_BASE_URL": "http://h/v1"}, ()),
        ({}, {"OLLAMA_API_KEY": "k"}, ()),
        ({}, {}, ("ollama",)),
    ],
)
def test_a_provider_that_needs_no_key_is_set_up_once_somebody_says_so(
    entries: dict[str, ProviderEntry], environ: dict[str, str], named: tuple[str, ...]
) -> None:
    providers = build(entries, environ, named)
    assert providers["ollama"].configured
    assert providers["ollama"].usable
    assert not providers["custom"].configured


def test_a_provider_of_ones_own_comes_before_the_last_resorts() -> None:
    own = ProviderEntry(dialect="openai-chat", base_url="http://h/v1", key_optional=True)
    providers = build({"mine": own}, {})
    assert list(providers)[-3:] == ["mine", "local", "echo"]
    assert providers["mine"].usable
    assert providers["mine"].configured


def test_a_provider_of_ones_own_needs_a_dialect() -> None:
    assert "providers.mine.dialect: missing" in refused({"mine": ProviderEntry(base_url="http://h")})


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        (ProviderEntry(headers={"X-A": "a\r\nX-B: b"}), "a header's value is one line of ASCII"),
        (ProviderEntry(headers={"X-A": "a\0"}), "a header's value is one line of ASCII"),
        (ProviderEntry(headers={"X-A\n": "b"}), "not the name of a header"),
        (ProviderEntry(api_key="sk-canary\nX: y"), "a key is one line of ASCII"),
        (ProviderEntry(base_url="https://u:sk-canary@h"), "a URL with a name or password in it"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_being_shown(entry: ProviderEntry, part: str) -> None:
    said = refused({"groq": entry})
    assert part in said
    assert "canary" not in said


def test_a_bad_variable_is_named() -> None:
    said = refused({}, OPENAI_BASE_URL="localhost:8080", GROQ_API_KEY="a\nb")
    assert "environment OPENAI_BASE_URL: providers.openai.base_url: expected `http://` or `https://` and a host" in said
    assert "environment GROQ_API_KEY: providers.groq.api_key: a key is one line of ASCII" in said
