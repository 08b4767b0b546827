"""From the audited shape to every G and length: theorems of `theory` about losses of the form of a row of Table 1.

The kernel proves, for symbolic G and lengths, that what has a certain form has a property, or lacks it. That a loss has the
form is proved shape by shape: its recorded gradient is the row's formula, by `unsat`. So a verdict's scope says three things
apart: what is proved of the loss, what of every loss of the form, and at which shapes the loss is proved to have it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from .decide import Finding
from .form import SCORE, TOKEN, WEIGHT, Form
from .properties import Property
from .proving import prove
from .row import SEEN, Fit
from .subject import Subject

LARGE = 20  # tokens in a group up to which values that are sums over all lengths are compared with the row's
ID = "lossproof.lift."


@dataclass(frozen=True)
class Lift:
    """What a theorem says of every loss of a form: that it has the property or not, from which G and T on.

    about: what of the loss has to be the form's: "on_policy", "everywhere", "direct" (given advantages) or "value".
    """

    holds: bool
    theorem: str
    about: str
    least: tuple[int, int] = (2, 1)
    even: bool = False

    @property
    def groups(self) -> str:
        G, T = self.least
        return f"every {'even G' if self.even else f'G >= {G}'} and T{f' >= {T}' if T > 1 else ''}"


Rule = Callable[[Form], Lift | None]


def one_alpha(theorem: str, least: tuple[int, int]) -> Rule:
    """A claim that weights with one alpha for all completions satisfy, and those with 1/|o_i| or |o_i| do not."""

    def of(form: Form) -> Lift | None:
        if form.gamma:
            return None
        if form.length in ("|o_i|", "1/|o_i|"):
            by = "fails" if form.length == "|o_i|" else "fails_by_sum"
            return Lift(False, f"{ID}{theorem}.{by}", "on_policy", least)
        return Lift(True, f"{ID}{theorem}", "on_policy")

    return of


prefix = one_alpha("prefix_neutral", (2, 2))


def prefix_off_policy(form: Form) -> Lift | None:
    """A shared token has one ratio; where no clip looks at the advantage, it is one more factor of alpha."""
    found = prefix(form)
    if found is None or not found.holds:
        return found
    if form.ratio in (SCORE, WEIGHT) or form.ratio == TOKEN and form.high is None:
        return replace(found, about="everywhere")
    return Lift(False, f"{ID}prefix_neutral_off_policy.fails", "everywhere") if form.ratio == TOKEN else None


def order(form: Form) -> Lift | None:
    positive = f" and {ID}spread_positive" if form.ddof is not None else ""
    return Lift(True, f"{ID}reward_aligned{positive}", "on_policy") if form.top > 0 and not form.gamma else None


def shift(form: Form) -> Lift | None:
    return None if form.gamma else Lift(True, f"{ID}reward_shift_invariant", "everywhere")


def invariant(form: Form) -> Lift | None:
    if form.gamma:
        return None
    if form.eps:
        return Lift(False, f"{ID}reward_scale.fails_by_epsilon", "everywhere")
    sigma = form.ddof is not None
    return Lift(sigma, f"{ID}reward_scale_invariant{'' if sigma else '.fails'}", "everywhere")


def linear(form: Form) -> Lift | None:
    if form.gamma or form.eps:
        return invariant(form)
    by = ".fails" if form.ddof is not None else ".fails_by_regulariser" if form.penalty else ""
    return Lift(not by, f"{ID}reward_scale_linear{by}", "everywhere")


def adamw(form: Form) -> Lift | None:
    """Equal gradients make equal steps; of proportional ones the steps are equal without eps."""
    if form.gamma or form.eps or form.penalty and form.ddof is None:
        return None
    by = f"{ID}reward_scale_linear and fontana2026.prop2.trajectory" if form.ddof is None else f"{ID}reward_scale_invariant"
    return Lift(True, by, "everywhere")


def silent(form: Form) -> Lift | None:
    by_zero = form.ddof is not None and not form.eps
    return None if form.gamma else Lift(not by_zero, f"{ID}equal_rewards_silent{'.fails' if by_zero else ''}", "everywhere")


def difficulty(form: Form) -> Lift | None:
    if form.gamma or form.top < 0:
        return None
    if form.ddof is not None:
        return Lift(False, f"{ID}difficulty_neutral.fails", "on_policy", (4, 1))
    return Lift(True, f"{ID}difficulty_neutral", "on_policy")


def local(form: Form) -> Lift | None:
    return Lift(True, f"{ID}sample_local", "everywhere")


def permutation(form: Form) -> Lift | None:
    return None if form.gamma else Lift(True, f"{ID}permutation_equivariant", "everywhere")


def value(form: Form) -> Lift | None:
    if form.gamma or form.logarithm or form.length == "1/|o_i|":
        return None
    if form.length == "|o_i|":
        return Lift(True, f"{ID}value_blind", "value")
    return Lift(False, f"{ID}value_blind.fails", "value", (2, 2))


def batch(duplication: bool) -> Rule:
    """What a batch stacked on itself, or split in halves, does to weights over G, over Σ|o|, or over neither."""

    def of(form: Form) -> Lift | None:
        over = form.size, "sum|o|" if form.length == "sum|o|" else ""
        if over not in (("G", ""), ("", "sum|o|"), ("", "")) or form.gamma or form.ddof is not None:
            return None
        if form.penalty and ("sum|o|" if "sum|o|" in form.penalty[2] else "G") not in over:
            return None  # the pull has another divisor than the push
        if over == ("", ""):
            return Lift(False, f"{ID}batch_sum.fails", "direct", even=not duplication)
        if duplication:
            return Lift(True, f"{ID}duplication_invariant", "direct")
        fails = over[0] == ""
        return Lift(not fails, f"{ID}microbatch_invariant{'.fails' if fails else ''}", "direct", (2, 2 if fails else 1), True)

    return of


def clip(theorem: str, floor: bool = True) -> Rule:
    """A claim about the clip of a token's own ratio, with or without a further bound for A < 0."""

    def of(form: Form) -> Lift | None:
        clipped = form.ratio == TOKEN and form.low is not None and form.high is not None
        fits = clipped and not form.gamma and (floor or form.floor is None)
        return Lift(True, f"{ID}{theorem}", "everywhere") if fits else None

    return of


RULES: dict[str, Rule] = {
    "prefix-neutral": prefix,
    "prefix-neutral-off-policy": prefix_off_policy,
    "length-neutral": one_alpha("length_neutral", (3, 2)),
    "reward-aligned": order,
    "reward-shift-invariant": shift,
    "reward-scale-invariant": invariant,
    "reward-scale-linear": linear,
    "adamw-scale-invariant": adamw,
    "equal-rewards-silent": silent,
    "difficulty-neutral": difficulty,
    "sample-local": local,
    "permutation-equivariant": permutation,
    "value-blind": value,
    "duplication-invariant": batch(True),
    "microbatch-invariant": batch(False),
    "clipped-silent": clip("clipped_silent"),
    "clip-pessimistic": clip("clip_pessimistic", floor=False),
    "ratio-weighted": clip("ratio_weighted"),
}


class Lifter:
    """Lifts the findings on one subject at one shape; what has to be the form's is proved once, when it is first needed."""

    def __init__(self, subject: Subject, fit: Fit, G: int, T: int):
        self.subject, self.fit, self.shape = subject, fit, (G, T)
        self.known: dict[tuple[str, int, int], bool] = {}

    def __call__(self, finding: Finding) -> Finding:
        form = self.fit.everywhere or self.fit.on_policy
        if form is None or finding.id not in RULES or finding.verdict not in ("proved", "refuted"):
            return finding
        lift = RULES[finding.id](form)
        if lift is None or (lift.about in ("everywhere", "direct") and self.fit.everywhere is None):
            return finding
        shapes = [] if lift.holds and finding.verdict == "refuted" else self.proved(form, lift.about)
        if not shapes:
            return finding
        (G, T), least = self.shape, lift.least
        if not lift.holds and finding.verdict == "proved" and G >= least[0] and T >= least[1] and not (lift.even and G % 2):
            reason = f"the solver's proof and {lift.theorem} contradict each other: please report this"
            return replace(finding, verdict="unknown", reason=reason)
        return lifted(finding, form, lift, shapes)

    def proved(self, form: Form, about: str) -> list[tuple[int, int]]:
        """Where the code is proved to be the form: at the audited shape, and then at a smaller one; [] if not at the former."""
        G, T = self.shape
        smaller = max(2, G - 1), max(1, T - 1)
        if about == "value" and form.length != "|o_i|" and G * T > LARGE or not self.has_form(form, about, G, T):
            return []
        return [self.shape, *([smaller] if smaller != self.shape and self.has_form(form, about, *smaller) else [])]

    def has_form(self, form: Form, about: str, G: int, T: int) -> bool:
        """Whether the recorded code is proved to be the form at a shape; on policy is an instance of everywhere."""
        if about == "on_policy" and self.fit.everywhere is not None and self.has_form(form, "everywhere", G, T):
            return True
        key = about, G, T
        if key not in self.known:
            try:
                self.known[key] = prove(Property("row", "", getattr(form, about)), self.subject, G, T).proved
            except Exception:  # the function refuses this shape
                self.known[key] = False
        return self.known[key]


def lifted(finding: Finding, form: Form, lift: Lift, shapes: list[tuple[int, int]]) -> Finding:
    """The finding with what the theorem adds, in words that claim no more."""
    losses = {
        "on_policy": f"with g = alpha A on policy, alpha = {form.alpha}", "everywhere": "of the form of the row",
        "direct": "of the form of the row, its advantages given",
        "value": f"with the value -sum of |o_i| alpha_i A_i on policy, alpha = {form.alpha}",
    }[lift.about]  # fmt: skip
    proved, tried = (", ".join(f"({g}, {t})" for g, t in of) for of in (shapes, SEEN))
    only = f"only tried at {tried}" if lift.about in ("on_policy", "everywhere") else "nowhere else"
    scope = (
        f"{finding.scope}; by {lift.theorem}{'' if lift.holds else ' it fails for'} {lift.groups}, for losses {losses}: "
        f"that this is one is proved at (G, T) = {proved}, {only}"
    )
    agrees = lift.holds == (finding.verdict == "proved")
    return replace(finding, scope=scope, method=f"{finding.method}; {lift.theorem}" if agrees else finding.method)


def lift(subject: Subject, fit: Fit, findings: list[Finding], G: int, T: int) -> list[Finding]:
    """The findings of an audit, with what holds or fails for every G and T of losses of the same form."""
    lifter = Lifter(subject, fit, G, T)
    return [lifter(f) for f in findings]
