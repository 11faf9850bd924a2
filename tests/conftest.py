"""Hypothesis profiles: ``HYPOTHESIS_PROFILE=thorough pytest`` looks longer, ``dev`` is for a quick look.

What tests have compiled is kept between runs, apart from what other programs have.
"""

import os
from pathlib import Path

from hypothesis import HealthCheck, settings

# read when numba is imported
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "numba"))

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile("dev", max_examples=10, deadline=None, suppress_health_check=_SLOW)
settings.register_profile(
    "ci", max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=_SLOW, print_blob=True
)
settings.register_profile("thorough", max_examples=1000, deadline=None, suppress_health_check=_SLOW, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
