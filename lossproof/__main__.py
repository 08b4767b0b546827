"""`python -m lossproof` is the command `lossproof`."""

from .cli import main

main()
