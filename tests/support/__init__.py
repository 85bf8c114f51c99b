"""What the tests stand on: scripted upstreams, a running gateway, recordings."""
