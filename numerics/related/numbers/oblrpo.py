"""OBLR-PO: one softmax over four arms. Its logits (.3, -.5, 1, -.2) and rewards (1, 0, .3, -.5) were found by fitting."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from numerics.evidence.related.oblrpo import noted_bandit

from .row import Row


def variances() -> list[float]:
    """Per sample, with b*, with the mean reward, without a baseline."""
    bandit = noted_bandit()
    return [bandit.loss(b) - float(bandit.gradient @ bandit.gradient) for b in (bandit.best(), float(bandit.p @ bandit.r), 0.0)]


def bent(size: int) -> Callable[[], Sequence[float]]:
    """E ĝ / ∇J by arm, and the cosine of the two."""

    def found() -> list[float]:
        bandit = noted_bandit()
        mean = bandit.plug_in(size)
        cosine = torch.cosine_similarity(mean, bandit.gradient, dim=0)
        return [*(mean / bandit.gradient).tolist(), float(cosine)]

    return found


def baselines() -> list[float]:
    bandit = noted_bandit()
    return [bandit.best(), float(bandit.p @ bandit.r)]


SETUP = "the source says a 4-arm softmax; for these logits and rewards all of its numbers come out"
ROWS = [
    Row("oblrpo", "b* and the mean reward", (".2768", ".3197"), baselines, ("oblrpo.optimal_baseline",), remark=SETUP),
    Row("oblrpo", "variance per sample: b*, mean reward, b = 0", (".16802", ".16924", ".21860"), variances,
        ("oblrpo.optimal_baseline.gain",)),
    Row("oblrpo", "gain of b* over the mean reward", (".7%",), lambda: [1 - variances()[0] / variances()[1]],
        ("oblrpo.optimal_baseline.gain", "ustat.corollary5.without"), remark="also in the notes on the U-statistic paper"),
    *(Row("oblrpo", f"E ĝ / ∇J by arm with the self-inclusive b*, and the cosine, G = {size}", tuple(quoted.split()), bent(size),
          ("oblrpo.plug_in",))
      for size, quoted in ((2, ".405 .366 .960 .372 .99698"), (4, ".678 .650 1.114 .652 .99935"),
                           (6, ".781 .761 1.095 .761 .99974"))),
]  # fmt: skip
