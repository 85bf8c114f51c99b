"""Fairlead: a self-hosted gateway between programs and model providers.

`open_gateway` gives a program its own `Gateway`; `fairlead.portkey` and `fairlead.service` are thinner fronts of the
same engine. Nothing of it is imported before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairlead.dialects.openai.chat import CHAT
    from fairlead.embedded import open_gateway
    from fairlead.errors import FairleadError
    from fairlead.gateway import Gateway
    from fairlead.pipeline.admit import LOCAL
    from fairlead.pipeline.call import CallRequest, Reply

__all__ = ["CHAT", "LOCAL", "CallRequest", "FairleadError", "Gateway", "Reply", "__version__", "open_gateway"]

__version__ = "0.1.0"

_HOMES = {
    "CHAT": "fairlead.dialects.openai.chat",
    "LOCAL": "fairlead.pipeline.admit",
    "CallRequest": "fairlead.pipeline.call",
    "FairleadError": "fairlead.errors",
    "Gateway": "fairlead.gateway",
    "Reply": "fairlead.pipeline.call",
    "open_gateway": "fairlead.embedded",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module `fairlead` has no attribute `{name}`")
    return getattr(import_module(_HOMES[name]), name)
