"""`USE_LEGACY_PORTKEY=1`: who has moved away from Portkey keeps it as the last resort for a while."""

from fnmatch import fnmatchcase

import msgspec

from fairlead.config.schema import Config

_KEY = "PORTKEY_API_KEY"


def with_legacy(config: Config) -> Config:
    """The configuration with Portkey's variables read again, where that is asked for."""
    if not config.legacy_portkey:
        return config
    left = [pattern for pattern in config.ignored_environment if not fnmatchcase(_KEY, pattern)]
    return msgspec.structs.replace(config, ignored_environment=left)
