"""From files and the environment to one checked `Config`."""
