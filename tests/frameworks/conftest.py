"""The frameworks are optional: what needs one that is not installed is skipped, and says so."""

import sys
from pathlib import Path

import pytest
import torch

from lossproof import frameworks

sys.path.insert(0, str(Path(__file__).parent))
torch.set_num_threads(1)


def pytest_collection_modifyitems(items):
    there = frameworks.installed()
    for item in items:
        needs = [m.args[0] for m in item.iter_markers("framework")]
        for name in needs:
            if name not in there:
                item.add_marker(pytest.mark.skip(f"needs {frameworks.PACKAGES[name]}: pip install 'lossproof[{name}]'"))


@pytest.fixture
def x():
    """A ragged group of four, off policy beyond every clip bound, on both sides and both signs of the advantage."""
    logp = torch.tensor([[-0.5, -1.0, -0.7], [-0.3, -0.2, -0.9], [-1.1, -0.4, -0.6], [-0.8, -0.5, -0.2]], dtype=torch.float64)
    ratio = torch.tensor([[1.25, 0.7, 1.0], [1.25, 0.7, 4.0], [1.1, 25.0, 0.9], [0.95, 1.5, 0.5]], dtype=torch.float64)
    return {
        "logp": logp, "old_logp": logp - ratio.log(), "ref_logp": logp - 0.3, "entropy": -logp,
        "mask": torch.tensor([[1.0, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=torch.float64),
        "rewards": torch.tensor([2.0, 0.0, 0.5, 1.0], dtype=torch.float64),
        "advantages": torch.tensor([[1.125], [-0.875], [-0.375], [0.125]], dtype=torch.float64),
    }  # fmt: skip
