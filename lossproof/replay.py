"""Re-runs a stored witness in plain PyTorch, and prints a script that anyone can paste."""

import json
from pathlib import Path
from typing import Any

from . import advantage, properties, script
from .advantage.subject import Estimator
from .batch import told
from .decide import first_violation
from .properties import Property
from .report.words import sentence
from .subject import BadTarget, Subject
from .target import subject as subject_of


def read(path: Path) -> dict[str, Any]:
    """A witness file: a witness, or an audit's JSON with exactly one refuted property. Raises BadTarget."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise BadTarget(f"{path} cannot be read: {e.strerror}") from e
    except ValueError as e:
        raise BadTarget(f"{path} is not JSON: {e}") from e
    if isinstance(data, dict) and "properties" in data:
        found = [f for f in data["properties"] if f.get("verdict") == "refuted" and f.get("witness")]
        if len(found) != 1:
            raise BadTarget(
                f"{path} is an audit with {len(found)} refuted properties: keep one with --only, or store its witness alone"
            )
        data = found[0]["witness"] | {"target": data["target"]}
    if not isinstance(data, dict) or "property" not in data:
        raise BadTarget(f"{path} is no witness: it lacks the key 'property'")
    if "target" not in data:
        raise BadTarget(f"{path} does not say which target it breaks: add the key 'target'")
    return data


def replay(witness: dict[str, Any], subject: Subject | Estimator | None = None) -> tuple[bool, str]:
    """Whether the claim is still violated, and the text to print: a script, then the violated equation with numbers."""
    subject = subject or subject_of(witness["target"], witness.get("advantage"))
    known = advantage.everything() if isinstance(subject, Estimator) else properties.everything()
    p = known.get(witness["property"])
    if p is None:
        raise BadTarget(f"there is no property {witness['property']!r} of {subject.name}")
    case = witness.get("case")
    if p.about and isinstance(subject, Subject):
        subject = told(subject) or subject
    scalars = dict(witness.get("scalars") or {})
    found = None if p.claims is None or case is None else first_violation(p, subject, case | scalars)  # type: ignore[arg-type]
    if case is None or p.claims is None or (found is None and p.decide is not None):
        return again(witness, subject, p)
    if isinstance(subject, Estimator):
        text = script.of_estimator(subject, p, case, scalars)
    else:
        text = script.of_objective(subject, p, case, scalars)
    text += f"\n# {p.id}: {p.statement}"
    if found is None:
        return False, f"{text}\n# the claim holds on this input"
    claim = found[0]
    now = {"claim": claim.says, "left": float(claim.left), "right": float(claim.right), "relation": claim.relation}
    return True, f"{text}\n# violated: {sentence(witness | now)}"


def again(witness: dict[str, Any], subject: Subject | Estimator, p: Property) -> tuple[bool, str]:
    """Properties that are decided by more than claims are decided again at the witness's shape."""
    from .auditor import audit

    case = witness.get("case")
    G, T = (len(case["rewards"]), len(case["logp"][0])) if case else (2, 2)
    finding = audit(subject, max(G, 2), max(T, 2), [p.id], jobs=1).findings[0]
    said = sentence(finding.witness) if finding.witness else finding.reason or finding.method
    return finding.verdict == "refuted", f"# {finding.id}: {finding.statement}\n# {finding.verdict}: {said}"
