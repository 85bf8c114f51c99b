"""The tests of OpenAI's own SDK, against a mock of OpenAI without the gateway and through it: the same ones must pass.

python scripts/sdk_suite.py [--spec FILE]

The SDK's source, its test tools and the mock are fetched into `.sdk-suite/`, once for each version of them.
"""

import argparse
import contextlib
import fnmatch
import gzip
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import tomllib
import urllib.error
import urllib.request
import venv
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".sdk-suite"
LOCK = ROOT / "requirements-dev.lock"
SPEC = ROOT.parent / "shared" / "data" / "openai-openapi.json.gz"
MOCK = "@stdy/cli@0.22.2"
TOOLS = ("pytest", "pytest-asyncio", "rich")  # what the SDK's `tests/conftest.py` and `tests/utils.py` import
MOST_SECONDS = 170
# Fewer say that the mock or the tools are at fault: 385 of the 405 tests of `NAMED` pass with the spec in `SPEC`, whose
# example of a compaction does not have all that its schema requires.
FEWEST = 380

NAMED = (
    "chat/test_completions.py",
    "test_responses.py",
    "test_embeddings.py",
    "test_models.py",
    "test_moderations.py",
    "test_completions.py",
)
BENEATH = ("chat/completions/test_messages.py", "responses/test_input_items.py", "responses/test_input_tokens.py")
FILES = tuple(f"tests/api_resources/{name}" for name in (*NAMED, *BENEATH))

CLIENT_KEY = "My API Key"  # which the SDK's `tests/conftest.py` sends
CONFIG = """\
providers:
  mock:
    dialect: openai-chat
    also: [openai-responses]
    base_url: {url}
    api_key: the-mock-takes-any-key
    models: ["*"]
    default_model: gpt-4o
"""
# As the SDK's own `scripts/mock` sets them.
MOCK_OPTIONS = [
    f"--validator-{where}-{what}-format=brackets" for where in ("query", "form") for what in ("array", "object")
]

# Why a test of any kind did not pass, by its name, as `CLASS::TEST[KIND]` behind its module; "" where it passed.
Outcomes = Mapping[str, str]


class Excuse(NamedTuple):
    """Tests, as a pattern of names (`[[]` is a bracket), that may pass without the gateway and not through it."""

    tests: str
    reason: str


_STORED = "Fairlead does not serve chat completions that a provider keeps"
EXCUSES: tuple[Excuse, ...] = ()


class Difference(NamedTuple):
    """A test that passes in one of the two runs; `cause` says why it did not pass in the other."""

    test: str
    lost: bool
    cause: str
    reason: str | None


class Stopped(Exception):
    """Why the suite cannot be run."""


class Skipped(Exception):
    """What the suite needs and this machine does not have."""


def differences(without: Outcomes, through: Outcomes, excuses: Iterable[Excuse]) -> list[Difference]:
    """Each test that passes without the gateway and not through it, or the other way around."""
    found = []
    excuses = tuple(excuses)
    for test in sorted({*without, *through}):
        before, after = (run.get(test, "was not run") for run in (without, through))
        if bool(before) == bool(after):
            continue
        reason = next((each.reason for each in excuses if after and fnmatch.fnmatchcase(test, each.tests)), None)
        found.append(Difference(test, lost=not before, cause=before or after, reason=reason))
    return found


def unused(found: Collection[Difference], excuses: Iterable[Excuse]) -> list[Excuse]:
    """Excuses for which there is nothing left to excuse."""
    lost = [each.test for each in found if each.lost]
    return [each for each in excuses if not fnmatch.filter(lost, each.tests)]


def passed(run: Outcomes) -> list[str]:
    return [test for test, cause in run.items() if not cause]


def outcomes(report: str) -> dict[str, str]:
    """What a report in JUnit's format says of each test."""
    found = {}
    for case in ET.fromstring(report).iter("testcase"):
        bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
        cause = "; ".join((child.get("message") or child.tag).strip().partition("\n")[0] for child in bad)
        found[f"{case.get('classname')}::{case.get('name')}"] = cause or ("failed" if bad else "")
    return found


def report(without: Outcomes, through: Outcomes, excuses: Iterable[Excuse]) -> tuple[list[str], bool]:
    """What to print, and whether both runs agree but for what is excused."""
    excuses = tuple(excuses)
    found = differences(without, through, excuses)
    lines = [f"{'passed tests':56}{'without':>8}{'through':>8}"]
    counts = [Counter(test.partition("::")[0].rpartition(".")[0] for test in passed(run)) for run in (without, through)]
    lines += [f"  {name:54}{counts[0][name]:8}{counts[1][name]:8}" for name in sorted({*counts[0], *counts[1]})]
    lines.append(f"  {'all':54}{counts[0].total():8}{counts[1].total():8}")
    causes: dict[tuple[bool, str | None, str], list[str]] = defaultdict(list)
    for each in found:
        causes[each.lost, each.reason, each.cause].append(each.test)
    for (lost, reason, cause), tests in sorted(causes.items(), key=lambda item: -len(item[1])):
        where = "passes without the gateway, not through it" if lost else "passes through the gateway, not without it"
        lines += ["", f"{len(tests)} x {where}: {cause}", *([f"excused: {reason}"] if reason else [])]
        lines += [f"  {test}" for test in tests]
    stale = unused(found, excuses)
    lines += [f"nothing is left to excuse by {each.tests!r} ({each.reason}): remove it" for each in stale]
    return lines, not stale and all(each.reason for each in found)


def pin(lock: str) -> str:
    """The lock file's entry for the SDK, hashes included."""
    entry = re.search(r"^openai==(?:.*\\\n)*.*", lock, re.MULTILINE)
    if entry is None:
        raise Stopped(f"{LOCK.name} does not name the SDK\nhint: `make lock` writes it anew")
    return entry[0]


def constraints(sdk_lock: str) -> list[str]:
    """The versions that the SDK tests with, from its `uv.lock`; left out where it has several of one package."""
    packages = [entry for entry in tomllib.loads(sdk_lock)["package"] if "version" in entry]
    counts = Counter(entry["name"] for entry in packages)
    return [f"{entry['name']}=={entry['version']}" for entry in packages if counts[entry["name"]] == 1]


class Suite:
    """The suite in a folder of its own, which ends before the time is up."""

    def __init__(self, work: Path, lock: str) -> None:
        self._work = work
        self._pin = pin(lock)
        self._version = self._pin.split()[0].removeprefix("openai==")
        self._ends = time.monotonic() + MOST_SECONDS
        self._source = work / f"openai-{self._version}"
        self._python = work / "venv" / "bin" / "python"

    def prepare(self) -> None:
        """Fetch what is not there yet. Raises `Skipped`, `Stopped`."""
        wanted = f"{self._version} {MOCK}\n"
        ready = self._work / "ready"
        if ready.exists() and ready.read_text(encoding="utf-8") == wanted:
            return
        npm = shutil.which("npm")
        if npm is None:
            raise Skipped("npm, which fetches the mock of OpenAI, is not installed")
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir()
        print(f"fetching openai {self._version} and {MOCK} into {self._work.name}", flush=True)
        self._unpack()
        venv.create(self._work / "venv", with_pip=True)
        pins = self._write("constraints.txt", "\n".join(constraints(self._read(self._source / "uv.lock"))))
        self._pip("install", "--constraint", str(pins), f"openai[aiohttp]=={self._version}", *TOOLS)
        quiet = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        self._run([npm, "install", "--prefix", str(self._work), *quiet, MOCK])
        ready.write_text(wanted, encoding="utf-8")

    def _unpack(self) -> None:
        pinned = self._write("sdk.txt", self._pin)
        self._python_pip(
            sys.executable,
            *("download", "--no-deps", "--no-binary", "openai", "--require-hashes"),
            *("--requirement", str(pinned), "--dest", str(self._work)),
        )
        with tarfile.open(self._work / f"openai-{self._version}.tar.gz") as archive:
            archive.extractall(self._work, filter="data")

    def compare(self, spec: Path) -> tuple[Outcomes, Outcomes]:
        """Run the tests without the gateway, then through it. Raises `Stopped`."""
        with contextlib.ExitStack() as stack:
            mock = stack.enter_context(self._mock(spec))
            gateway = stack.enter_context(self._gateway(mock))
            without = self._tests(mock, "without")
            if len(passed(without)) < FEWEST:
                raise Stopped(
                    f"only {len(passed(without))} tests pass without the gateway\nhint: {self._work}/mock.log"
                )
            return without, self._tests(f"{gateway}/v1", "through")

    @contextlib.contextmanager
    def _mock(self, spec: Path) -> Iterator[str]:
        data = spec.read_bytes()
        opened = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        file = self._write("spec.json" if opened[:1] == b"{" else "spec.yaml", opened.decode())
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        steady = self._work / "node_modules" / ".bin" / "steady"
        argv = [str(steady), "--host", "127.0.0.1", "-p", str(port), *MOCK_OPTIONS, str(file)]
        with self._serving("mock", argv, dict(os.environ), lambda _: _healthy(f"{url}/_x-steady/health")):
            yield url

    @contextlib.contextmanager
    def _gateway(self, mock: str) -> Iterator[str]:
        config = self._write("fairlead.yaml", CONFIG.format(url=mock))
        argv = [str(Path(sys.executable).parent / "ai"), "serve", "--port", "0", "--config", str(config)]
        home = self._work / "home"
        home.mkdir(exist_ok=True)
        environ = {"PATH": os.environ["PATH"], "HOME": str(home), "FAIRLEAD_KEY": CLIENT_KEY}
        address = re.compile(r"listens on (http://\S+)")
        with self._serving("gateway", argv, environ, lambda log: address.search(log) is not None) as log:
            listens = address.search(self._read(log))
            assert listens is not None
            yield listens[1]

    @contextlib.contextmanager
    def _serving(
        self, name: str, argv: list[str], environ: dict[str, str], ready: Callable[[str], bool]
    ) -> Iterator[Path]:
        """A server, up for the length of the block; what it says is in the file."""
        log = self._work / f"{name}.log"
        with log.open("w") as out:
            process = subprocess.Popen(argv, stdout=out, stderr=out, env=environ, cwd=self._work)
        try:
            while not ready(self._read(log)):
                if process.poll() is not None:
                    raise Stopped(f"the {name} did not start\n{self._read(log)[-800:]}")
                self._left()
                time.sleep(0.05)
            yield log
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _tests(self, url: str, name: str) -> dict[str, str]:
        result = self._work / f"{name}.xml"
        result.unlink(missing_ok=True)
        argv = [str(self._python), "-m", "pytest", "-o", "addopts=", "-q", "--tb=line", "--show-capture=no"]
        argv += ["-p", "no:cacheprovider", f"--junitxml={result}", *FILES]
        environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", ""), "TEST_API_BASE_URL": url}
        with (self._work / f"{name}.log").open("w") as out:
            self._bounded(argv, stdout=out, stderr=out, env=environ, cwd=self._source)
        if not result.exists():
            raise Stopped(f"the tests did not run\n{self._read(self._work / f'{name}.log')[-800:]}")
        return outcomes(self._read(result))

    def _pip(self, *arguments: str) -> None:
        self._python_pip(str(self._python), *arguments)

    def _python_pip(self, python: str, verb: str, *arguments: str) -> None:
        self._run([python, "-m", "pip", "--disable-pip-version-check", verb, "--quiet", *arguments])

    def _run(self, argv: list[str]) -> None:
        done = self._bounded(argv, capture_output=True, text=True)
        if done.returncode:
            raise Stopped(f"`{Path(argv[0]).name} {' '.join(argv[1:4])} ...` failed\n{done.stderr.strip()[-800:]}")

    def _bounded(self, argv: list[str], **settings: object) -> "subprocess.CompletedProcess[str]":
        try:
            return subprocess.run(argv, check=False, timeout=self._left(), **settings)  # type: ignore[call-overload,no-any-return]
        except subprocess.TimeoutExpired:
            raise self._too_long() from None

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise self._too_long()
        return left

    def _too_long(self) -> Stopped:
        return Stopped(
            f"it took longer than {MOST_SECONDS} s\nhint: the logs in {self._work.name}/ say how far it came"
        )

    def _write(self, name: str, text: str) -> Path:
        file = self._work / name
        file.write_text(text + "\n", encoding="utf-8")
        return file

    def _read(self, file: Path) -> str:
        return file.read_text(encoding="utf-8", errors="replace")


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spec", type=Path, default=SPEC, help="OpenAI's OpenAPI document, which the mock serves")
    spec = parser.parse_args().spec
    try:
        if not spec.is_file():
            raise Skipped("OpenAI's OpenAPI document is not here (../shared/data, or `--spec FILE`)")
        suite = Suite(WORK, LOCK.read_text(encoding="utf-8"))
        suite.prepare()
        without, through = suite.compare(spec)
    except Skipped as missing:
        print(f"sdk-suite skipped: {missing}")
        return 0
    except Stopped as stopped:
        print(f"sdk-suite: {stopped}", file=sys.stderr)
        return 1
    lines, agreed = report(without, through, EXCUSES)
    print("\n".join(lines))
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
