"""Results of our own, and the example to copy. A module per result; ids start with `lossproof.`."""

TITLE = "Results of our own"
SECTIONS = {
    "example": "An example to copy",
    "total_overshoot": "Momentum past the clip",
    "overshoot_rates": "Momentum past the clip",
    "prefix_neutral": "Shared prefixes",
    "length_drift": "Length",
}
