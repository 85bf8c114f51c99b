"""Hold TensorZero's gateway open and write down its port. Runs in the peers' environment, not in Fairlead's.

usage: tensorzero_peer.py CONFIG PORT_FILE
"""

import signal
import sys
from pathlib import Path

import tensorzero  # type: ignore[import-not-found]

config, port_file = sys.argv[1:3]
gateway = tensorzero._start_http_gateway(  # noqa: SLF001  its documented ways in all end here
    config_file=config, clickhouse_url=None, postgres_url=None, valkey_url=None, async_setup=False
)
Path(port_file).write_text(gateway.base_url.split(":")[2].split("/")[0])
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.pause()
