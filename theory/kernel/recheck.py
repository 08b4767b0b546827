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
                    print(f"ok {name}: {replay(cert)!r}")
        except Exception as e:  # a certificate is untrusted input: whatever breaks on it, it is not a proof
            bad = print(f"FAILED {path}: {type(e).__name__}: {e}") or 1
    return bad

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
