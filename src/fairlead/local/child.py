"""`python -m fairlead.local.child WEIGHTS`: the process in which the small model runs.

The parent writes one JSON line to stdin, `{"api_key": …}`, and keeps stdin open for as long as it wants the model.
The child writes one JSON line to stdout, `{"url": …}` or `{"error": …}`. A key in the arguments or the environment
could be read by others; a pipe cannot.
"""

import ctypes
import json
import os
import signal
import sys
from typing import Any

CONTEXT = 4096
AT_ONCE = 2
LONGEST_REPLY = 512
NICENESS = 5
PR_SET_PDEATHSIG = 1


def main() -> None:
    _belong_to_parent()
    os.nice(NICENESS)
    answer = _private_stdout()
    try:
        key = json.loads(sys.stdin.buffer.readline())["api_key"]
        server = _serve(sys.argv[1], key)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent has to be told
        _say(answer, error=_explain(error))
        sys.exit(1)
    _say(answer, url=server.listening_address)
    sys.stdin.buffer.read()
    # At once, without the server's destructor: that would wait for the calls in flight, which nobody reads any more.
    os._exit(0)


def _belong_to_parent() -> None:
    """End when the parent does, and not before: a signal to the whole group leaves the parent its time to drain."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if sys.platform == "linux":
        # The end of stdin says the same, but not to a process that is busy loading.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _private_stdout() -> int:
    """The parent's pipe, out of reach of a library that prints."""
    pipe = os.dup(1)
    os.dup2(2, 1)
    return pipe


def _say(pipe: int, **line: str) -> None:
    os.write(pipe, json.dumps(line).encode() + b"\n")


def _serve(weights: str, key: str) -> Any:
    import xllamacpp  # noqa: PLC0415 - where it is missing, that is an answer and not a traceback

    params = xllamacpp.CommonParams()
    params.model.path = weights
    params.model_alias = {"smollm2"}
    params.hostnames = ["127.0.0.1"]
    params.api_keys = [key]
    params.n_ctx = CONTEXT * AT_ONCE
    params.n_parallel = AT_ONCE
    params.n_predict = LONGEST_REPLY
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads(os.cpu_count() or 1)
    params.cache_ram_mib = 0
    params.endpoint_slots = False
    params.ui = False
    # What the makers of SmolLM2-Instruct advise, and enough against repetition that it finds an end. A request that
    # names its own values wins.
    params.sampling.temp = 0.2
    params.sampling.top_p = 0.9
    params.sampling.penalty_repeat = 1.05
    return xllamacpp.Server(params)


def threads(cores: int) -> int:
    """Half of the cores, at most four: llama.cpp's threads spin while they wait, and the gateway needs room."""
    return max(1, min(4, cores // 2))


def _explain(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "xllamacpp is not installed; hint: install `fairlead[local]`"
    return str(error) or type(error).__name__


if __name__ == "__main__":
    main()
