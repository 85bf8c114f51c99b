"""A subject at work: started, answering, and the load that is put on it."""

import http.client
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.process import Process
from bench.subjects import Subject
from bench.work import HERE, LOAD_CORE, SUBJECT_CORE, WORK, free_port, subject_env

PROSE = "The quick brown fox jumps over the lazy dog, and the ship is made fast to the quay by two lines. "
START_TIMEOUT = 30.0


class Unmeasured(Exception):
    """A figure cannot be had; says why."""


@dataclass
class Running:
    """A subject that answered its first call."""

    subject: Subject
    process: Process
    port: int
    first_200: float = 0.0

    @property
    def name(self) -> str:
        return self.subject.name

    def post(self, mode: str, prompt: int = 800) -> tuple[dict[str, str], bytes]:
        """The headers and body of a call with a prompt of so many bytes."""
        messages = [{"role": "user", "content": (PROSE * (prompt // len(PROSE) + 1))[:prompt]}]
        call: dict[str, Any] = {"model": self.subject.models[mode], "messages": messages, "temperature": 0.2}
        if mode != "plain":
            call |= {"stream": True, "stream_options": {"include_usage": True}}
        headers = {"Content-Type": "application/json", **self.subject.headers}
        return headers, json.dumps(call, separators=(",", ":")).encode()

    def wrk(self, *, prompt: int, seconds: float, connections: int = 64) -> dict[str, float]:
        """Post as fast as it answers, over so many connections."""
        headers, body = self.post("plain", prompt)
        body_file, header_file = self._file("body"), self._file("headers")
        body_file.write_bytes(body)
        header_file.write_text("".join(f"{name}: {value}\n" for name, value in headers.items()))
        how = ["-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "10s", "-s", str(HERE / "post.lua")]
        where = f"http://127.0.0.1:{self.port}{self.subject.path}"
        said = _run(["wrk", *how, where], BENCH_BODY=str(body_file), BENCH_HEADERS=str(header_file))
        if not said["calls"] or said["errors"] > said["calls"] / 1000:
            raise Unmeasured(f"{said['errors']:.0f} of {said['calls']:.0f} calls failed")
        return said

    def calls(self, *, rate: float, seconds: float) -> dict[str, float]:
        """Call at a steady rate, and how long the calls took in microseconds."""
        request = self._request("plain")
        said = _run([str(WORK / "calls"), str(self.port), str(rate), str(seconds), str(request)])
        if said["errors"]:
            raise Unmeasured(f"{said['errors']:.0f} of {said['calls'] + said['errors']:.0f} calls failed")
        return said

    def streams(self, mode: str, *, count: int, repeat: int, ramp_ms: int, gap_us: int) -> dict[str, float]:
        """Read many streams at once, and how their events arrived."""
        if not self.subject.streams:
            raise Unmeasured("its streams fail")
        port = self.subject.stream_port or self.port
        numbers = [str(n) for n in (port, count, repeat, ramp_ms, gap_us)]
        said = _run([str(WORK / "streams"), *numbers, str(self._request(mode))])
        if said["errors"] or said["streams"] < count * repeat:
            status = f", status {said['status']:.0f}" if said["status"] != 200 else ""
            bad = count * repeat - said["streams"]
            raise Unmeasured(f"{bad:.0f} of {count * repeat} streams did not end well{status}")
        return said

    def why_not(self) -> str:
        """What is wrong with its answer to a call; nothing where that is a chat completion."""
        headers, body = self.post("plain")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("POST", self.subject.path, body, headers)
            reply = connection.getresponse()
            text = reply.read()
        finally:
            connection.close()
        good = reply.status == 200 and b'"chat.completion"' in text
        return "" if good else f"{reply.status} {text[:200].decode(errors='replace')}"

    def _request(self, mode: str) -> Path:
        headers, body = self.post(mode)
        lines = [f"POST {self.subject.path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        file = self._file(f"{mode}.http")
        file.write_bytes("\r\n".join([*lines, "", ""]).encode() + body)
        return file

    def _file(self, suffix: str) -> Path:
        return WORK / f"{self.name.lower().replace(' ', '-')}.{suffix}"


def start(subject: Subject, core: int = SUBJECT_CORE) -> Running:
    """Start it and wait for its first good answer."""
    if subject.port_file:
        subject.port_file.unlink(missing_ok=True)
    log = WORK / f"{subject.name.lower()}.log"
    process = Process(subject.argv, core=core, env=dict(subject.env), log=log)
    running = Running(subject, process, subject.port)
    try:
        _wait(running)
    except Unmeasured:
        process.stop()
        raise
    return running


def start_mock() -> Running:
    """The upstream of everyone, which is also a subject: what a call takes with nothing between."""
    port = free_port()
    return start(Subject("direct", "", (str(WORK / "mock"), str(port)), port=port), LOAD_CORE)


def _wait(running: Running) -> None:
    deadline = running.process.started + START_TIMEOUT
    why = "no answer"
    while time.perf_counter() < deadline:
        if running.process.ended:
            raise Unmeasured(f"did not start: {running.process.last_words()}")
        port_file = running.subject.port_file
        if port_file and port_file.exists() and (text := port_file.read_text()):
            running.port = int(text)
        try:
            why = running.why_not()
        except OSError:
            why = "refused"
        if not why:
            running.first_200 = time.perf_counter() - running.process.started
            return
        time.sleep(0.005)
    raise Unmeasured(f"no good answer within {START_TIMEOUT:.0f} s, last: {why}")


def _run(argv: list[str], **env: str) -> dict[str, float]:
    """Run a generator on its core; the last line it says is JSON."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {LOAD_CORE})
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=subject_env(**env), timeout=180)
    except subprocess.TimeoutExpired as e:
        raise Unmeasured(f"{Path(argv[0]).name}: no end within 180 s") from e
    finally:
        os.sched_setaffinity(0, before)
    if done.returncode:
        raise Unmeasured(f"{Path(argv[0]).name}: {(done.stderr or done.stdout).strip()[-200:]}")
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures
