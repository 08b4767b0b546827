"""Re-runs a stored witness in plain PyTorch, and prints a script that anyone can paste."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from .decide import first_violation
from .properties import load
from .report.words import sentence
from .subject import BadTarget, Subject
from .target import objective
from .witness import Case
from .world import ConcreteWorld


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


def replay(witness: dict[str, Any]) -> tuple[bool, str]:
    """Whether the claim is still violated, and the text to print."""
    subject = objective(witness["target"], witness.get("advantage"))
    p = load().get(witness["property"])
    if p is None:
        raise BadTarget(f"there is no property {witness['property']!r}")
    case = witness.get("case")
    if p.claims is None or p.decide is not None or case is None:
        return again(witness, subject)
    world = ConcreteWorld(subject, case, dict(witness.get("scalars") or {}))
    found = first_violation(p, subject, case)
    text = [script(subject, world, p, case), f"# {p.id}: {p.statement}"]
    if found is None:
        return False, "\n".join([*text, "# the claim holds on this input"])
    now = witness | {
        "claim": found[0].says,
        "left": float(found[0].left),
        "right": float(found[0].right),
        "relation": found[0].relation,
    }
    return True, "\n".join([*text, f"# violated: {sentence(now)}"])


def again(witness: dict[str, Any], subject: Subject) -> tuple[bool, str]:
    """Properties with a decision of their own are decided again at the witness's shape."""
    from .auditor import audit

    case = witness.get("case")
    G, T = (len(case["rewards"]), len(case["logp"][0])) if case else (2, 2)
    finding = audit(subject, max(G, 2), max(T, 2), [witness["property"]], jobs=1).findings[0]
    said = sentence(finding.witness) if finding.witness else finding.reason or finding.method
    return finding.verdict == "refuted", f"# {finding.id}: {finding.statement}\n# {finding.verdict}: {said}"


def script(subject: Subject, world: ConcreteWorld, p: Any, case: Case) -> str:
    """Plain PyTorch: the inputs on which the property evaluated the loss, and the weights that come out."""
    calls: list[dict[str, Any]] = []
    run = world._run

    def spy(x: Any) -> Any:
        out = run(x)
        calls.append({"x": x, "loss": float(out[0]), "g": out[1].numpy()})
        return out

    world._run = spy  # type: ignore[method-assign]
    p.claims(world)
    place, _, name = subject.name.rpartition(":")
    if place.endswith(".py"):
        source = f"import runpy\nloss = runpy.run_path({place!r})[{name!r}]"
    else:
        source = f"from {place or f'numerics.objectives.{name}'} import {name} as loss"
    lines = ["import torch", source, "t = lambda x: torch.tensor(x, dtype=torch.float64)"]
    for n, call in enumerate(calls[:4]):
        arrays = call["x"].arrays()
        if subject.takes("advantages") and "advantages" not in arrays:
            rewards = arrays["rewards"]
            arrays = arrays | {"advantages": (rewards - rewards.mean())[:, None]}
        lines.append(f"\nlogp{n} = t({_literal(arrays['logp'])}).requires_grad_()")
        given = []
        for parameter, canonical in subject.inputs.items():
            given.append(f"{parameter}={f'logp{n}' if canonical == 'logp' else f't({_literal(arrays[canonical])})'}")
        lines += [f"loss{n} = loss({', '.join(given)})", f"g{n} = -torch.autograd.grad(loss{n}, logp{n})[0]"]
        lines.append(f"print(loss{n}.item(), g{n})  # {call['loss']:.6g} and {_literal(np.round(call['g'], 6))}")
    return "\n".join(lines)


def _literal(a: Any) -> str:
    return repr(np.asarray(a, dtype=float).tolist())
