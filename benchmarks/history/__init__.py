"""The main rows as asv keeps them: ``cd benchmarks && asv run``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
