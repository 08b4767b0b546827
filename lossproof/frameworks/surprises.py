"""What surprises in the frameworks' losses, sorted by hand: what is claimed to be a defect, and what it contradicts.

Each entry has a script of the same name in examples/findings, which shows it with the framework alone.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Surprise:
    """`basis`: what says that it is meant, or what it contradicts; `shown`: the target, property and verdict that go with it."""

    title: str
    script: str
    basis: str
    shown: tuple[str, str, str] | None = None


DEFECTS = [
    Surprise(
        "Liger's LUSPO trains on padding, at its default level `token`, and at level `sequence` through the KL term",
        "liger_luspo_padding",
        "The code says \"Match TRL exactly\"; TRL's own LUSPO masks before it aggregates (`GRPOTrainer._compute_loss`, "
        "huggingface/trl#6654), and so do all other losses of the class.",
        ("liger:luspo", "padding-invariant", "refuted"),
    ),
    Surprise(
        "verl's `clip_ratio` has no effect on any policy loss",
        "verl_clip_ratio",
        "`ActorConfig` documents it as the \"PPO clipping ratio for policy loss\", and every loss falls back to it where "
        "`clip_ratio_low` or `clip_ratio_high` is None; both default to 0.2, so it "
        "acts only once both are set to null.",
    ),
    Surprise(
        "verl's `geo_mean` grows with the number of micro-batches",
        "verl_geo_mean_accumulation",
        "`agg_loss`, which every other loss goes through, promises a loss that does not depend on the parallelism. "
        "Reported in verl-project/verl#7913.",
    ),
    Surprise(
        "verl's `rloo` and `rloo_vectorized` differ on a prompt with one completion",
        "verl_rloo_singleton",
        "Two implementations of one estimator, with one docstring: the first gives the raw reward, the second 0.",
        ("verl:rloo", "adv-singleton-zero", "refuted"),
    ),
    Surprise(
        "verl's DPPO truncates ratios at 3, where its code says 20",
        "verl_dppo_truncation",
        "The comment above asks for \"a large threshold\", and the fallback is 20; `ActorConfig.clip_ratio_c`, the constant of "
        "the dual clip, is always there and is 3.",
    ),
]  # fmt: skip
UNDOCUMENTED = [
    Surprise(
        "TRL's `mask_truncated_completions` takes a truncated completion out of the loss, not out of the baseline",
        "trl_truncated_baseline",
        '`GRPOConfig`: "truncated completions are excluded from the loss calculation". Their rewards stay in the mean that the '
        "others are measured by, so the advantages of these no longer sum to 0, and a prefix that all completions share has a "
        "gradient. Nor do grpo, sapo, luspo and dr_grpo, which divide by the number of completions, leave them out of it; the "
        "losses that divide by the number of tokens do. In the audit a completion of two tokens counts as truncated.",
        ("trl:dapo[mask_truncated_completions=True]", "prefix-neutral", "refuted"),
    ),
    Surprise(
        "TRL's `normalize_then_sum` depends on the scale of a single reward, most of all where two rewards cancel",
        "trl_cancelling_rewards",
        "`GRPOConfig` cites GDPO (arXiv 2601.05242), whose Eq. 4 divides by the deviation alone and is blind to scale. That TRL "
        "adds 1e-4 to it is not said; the code that the paper's authors published (NVlabs/GDPO) does so, too. Where the "
        "standardised rewards of a whole batch cancel, what the 1e-4 leaves is all there is, and the whitening of the batch with "
        "a 1e-4 of its own makes advantages of it, up to 0.707 for two completions; beside a prompt whose rewards do not cancel "
        "they are small. verl's `gdpo`, with 1e-6 there and 1e-8 beside the variance of the batch, does the same to a lesser "
        "degree: 0.005 and -0.575 for the first completion of the second and third batch below.",
        ("trl:advantages[multi_objective_aggregation=normalize_then_sum]", "adv-component-scale-invariant", "refuted"),
    ),
    Surprise(
        "TRL's `scale_rewards` does nothing under `normalize_then_sum`: with \"none\", too, rewards are scaled",
        "trl_scale_rewards",
        "`GRPOConfig` says of `scale_rewards`, for every aggregation, \"`False` or `\"none\"`: no scaling is applied\". Of "
        "`multi_objective_aggregation` it says that `sum_then_normalize` scales \"as specified by `scale_rewards`\", and that "
        "`normalize_then_sum` \"normalizes/scales each reward function across generations (within each group)\" and then "
        "normalises \"at the batch level\": so that it has a scaling of its own is said, that no value of `scale_rewards` is "
        "read beside it is not, nor is a value refused. The audit proves the three values to give the same advantages (below, "
        "among the knobs that do nothing). verl's `gdpo` does read its switch, `norm_adv_by_std_in_grpo`, in the first of these "
        "two steps.",
    ),
    Surprise(
        "verl's default KL penalty has no gradient for a token whose reference is more than 14 times as likely",
        "verl_k3_clamp",
        "The clamp of k3 at 10 is there \"for numerical stability\"; that the pull ends where it is needed most is not said. "
        "TRL and Liger have the same penalty without a clamp.",
        ("verl:vanilla[use_kl_loss=True,kl_loss_type=k3]", "kl-pulls-to-reference", "refuted"),
    ),
    Surprise(
        "verl's sequence modes let NaN at padding into the loss, its token modes do not",
        "verl_poisoned_padding",
        "`masked_sum` documents the guard; the sequence modes of `agg_loss` multiply by the mask instead.",
        ("verl:vanilla[loss_agg_mode=seq-mean-token-mean]", "padding-poison-safe", "refuted"),
    ),
    Surprise(
        "verl's token-mean of a mini-batch without live tokens is NaN",
        "verl_no_tokens",
        "TRL and Liger clamp the count at 1.",
        ("verl:vanilla", "finite", "refuted"),
    ),
]  # fmt: skip
DOCUMENTED = [
    Surprise(
        "TRL's (and Liger's) CISPO without `epsilon_high` is REINFORCE at a fifth of its size",
        "trl_cispo_bound",
        "`GRPOConfig`: for CISPO, `epsilon_high` is the bound itself, 5.0 is recommended, and unset it is `epsilon`, 0.2. "
        "verl's CISPO bounds at 1 + clip_ratio_high.",
        ("trl:cispo", "prefix-neutral-off-policy", "proved"),
    ),
    Surprise(
        "verl's `seq-mean-token-sum-norm` depends on how wide the batch is padded",
        "verl_padded_width",
        '`actor.yaml`: "If null, uses response_length. Set to a constant to ensure consistent normalization."',
        ("verl:vanilla[loss_agg_mode=seq-mean-token-sum-norm]", "padding-invariant", "refuted"),
    ),
    Surprise(
        "The default KL penalty of verl (and Liger) is not the gradient of the KL divergence; TRL's default is",
        "verl_kl_gradient",
        "`kl_penalty` in verl says so and offers `k3+`; TRL's `use_bias_correction_kl` is on by default, Liger's is off.",
        ("verl:vanilla[use_kl_loss=True,kl_loss_type=k3]", "kl-gradient-exact", "refuted"),
    ),
]
