"""Numbers in the notes that only training runs, or the papers' own tables, could confirm: none of them is recomputed here."""

MEASURED: list[tuple[str, str, str]] = [  # source, what, the proposition that says why
    ("disco", "six averages, 1.5B: GRPO .457, DAPO .473, Dr. GRPO .443, TRPA .470, DisCO .533; +7%, +3.5%, +5.5%; 7B .627, ~.60",
     "disco.headline"),
    ("disco", "entropy of clip-free scores about .22; ε = .2 collapses, .28 explodes", "disco.entropy"),
    ("gdpo", "AIME +6.3% and +2.3%; BFCL-v3 base 17.88% / 4.74%, GRPO 30.18% / 76.33%", "gdpo.headline"),
    ("gdpo", "GRPO's correctness declines after about 400 steps; training without Eq. 6 fails occasionally",
     "gdpo.eq6.convergence"),
    ("hadw", "maths: GRPO 46.5 to 48.7, GSPO 47.1 to 49.2, DAPO 46.8 to 49.5; 8B 49.6 to 52.5, 50.7 to 53.4; 3B 25.7 to "
     "27.1", "hadw.experiments"),
    ("hadw", "MATH500 75.4, 76.2, 78.0; λ = .5 to 2: 46.5, 47.2, 47.4, 48.7, 48.6, 48.1, 47.3", "hadw.experiments.scale"),
    ("maskgrpo", "GSM8K 76.7 to 84.7 (79.8, 81.1, 82.1), MATH500 32.4 to 37.6, MBPP 39.0 to 45.4, GenEval .56 to .81 (.90); "
     "ablation 79.8, 80.4, 83.5, 84.7; GenEval before RL .51; 30% faster", "maskgrpo.benchmarks"),
    ("rubric_arm", "70.1, 74.8, 76.2, 64.9, 71.3; reversed order 72.4 (41.9 to 24.4); no format reward 72.6; 60.3 to 63.2; 1.27, "
     "2.47, 22.1; 46.8 to 55.4 (52.3)", "rubric_arm.benchmarks"),
    ("sgpo", "AIME24 31.2, AMC23 77.6, MATH500 87.8", "sgpo.headline"),
    ("ustat", "the paper's table: G* = 64 at N = 1024, 2048, and 128 at 4096", "ustat.theorem7.universal"),
    ("drgrpo", "Oat-Zero-7B 43.3 and 51.4; Qwen2.5-Math-7B 38.2 and 23.8", "drgrpo.experiments"),
    ("kl_estimators", "up to 19% worse out of distribution", "kl_estimators.k3_loss_worse_out_of_distribution"),
]  # fmt: skip
