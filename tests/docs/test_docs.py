"""The documents say what the code says, and their links, commands and words hold."""

import re
import shlex

import click
import pytest

from fairlead.cli import answer
from fairlead.cli.root import COMMANDS
from fairlead.clock import Clock
from fairlead.config.environment import VARIABLES
from fairlead.config.spending import Limit
from fairlead.dialects.envelope import Envelope
from fairlead.dialects.openai import errors as openai_errors
from fairlead.dialects.openai.chat import CHAT
from fairlead.errors import Failure, FailureKind, FairleadError, Unauthorized
from fairlead.http.exchange import error_headers
from fairlead.http.routes import KEY_HEADERS
from fairlead.ledger.budgets.rules import Facts
from fairlead.ledger.costs import Cost
from fairlead.ledger.limits.gate import Amounts, Gate, rules
from fairlead.observe.metrics import Metrics
from fairlead.pipeline import headers
from fairlead.pipeline.call import Attempt, Call, CallRequest, Principal
from fairlead.pipeline.facts import METADATA
from fairlead.pipeline.failures import final
from fairlead.pipeline.metadata import HEADER as ROUTER_METADATA
from fairlead.providers.catalog import load_rows
from fairlead.providers.row import Provider
from fairlead.routing import by_role
from fairlead.routing.disposition import Blame, disposition
from fairlead.routing.facts import SESSION_HEADERS
from fairlead.routing.openrouter.asked import HEADERS as SESSIONS
from fairlead.routing.plan import Plan, Target
from fairlead.upstream.api import Clocks
from tests.docs.documents import GENERATOR, PAGES, REPO, Page, page

SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted((REPO / "src").rglob("*.py"))}
every_page = pytest.mark.parametrize("document", PAGES, ids=[each.name for each in PAGES])


def test_no_generated_part_has_drifted() -> None:
    assert list(GENERATOR.drift()) == [], "run `make docs`"


def test_every_part_that_can_be_generated_stands_somewhere() -> None:
    standing = {name for each in PAGES for name in re.findall(r"<!-- generated: ([a-z-]+) -->", each.text)}
    assert standing == set(GENERATOR.PARTS)


def test_check_shows_what_would_change_and_fails(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = tmp_path / "page.md"
    stale.write_text("<!-- generated: verbs -->\nold\n<!-- end -->\n")
    monkeypatch.setitem(GENERATOR.main.__globals__, "pages", lambda: [stale])
    monkeypatch.setitem(GENERATOR.main.__globals__, "REPO", tmp_path)
    monkeypatch.setitem(GENERATOR.main.__globals__, "PARTS", {"verbs": lambda: "new"})
    monkeypatch.setitem(GENERATOR.main.__globals__, "_intents", lambda: (stale, "", ""))
    assert GENERATOR.main(["--check"]) == 1
    assert "-old" in capsys.readouterr().out
    assert GENERATOR.main([]) == 0
    assert "\nnew\n" in stale.read_text()
    assert GENERATOR.main(["--check"]) == 0


@every_page
def test_every_link_leads_somewhere(document: Page) -> None:
    for link in document.links:
        target, _, anchor = link.partition("#")
        path = (document.path.parent / target).resolve() if target else document.path
        assert path.exists(), link
        assert path.is_relative_to(REPO), link
        if anchor:
            assert anchor in Page(path).anchors, link


@every_page
def test_every_path_of_the_project_that_is_named_exists(document: Page) -> None:
    named = (re.fullmatch(r"(?:src|tests|docs|scripts|bench)/[\w./-]+", span) for span in document.spans)
    assert [found[0] for found in named if found and ".work" not in found[0] and not (REPO / found[0]).exists()] == []


def there(path: str) -> bool:
    """Whether something of the project has this path, written from its root or from its source."""
    return any((root / path).exists() for root in (REPO, REPO / "src" / "fairlead"))


FOLDERS = sorted(path.name for path in (REPO / "src" / "fairlead").iterdir() if (path / "__init__.py").exists())
IN_SOURCE = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]*")


def test_a_path_that_is_not_there_is_seen() -> None:
    named = ["dialects/framing.py", "pipeline/passing.py", "dialects/", "dialects/framings.py", "src/fairlead/hub.py"]
    assert [there(path) for path in named] == [True, True, True, False, False]
    assert IN_SOURCE.fullmatch("dialects/framings.py")


@every_page
def test_every_path_within_the_source_that_is_named_exists(document: Page) -> None:
    assert [span for span in document.spans if IN_SOURCE.fullmatch(span) and not there(span)] == []


@every_page
def test_every_module_that_a_link_is_called_by_is_the_one_that_it_leads_to(document: Page) -> None:
    called = re.findall(r"\[`([\w/]+\.\w+)`\]\(([^)\s#]+)", document.unfenced)
    assert [pair for pair in called if not pair[1].endswith(pair[0])] == []


NAMED = sorted({name for text in SOURCES.values() for name in re.findall(r"\bdocs/[\w/.-]+\.md\b", text)})


@pytest.mark.parametrize("name", NAMED)
def test_every_document_that_the_source_names_exists(name: str) -> None:
    assert (REPO / name).is_file()


def test_every_document_is_reached_from_the_map() -> None:
    index = page("docs/index.md")
    reached = {(index.path.parent / link.partition("#")[0]).resolve() for link in index.links}
    pages = {each.path for each in PAGES if each.path.is_relative_to(REPO / "docs")} - {index.path}
    assert pages - reached == set()


@every_page
def test_every_command_is_there(document: Page) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for written in document.commands():
        line = re.sub(r"^(?:\w+=\S+ )+", "", written)
        if found := re.fullmatch(r"make((?: [a-z-]+)+)", line.partition("  ")[0].strip()):
            assert set(found[1].split()) <= targets, line
        if re.match(r"(?:\.venv/bin/)?ai \S", line):
            assert_command(line)


def assert_command(line: str) -> None:
    """Fail unless each word of an `ai` command that names something names what is there."""
    words = shlex.split(line, comments=True)[1:]
    asks = line.split(" ", 1)[1].lstrip()[0] in "\"'-"
    assert asks or words[0] in COMMANDS, line
    command: click.Command = GENERATOR.ROOT
    while isinstance(command, click.Group) and words and (asks or not words[0].startswith("-")):
        found = None if asks else command.get_command(click.Context(command), words[0])
        if asks:
            break
        assert found is not None, line
        command, words = found, words[1:]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    known |= {"--help", "-h", "--"}
    assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known, line


def test_every_command_has_its_help_in_the_reference() -> None:
    names = [" ".join(words) for words, _ in GENERATOR.commands()]
    assert page("docs/reference/cli.md").headings == ["Command line", *(f"`{name}`" for name in names)]
    assert {name.split()[1] for name in names[1:]} == set(COMMANDS)


def test_every_variable_that_is_read_is_documented() -> None:
    read = {name for text in SOURCES.values() for name in re.findall(r'environ(?:\.get\(|\[)\s*"([A-Z_]+)"', text)}
    read |= {name for text in SOURCES.values() for name in re.findall(r'envvar="([A-Z_]+)"', text)}
    read |= {variable.name for variable in VARIABLES} | {"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}
    for row in load_rows().values():
        read |= {*GENERATOR.key_env(row), *([row.base_url_env] if row.base_url_env else [])}
    assert {"FAIRLEAD_KEY", "OPENAI_API_KEY", "NO_COLOR"} <= read
    assert read - set(re.findall(r"`([A-Z_]+)`", page("docs/reference/configuration.md").text)) == set()


def test_every_route_is_documented() -> None:
    text = page("docs/reference/http.md").text
    assert [route.path for route in GENERATOR.route_table() if f"`{route.path}`" not in text] == []


def a_call() -> Call:
    """A call with everything that a header could tell of."""
    request = CallRequest(CHAT, b'{"model":"auto"}')
    call = Call("1", request, Principal("p"), 0.0, Envelope(CHAT, request.body), Plan((), "", intent="code"))
    provider = Provider("p", "openai-chat", "http://h", None)
    call.attempts.append(Attempt(Target(provider, "m", Clocks(), Clocks()), 0.0))
    return call


def an_upstream_error(kind: FailureKind) -> FairleadError:
    error = final(Failure(kind, "detail", 429 if kind is FailureKind.RATE_LIMIT else None), "what")
    error.request_id = "1"
    return error


def test_every_header_is_documented_and_no_other() -> None:
    refused = Unauthorized("no")
    refused.request_id = "1"
    call = a_call()
    call.dropped, call.cost = ["user"], Cost(1)
    call.ticket = Gate(rules({"l": Limit(requests=1, tokens=1)}), Clock()).admit(Facts({}), Amounts(1))
    said = [*headers.told(call, b"text/plain"), *error_headers(refused)]
    said += [pair for kind in FailureKind for pair in error_headers(an_upstream_error(kind))]
    sent = {name.decode() for name, _ in said} - {"content-type"}
    read = {
        name for text in SOURCES.values() for name in re.findall(r'exchange\.(?:text_)?header\(b"([a-z-]+)"\)', text)
    }
    sessions = (*SESSIONS, *SESSION_HEADERS)
    read |= {name.decode() for name in (*KEY_HEADERS, *METADATA, by_role.HEADER, ROUTER_METADATA, *sessions)}
    assert {"authorization", "x-api-key", "x-fairlead-intent"} <= read
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", page("docs/reference/http.md").text, re.MULTILINE))
    assert documented == (sent | read) - {"content-length", "expect"}


def test_every_error_code_has_its_paragraph() -> None:
    codes = [error["code"] for error in GENERATOR.errors()]
    paragraphs = [heading.strip("`") for heading in page("docs/how-to/troubleshoot.md").headings if "`" in heading]
    assert sorted(paragraphs) == sorted(codes)
    literal = {code for text in SOURCES.values() for code in re.findall(r'\bcode ?= ?"([a-z_]+)"', text)}
    assert literal <= set(codes)


def test_every_kind_of_failure_is_explained() -> None:
    listed = re.findall(r"^- `([a-z_]+)`: ", page("docs/reference/errors.md").text, re.MULTILINE)
    assert listed == [str(kind) for kind in FailureKind]


@pytest.mark.parametrize("kind", FailureKind)
def test_the_exit_codes_that_are_documented_are_those_of_ai(kind: FailureKind) -> None:
    error, rule = an_upstream_error(kind), disposition(kind)
    if rule.blame is Blame.CLIENT or kind is FailureKind.UNSUPPORTED:
        error.type = "invalid_request_error"
    told = answer.told(error.status, GENERATOR.msgspec.json.encode(openai_errors.write(error)))
    documented = {each["code"]: each for each in GENERATOR.errors()}[rule.code]
    assert (error.type, told.exit_code) == (documented["type"], documented["exit_code"])


def test_every_metric_and_label_is_documented() -> None:
    metrics = Metrics()
    metrics.row("chat.completions", "p", 200, "ok").calls += 1
    metrics.attempts["p", "ok"] += 1
    metrics.refused["c"] += 1
    metrics.targets = lambda: [("p", "m", 0.0, 0, 0.0)]
    metrics.alerts["b", 80] += 1
    scraped = metrics.exposition().decode()
    text = page("docs/reference/metrics.md").text
    names = set(re.findall(r"^# TYPE (\S+)", scraped, re.MULTILINE))
    labels = set(re.findall(r'[{,](\w+)="', scraped)) - {"le"}
    assert [name for name in (*names, *labels) if f"`{name}`" not in text] == []
    used = {name for each in PAGES for name in re.findall(r"\bfairlead_[a-z_]+\b", each.text)}
    bases = {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in used}
    assert bases <= names


def test_every_signal_is_documented() -> None:
    handled = set(
        re.findall(r"signal\.(SIG[A-Z]+)", (REPO / "src/fairlead/http/server.py").read_text(encoding="utf-8"))
    )
    text = page("docs/reference/exit-codes-and-signals.md").text
    assert {"SIGTERM", "SIGHUP"} <= handled
    assert [name for name in handled if f"`{name}`" not in text] == []


def test_the_architecture_names_every_folder_of_the_source() -> None:
    folders = [path.name for path in (REPO / "src/fairlead").iterdir() if (path / "__init__.py").exists()]
    text = page("ARCHITECTURE.md").text
    assert [name for name in folders if f"(src/fairlead/{name})" not in text] == []


def test_the_changelog_has_this_version() -> None:
    from fairlead import __version__  # noqa: PLC0415

    assert any(heading.startswith(__version__) for heading in page("CHANGELOG.md").headings)


def forbidden_words() -> list[str]:
    listed = re.search(r"<!-- forbidden: begin -->(.*?)<!-- forbidden: end -->", page("STYLE.md").text)
    assert listed is not None
    return re.findall(r"`([a-z]+)`", listed[1])


@every_page
def test_words_are_those_of_the_style(document: Page) -> None:
    assert {"simply", "just", "easy", "obviously"} <= set(forbidden_words())
    for word in forbidden_words():
        assert not re.search(rf"\b{word}\b", document.prose, re.IGNORECASE), word
    assert "!" not in document.prose
    british = r"\b(?:behaviour|colou?rs? by|colour|favour|honour|licence|normalise|optimise|organis|recognis|serialis)"
    assert not re.search(british, document.prose, re.IGNORECASE)


@every_page
def test_no_registry_and_no_machine_is_named(document: Page) -> None:
    registries = r"pypi\.org|pythonhosted|npmjs|crates\.io|hub\.docker|ghcr\.io|quay\.io"
    machines = r"(?<![\w.])/(?:work|root|home|Users|tmp)/"
    assert not re.search(f"{registries}|{machines}", document.text)
