"""Hypothesis profiles: ``HYPOTHESIS_PROFILE=thorough pytest`` looks longer, ``dev`` is for a quick look.

Code that tests have compiled is kept between runs, apart from that of other programs, in a folder for each state of the
engine's files: numba looks at a function's own file alone, and would go on with what another file said before.
"""

import os
from hashlib import sha256
from pathlib import Path

from hypothesis import HealthCheck, settings

_ROOT = Path(__file__).parents[1]
_FILES = sorted((_ROOT / "src" / "menaquinone" / "solve").glob("*.py"))
_STATE = sha256(b"".join(one.read_bytes() for one in _FILES)).hexdigest()[:16]
# read when numba is imported
os.environ.setdefault("NUMBA_CACHE_DIR", str(_ROOT / ".pytest_cache" / "numba" / _STATE))

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile("dev", max_examples=10, deadline=None, suppress_health_check=_SLOW)
settings.register_profile(
    "ci", max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=_SLOW, print_blob=True
)
settings.register_profile("thorough", max_examples=1000, deadline=None, suppress_health_check=_SLOW, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
