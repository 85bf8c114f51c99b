"""What the pieces of a call cost by themselves, in microseconds: `python -m bench.costs`."""

import hashlib
import io
import json
import logging
import sys
import timeit
from collections.abc import Callable
from functools import partial

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram

KEY = b"sk-bench-0123456789abcdef0123456789abcdef"
ENVELOPE = msgspec.json.Decoder(dict[str, msgspec.Raw])


def main() -> int:
    """Print them, dearest last."""
    took = sorted((_microseconds(do), what) for what, do in _pieces().items())
    print("\n".join(f"{us:9.2f}  {what}" for us, what in took))
    return 0


def _pieces() -> dict[str, Callable[[], object]]:
    registry = CollectorRegistry()
    counter = Counter("bench", "-", ["status"], registry=registry).labels("200")
    histogram = Histogram("bench_seconds", "-", registry=registry)
    pieces: dict[str, Callable[[], object]] = {
        "SHA-256 of a key": lambda: hashlib.sha256(KEY).digest(),
        "a counter, its labels bound before": counter.inc,
        "a histogram": lambda: histogram.observe(0.1),
        "a line of the log": _log_line(),
    }
    for name, size in (("1 KB", 800), ("100 KB", 100_000)):
        body = json.dumps({"model": "bench", "messages": [{"role": "user", "content": "x " * (size // 2)}]}).encode()
        pieces[f"another model into {name}, rest kept as bytes"] = partial(_kept, body)
        pieces[f"another model into {name}, decoded and encoded"] = partial(_decoded, body)
    return pieces


def _kept(body: bytes) -> bytes:
    fields = ENVELOPE.decode(body)
    fields["model"] = msgspec.Raw(b'"bench-upstream"')
    return msgspec.json.encode(fields)


def _decoded(body: bytes) -> bytes:
    fields = json.loads(body)
    fields["model"] = "bench-upstream"
    return json.dumps(fields).encode()


def _log_line() -> Callable[[], None]:
    logger = logging.getLogger("bench")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    return lambda: logger.info("call %s took %d ms", "0197-bench", 12)


def _microseconds(do: Callable[[], object]) -> float:
    timer = timeit.Timer(do)
    times, _ = timer.autorange()
    return min(timer.repeat(3, times)) / times * 1e6


if __name__ == "__main__":
    sys.exit(main())
