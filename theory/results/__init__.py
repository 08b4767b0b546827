"""Results of our own, and the example to copy. A module per result; ids start with `lossproof.`."""

TITLE = "Results of our own"
SECTIONS = {
    "example": "An example to copy",
    "total_overshoot": "Momentum past the clip",
    "overshoot_rates": "Momentum past the clip",
    "prefix_neutral": "Shared prefixes",
    "length_drift": "Length",
    "length_trilemma": "Length",
    "group_factor": "Groups: baselines and difficulty",
    "value_baseline": "Groups: baselines and difficulty",
    "disco_weight": "Groups: baselines and difficulty",
    "kl_gradients": "KL estimators",
    "surrogate_consistent": "The surrogate's value",
    "lift_prefix": "From one shape to every G and length",
    "lift_length": "From one shape to every G and length",
    "lift_reward_order": "From one shape to every G and length",
    "lift_reward_shift": "From one shape to every G and length",
    "lift_reward_scale": "From one shape to every G and length",
    "lift_equal_rewards": "From one shape to every G and length",
    "lift_difficulty": "From one shape to every G and length",
    "lift_locality": "From one shape to every G and length",
    "lift_value_blind": "From one shape to every G and length",
    "lift_clip": "From one shape to every G and length",
    "lift_batching": "From one shape to every G and length",
}
