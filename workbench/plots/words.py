"""What the columns of the tables are called in pictures: a short label and a unit; and text made safe and short."""

from textwrap import wrap

LABELS: dict[str, tuple[str, str]] = {
    "c": ("agreement c, in-sample", "mean cosine"),
    "c_heldout": ("agreement c, held out", "mean cosine"),
    "c_loo": ("agreement c, leave one group out", "mean cosine"),
    "pairwise": ("pairwise cosine, off diagonal", "mean cosine"),
    "d_prime": ("discriminability d′, in-sample", "pooled sd"),
    "d_prime_split": ("discriminability d′, split half", "pooled sd"),
    "overlap": ("overlap of the two classes", "share"),
    "auc": ("AUC of the projection κ", "area"),
    "effective_rank": ("effective rank of the differences", "dimensions"),
    "first_share": ("first component of the differences", "share"),
    "split_half_cos": ("split-half cosine of the vector", "cosine"),
    "spearman_brown": ("split-half cosine, Spearman–Brown", "cosine"),
    "stability25": ("stability over 25-pair subsamples", "cosine"),
    "kappa_positive": ("mean κ of the positive pole", "class means at ±1"),
    "kappa_negative": ("mean κ of the negative pole", "class means at ±1"),
    "gap": ("gap of the class means", "activation units"),
    "norm_ratio": ("‖s‖ / ‖h‖", "ratio"),
    "lean": ("unsteered propensity", "log-odds"),
    "grasp": ("grasp: the behaviour is understood", "share correct"),
    "headroom": ("headroom: what a cue reaches", "log-odds"),
    "effect": ("effect Δ at multiplier 1", "log-odds"),
    "odd": ("odd effect at multiplier 1", "log-odds"),
    "random_matched": ("random directions at matched norm, 95 %", "log-odds"),
    "odd_matched": ("odd effect at matched norm", "log-odds"),
    "even": ("even effect at multiplier 1", "log-odds"),
    "steerability": ("steerability", "log-odds per multiplier"),
    "slope": ("slope of the prompt", "log-odds per multiplier"),
    "anti_braun": ("anti-steerable, Δ(1) < 0", "share of prompts"),
    "anti_tan": ("anti-steerable, slope ≤ 0", "share of prompts"),
    "anti_eps": ("anti-steerable, slope < −ε", "share of prompts"),
    "transplant_odd": ("odd effect of other concepts’ vectors", "log-odds"),
    "patch_share": ("effect restored by patching", "share"),
    "random": ("random directions, 95 %", "log-odds"),
    "shuffled": ("shuffled labels, 95 %", "log-odds"),
    "c_null": ("agreement c under no concept, 95 %", "mean cosine"),
    "auroc": ("AUROC of the probe, held out", "area"),
    "selectivity": ("selectivity", "difference"),  # of a probe to control labels, of what a defence keeps per pole
    "kappa": ("projection κ", "class means at ±1"),
    "kappa_steered": ("projection κ, steered", "class means at ±1"),
    "cosine": ("cosine", "cosine"),
    "multiplier": ("multiplier", "1 = the mean difference"),
    "backfire": ("backfires", "share of prompts"),
    "base": ("unsteered propensity", "log-odds"),
    "delta_plus": ("Δ at multiplier +1", "log-odds"),
    "delta_minus": ("Δ at multiplier −1", "log-odds"),
    "beats_random": ("beats random directions", ""),
    "inert": ("decodable but inert", ""),
    "prompt_type": ("prompt type", ""),
    "layer": ("layer", "0-based"),
    "n_pairs": ("pairs to fit", ""),
    "n_groups": ("groups", ""),
    "n_concepts": ("concepts", ""),
    "partial_given": ("partial: given", ""),
    "n_eval": ("prompts to evaluate", ""),
    "positive_answer": ("positive answer", ""),
    "partial_rho": ("partial ρ", ""),
    "transplant_rho": ("transplant ρ", ""),
    "rho": ("ρ", "Spearman"),
    "share": ("effect restored", "share"),
    "rule": ("patched position", ""),
    "knob_fit": ("templates that follow, of those for the vector", "difference in share"),
    "knob_eval": ("templates that follow, of those evaluated", "difference in share"),
    "labelling": ("pairs labelled by", ""),
    "against_cue": ("acts shown against the cue", "share of pairs"),
    "nll_rise": ("rise of the NLL on neutral text", "share"),
    "choice_drop": ("drop of accuracy on unrelated choices", "share"),
    "incoherent": ("rise of the probability off the options", "share"),
    "per_half": ("change per half of the templates", ""),
}
DIRECTION_NAMES = {
    "own": "the concept’s own direction",
    "random": "random directions",
    "shuffled": "shuffled labels",
    "transplant": "other concepts’ directions",
}
# table columns that hold the interval of a value although they do not carry its name
INTERVALS = {"random": "95 % band", "random_matched": "95 % band", "shuffled": "95 % band", "c_null": "95 % band"}


def label(column: str) -> str:
    """Label with unit, as an axis title has it; an unknown column keeps its own name."""
    unit = LABELS.get(column, ("", ""))[1]
    return f"{short(column)} ({unit})" if unit else short(column)


def short(column: str) -> str:
    """The label without its unit; ``odd_second`` is that of ``odd`` in the second record of two."""
    for side in ("first", "second"):
        if column.endswith(f"_{side}"):
            return f"{side}: {short(column.removesuffix(f'_{side}'))}"
    return LABELS.get(column, (column.replace("_", " "), ""))[0]


def plain(value: object) -> str:
    """Text from data for a plotly label, which reads a few HTML tags: they are shown, not obeyed."""
    return str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def wrapped(value: object, width: int = 58) -> str:
    """Escaped text in lines of ``width`` characters, for a hover box."""
    return "<br>".join(plain(line) for line in wrap(str(value), width)) or ""
