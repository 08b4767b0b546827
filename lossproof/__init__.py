"""The front door: command line, reports, pytest plugin. May import theory and numerics; nothing imports it.

Light on purpose: `import lossproof` loads neither torch nor SymPy, so that pytest starts quickly where it is installed.
"""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """`lossproof.audit(fn)`, loaded when first asked for."""
    if name == "audit":
        from .api import audit

        return audit
    raise AttributeError(f"module 'lossproof' has no attribute {name!r}")
