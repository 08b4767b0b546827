"""verl's two RLOO estimators disagree on a prompt with one completion: its raw reward, or nothing."""

import numpy as np
import torch
from verl.trainer.ppo.core_algos import get_adv_estimator_fn

rewards, mask = torch.tensor([[3.0], [1.0], [7.0]]), torch.ones(3, 1)
index = np.array(["a", "a", "b"], dtype=object)  # prompt b was answered once
a, b = (
    get_adv_estimator_fn(name)(token_level_rewards=rewards, response_mask=mask, index=index)[0].flatten().tolist()
    for name in ("rloo", "rloo_vectorized")
)
print("rloo           ", a)
print("rloo_vectorized", b)
assert a[:2] == b[:2] and (a[2], b[2]) == (7.0, 0.0)
