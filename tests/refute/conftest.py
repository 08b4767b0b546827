"""The modules of this folder share `claims.py` of tests/proofs; pytest's importlib mode leaves folders off the path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "proofs"))
