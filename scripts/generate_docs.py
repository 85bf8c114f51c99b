"""Writes the generated parts of the documentation anew; `--check` shows what would change, and fails if anything would.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`; what is written there is `PARTS[NAME]()`.
"""

import difflib
import importlib
import json
import pkgutil
import re
import runpy
import sys
from collections.abc import Callable, Iterable, Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
import yaml
from prometheus_client.parser import text_string_to_metric_families

import fairlead
from fairlead import app
from fairlead.cli.root import EXIT_CODES, ROOT
from fairlead.config import json_schema, load
from fairlead.config.environment import VARIABLES
from fairlead.config.read import MAX_BYTES, MAX_DEPTH, MAX_VALUES
from fairlead.config.schema import Config
from fairlead.dialects import sse
from fairlead.errors import FailureKind, FairleadError, UpstreamError
from fairlead.http import protocol
from fairlead.http.admin import Admin
from fairlead.http.calls import Calls
from fairlead.http.ledger import Records
from fairlead.http.pages import Pages
from fairlead.http.route import Route
from fairlead.http.routes import routes
from fairlead.http.waiting import Waiting
from fairlead.observe.metrics import Metrics
from fairlead.providers import registry
from fairlead.providers.catalog import load_rows
from fairlead.providers.portkey import VENDORS
from fairlead.providers.row import Capability, ProviderEntry
from fairlead.routing.disposition import Blame, disposition, kind_of_status
from fairlead.routing.plan import MAX_TARGETS
from fairlead.secret import Secret
from fairlead.upstream.http1 import Limits

REPO = Path(__file__).resolve().parents[1]
WIDTH = 100
_MARKER = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
_BOUNDS = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"))


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines += [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(*names: str) -> str:
    """Names as code, joined by commas; a dash for none."""
    return ", ".join(f"`{name}`" for name in names if name) or "-"


def commands(
    group: click.Group = ROOT, words: tuple[str, ...] = ("ai",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it, the program itself first."""
    yield words, group
    context = click.Context(group, info_name=words[-1])
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))
        elif command is not None:
            yield (*words, name), command


def cli() -> str:
    """The help of every command, as it prints it on a terminal of `WIDTH` columns."""
    return "\n\n".join(
        f"## `{' '.join(words)}`\n\n```text\n{_help(words, command)}\n```" for words, command in commands()
    )


def _help(words: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(
        command,
        info_name=" ".join(words),
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    return "\n".join(line.rstrip() for line in click.unstyle(command.get_help(context)).splitlines())


def exit_codes() -> str:
    """The exit codes that `ai --help` lists, and the errors that end with each."""
    ends: dict[str, list[str]] = {}
    for error in errors():
        ends.setdefault(str(error["exit_code"]), []).append(error["code"])
    return table(
        ("code", "meaning", "error codes that end with it"),
        ([f"`{number}`", meaning, code(*ends.get(str(number), ()))] for number, meaning in EXIT_CODES.items()),
    )


def settings() -> str:
    """Every setting by its path, from the structs that a file is checked against."""
    schema = msgspec.json.schema(Config)
    definitions = schema["$defs"]
    sections: list[tuple[str, str, list[list[str]]]] = []
    _section("", definitions["Config"], definitions, sections)
    parts = []
    for path, about, rows in sections:
        title = f"### `{path}`\n\n{about}" if path else "### At the top"
        parts.append(f"{title}\n\n" + table(("setting", "value", "default", "meaning"), rows))
    return "\n\n".join(parts)


def _section(
    path: str, body: dict[str, Any], definitions: dict[str, Any], into: list[tuple[str, str, list[list[str]]]]
) -> None:
    rows: list[list[str]] = []
    into.append((path, body.get("description", ""), rows))
    for name, field in body["properties"].items():
        here = f"{path}.{name}" if path else name
        inner, suffix = _inner(field)
        if inner and definitions[inner] is not body:
            _section(here + suffix, definitions[inner], definitions, into)
            if not suffix:
                continue
        required = name in body.get("required", ())
        rows.append([f"`{here}`", _type(field), _default(field, required=required), field.get("description", "")])
    if not rows:
        into.remove((path, body.get("description", ""), rows))


def _inner(field: dict[str, Any]) -> tuple[str, str]:
    """The struct that a field holds, and what its path goes on with."""
    for option in field.get("anyOf", [field]):
        for holder, suffix in (
            (option, ""),
            (option.get("additionalProperties"), ".NAME"),
            (option.get("items"), "[]"),
        ):
            if isinstance(holder, dict) and "$ref" in holder:
                return holder["$ref"].rpartition("/")[2], suffix
    return "", ""


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"] if option.get("type") != "null")
    if "enum" in field:
        return code(*(value for value in field["enum"] if value))
    if field.get("type") == "array":
        return "list of " + (_type(field["items"]) if "$ref" not in field["items"] else "entries")
    if field.get("type") == "object":
        held = field.get("additionalProperties") or {}
        return f"names with {_type(held) if isinstance(held, dict) and '$ref' not in held else 'entries'}"
    bounds = [f"{sign} {field[name]}" for name, sign in _BOUNDS if name in field]
    pattern = [f"`{field['pattern']}`"] if "pattern" in field else []
    return ", ".join([_TYPES.get(field.get("type", ""), "value"), *bounds, *pattern])


def _default(field: dict[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    value = field.get("default")
    return f"`{json.dumps(value, ensure_ascii=False)}`" if value not in (None, {}, []) else "-"


def variables() -> str:
    """The variables that set a setting or name a file."""
    rows = ([f"`{v.name}`", f"`{v.path}`" if v.path else "-", v.meaning] for v in VARIABLES)
    return table(("variable", "setting", "meaning"), rows)


def key_variables() -> str:
    """The variables that the shipped rows read."""
    rows = (
        [
            f"`{name}`",
            code(*key_env(row)),
            code(row.base_url_env or ""),
            code(
                row.api_version_env or "", row.default_model_env or "", *re.findall(r"[A-Z_]{6,}", row.base_url or "")
            ),
        ]
        for name, row in load_rows().items()
    )
    return table(("provider", "key", "base URL", "else"), [row for row in rows if row[1:] != ["-", "-", "-"]])


def key_env(row: ProviderEntry) -> list[str]:
    """The variables that may hold a provider's key."""
    sources = [row.api_key_env] if isinstance(row.api_key_env, str) else list(row.api_key_env or ())
    return [name for source in sources for name in source.removeprefix("file:").split(":")]


def providers() -> str:
    """Every shipped row."""
    head = ("provider", "base URL", "key from", "default model", "bare names", "quirks", "usage in streams")
    return table(
        head,
        (
            [
                f"`{name}`",
                f"`{row.base_url}`" if row.base_url else "-",
                code(*key_env(row)) + (" (optional)" if row.key_optional and row.api_key_env else ""),
                code(row.default_model or ""),
                code(*(row.models or ())),
                code(*(row.quirks or ())),
                row.usage or "asked",
            ]
            for name, row in load_rows().items()
        ),
    )


def capabilities() -> str:
    """What each shipped row can do."""
    known = [(name, row.capabilities) for name, row in load_rows().items() if row.capabilities]
    rows = ([code(word), code(*(name for name, able in known if word in able))] for word in get_args(Capability))
    return table(("capability", "providers"), rows)


def models() -> str:
    """The models of the registry."""
    rows = []
    for model in registry.load().models:
        ends = ", ".join(f"`{name}` {day}" for name, day in model.until.items()) or "-"
        there = code(*(name for name, there in model.ids.items() if there and name not in model.until))
        rows.append([f"`{model.name}`", code(*model.aliases), there, ends])
    return table(("model", "aliases", "providers that have it", "until"), rows)


def portkey_vendors() -> str:
    """What Portkey's configs and virtual keys are named for."""
    rows = (
        [vendor.name, code(*(f"PORTKEY_CONFIG_{name.upper()}" for name in vendor.spellings)), code(*vendor.words)]
        for vendor in VENDORS
    )
    return table(("vendor", "configs, the first winning", "words in names that the registry does not know"), rows)


def intents() -> str:
    """The intents of the shipped profile."""
    shipped = Path(load.__file__).with_name("profiles") / "direct.yaml"
    entries: dict[str, dict[str, Any]] = yaml.safe_load(shipped.read_text(encoding="utf-8"))["intents"]
    rows = ([f"`{n}`", f"`{e['primary']}`", f"`{e['fallback']}`", code(*e["providers"])] for n, e in entries.items())
    return table(("intent", "primary", "fallback", "providers"), rows)


def route_table() -> tuple[Route, ...]:
    """The routes that the server serves."""
    engine = app.engine(load.Loaded(Config(), ()), {}, Secret("documentation"))
    return routes(
        Calls(engine.gateway, Waiting(0)), Pages(engine.gateway, engine.clock), Admin(engine.keyring), Records()
    )


NEEDS = {
    "public": "nothing",
    "client": "a client key",
    "member": "an admin key",
    "auditor": "an admin key: `auditor`, `admin`",
    "admin": "an admin key: `admin`",
}


def http_routes() -> str:
    """Every path of the gateway."""
    rows = ([r.method, f"`{r.path}`", r.summary, NEEDS[r.role]] for r in route_table())
    return table(("method", "path", "what it gives", "needs"), rows)


def limits() -> str:
    """The bounds that no setting changes."""
    reply = Limits()
    rows = (
        ("the head of a client's request", _size(protocol.HEAD_LIMIT)),
        ("the headers of a provider's reply", f"{_size(reply.headers)}, {reply.header_lines} lines"),
        ("a provider's whole reply, unpacked", _size(reply.body)),
        ("one event of a stream", _size(sse.LINE_LIMIT)),
        ("a stream that its client does not read yet", _size(reply.buffer)),
        ("targets of one plan", MAX_TARGETS),
        ("a configuration file", f"{_size(MAX_BYTES)}, {MAX_VALUES:,} values, {MAX_DEPTH} levels"),
    )
    return table(("what", "at most"), rows)


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"


def errors() -> list[dict[str, Any]]:
    """Status, type, code, whether to try again, and exit code of every error that a client or a shell can meet."""
    for module in pkgutil.walk_packages(fairlead.__path__, "fairlead."):
        importlib.import_module(module.name)
    tree: list[type[FairleadError]] = [FairleadError, *_subclasses(FairleadError)]
    found = [_facts(each) for each in tree if each is not UpstreamError]
    found += [_upstream(kind) for kind in FailureKind]
    unique = {error["code"]: error for error in reversed(found)}
    return [unique[name] for name in dict.fromkeys(error["code"] for error in found)]


def _facts(error: type[FairleadError]) -> dict[str, Any]:
    return {name: getattr(error, name) for name in ("status", "type", "code", "retryable", "exit_code")}


def _upstream(kind: FailureKind) -> dict[str, Any]:
    """The error that a failure ends with, as `errors.py`, `pipeline/failures.py` and `cli/answer.py` make it."""
    rule = disposition(kind)
    facts = {**_facts(UpstreamError), "status": rule.status, "code": rule.code, "retryable": rule.retryable}
    if rule.status == 429:
        facts["type"] = "rate_limit_error"
    if rule.blame is Blame.CLIENT:
        facts |= {"type": "invalid_request_error", "exit_code": 1}
    return facts


def _subclasses(kind: type[FairleadError]) -> Iterator[type[FairleadError]]:
    # Python lists them in the order of imports, which differs from one run to the next.
    for below in sorted(kind.__subclasses__(), key=lambda each: (each.__module__ != kind.__module__, each.__module__)):
        if below.__module__.startswith("fairlead."):
            yield below
            yield from _subclasses(below)


def error_codes() -> str:
    """Every error code; each has its paragraph in the page on troubles. None with 500 is ever sent over HTTP."""
    return table(
        ("code", "HTTP status", "type", "may work later", "exit code"),
        (
            [
                f"[`{e['code']}`](../how-to/troubleshoot.md#{e['code']})",
                "-" if e["status"] == 500 else e["status"],
                f"`{e['type']}`",
                "yes" if e["retryable"] else "no",
                e["exit_code"],
            ]
            for e in errors()
        ),
    )


def dispositions() -> str:
    """What each kind of failure does."""
    return table(
        ("kind", "what is asked next", "counts against", "tried again as", "status", "code", "may work later"),
        (
            [
                f"`{kind}`",
                rule.then.value,
                rule.blame.value,
                f"`{rule.cause}`" if rule.cause else "-",
                rule.status,
                f"`{rule.code}`",
                "yes" if rule.retryable else "no",
            ]
            for kind, rule in ((kind, disposition(kind)) for kind in FailureKind)
        ),
    )


def status_kinds() -> str:
    """Which kind a provider's status is."""
    kinds: dict[FailureKind, list[int]] = {}
    for status in range(400, 600):
        kinds.setdefault(kind_of_status(status), []).append(status)
    return table(("provider's status", "kind"), sorted([_ranges(some), f"`{kind}`"] for kind, some in kinds.items()))


def _ranges(numbers: list[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    if len(runs) > 4:
        return "every other from 400 to 499"
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def metrics() -> str:
    """Every metric, as a scrape shows it."""
    numbers = Metrics()
    numbers.row("chat.completions", "openai", 200, "ok").calls += 1
    numbers.attempts["openai", "ok"] += 1
    numbers.refused["invalid_api_key"] += 1
    numbers.targets = lambda: [("openai", "gpt-4o", 0.0, 0, 0.0)]
    rows = []
    for family in text_string_to_metric_families(numbers.exposition().decode()):
        labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
        name = family.name + ("_total" if family.type == "counter" else "")
        rows.append([f"`{name}`", family.type, code(*labels), family.documentation])
    return table(("metric", "type", "labels", "meaning"), rows)


def layers() -> str:
    """The layers, top to bottom."""
    parser = ConfigParser()
    parser.read(REPO / ".importlinter", encoding="utf-8")
    lines = parser["importlinter:contract:layers"]["layers"].strip().splitlines()
    return "```text\n" + "\n".join(line.replace("fairlead.", "").strip() for line in lines) + "\n```"


def verbs() -> str:
    """The verbs of the Makefile."""
    found = re.findall(r"^([a-z-]+):.*?## (.*)$", (REPO / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return table(("command", "what it does"), ([f"`make {name}`", about] for name, about in found))


PARTS: dict[str, Callable[[], str]] = {
    "cli": cli,
    "exit-codes": exit_codes,
    "settings": settings,
    "variables": variables,
    "key-variables": key_variables,
    "providers": providers,
    "capabilities": capabilities,
    "models": models,
    "portkey-vendors": portkey_vendors,
    "intents": intents,
    "routes": http_routes,
    "limits": limits,
    "errors": error_codes,
    "dispositions": dispositions,
    "status-kinds": status_kinds,
    "metrics": metrics,
    "layers": layers,
    "verbs": verbs,
    **runpy.run_path(str(REPO / "scripts" / "dialect_matrix.py"), run_name="dialect_matrix")["PARTS"],
    **runpy.run_path(str(REPO / "scripts" / "profile_tables.py"), run_name="profile_tables")["PARTS"],
}


def pages() -> list[Path]:
    """Every document of the project."""
    return [*sorted(REPO.glob("*.md")), *sorted((REPO / "docs").rglob("*.md"))]


def generated() -> Iterator[tuple[Path, str, str]]:
    """Every document that has a generated part: its path, what it says, and what it should say."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        made = _MARKER.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}", text)
        if made != text or _MARKER.search(text):
            yield page, text, made
    yield _intents()
    yield _schema()


def _schema() -> tuple[Path, str, str]:
    """What editors check a configuration by: what `ai config schema` prints."""
    page = REPO / "docs" / "reference" / "fairlead.schema.json"
    made = json.dumps(json_schema.schema(), indent=2, ensure_ascii=False) + "\n"
    return page, page.read_text(encoding="utf-8") if page.exists() else "", made


def _intents() -> tuple[Path, str, str]:
    """The page that another script measures and writes."""
    report = runpy.run_path(str(REPO / "scripts" / "intent_report.py"), run_name="intent_report")
    return report["PAGE"], report["PAGE"].read_text(encoding="utf-8"), report["page"]()


def drift() -> Iterator[str]:
    """What would change, as a diff."""
    for page, text, made in generated():
        name = str(page.relative_to(REPO))
        yield from difflib.unified_diff(text.splitlines(), made.splitlines(), name, f"{name} (generated)", lineterm="")


def main(arguments: list[str]) -> int:
    """Write the parts, or show how they differ."""
    if arguments == ["--check"]:
        lines = list(drift())
        print("\n".join(lines) or "the documentation is as the code says")
        return int(bool(lines))
    for page, text, made in generated():
        if made != text:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(made, encoding="utf-8")
            print(f"written: {page.relative_to(REPO)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
