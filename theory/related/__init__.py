"""Related papers, a module (or a package) per paper, named by its key: every claim of it that we know of, with a verdict.

May import theory. A claim whose exact text was not at hand is a reconstruction: its `source` says so.
"""
