"""Replay certificates in a fresh process that imports nothing but the kernel: python -m theory.kernel.recheck FILE..."""

import json
import sys

from .theorem import replay

def main(paths: list[str]) -> int:
    bad = 0
    for path in paths:
        try:
            with open(path, encoding="utf-8") as f:
                for name, cert in json.load(f).items():
                    print(f"ok {' '.join(name.split())}: {(th := replay(cert))!r} rests on {sorted(th.trust)}")
        except Exception as e:  # a certificate is untrusted input: whatever breaks on it, it is not a proof
            bad = print(f"FAILED {path}: {type(e).__name__}: {' '.join(str(e).split())}") or 1
    return bad

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
