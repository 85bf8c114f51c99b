#!/bin/sh
# Resolves pyproject.toml into requirements*.lock, with hashes, for every platform and Python >= 3.11.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-uv}
lock() {
    out=$1; shift
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --custom-compile-command "make lock" --output-file "$out" pyproject.toml "$@"
}
lock requirements.lock --extra local --group build
lock requirements-dev.lock --extra local --group build --group dev
