"""Results of our own, and the example to copy. A module per result; ids start with `lossproof.`."""

TITLE = "Results of our own"
SECTIONS = {"example": "An example to copy"}
