"""How verdicts are shown: plain rows for a terminal, `paper_checks.md`, JSON. None of them decides anything.

`json` makes the one dict per claim that the terminal rows and the pytest plugin share; `terminal` needs no SymPy.
"""
