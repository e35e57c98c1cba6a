"""The method in words: what each number on the page is, and what it is not."""

from workbench.report.markup import Html, tag

PARAGRAPHS = (
    (
        "Contrast and direction",
        "A pair is one question with an answer of each pole; the activations of both prompts are read at one "
        "layer and one position, and dᵢ is their difference. The steering vector s is the mean of the dᵢ. "
        "Multiplier 1 adds s once; every control vector has the norm of s.",
    ),
    (
        "Propensity and effect",
        "The propensity of a prompt is the log-odds of the positive answer against the negative one at the "
        "answer position (longer answers: summed log-probabilities). The effect Δ at multiplier λ is the "
        "propensity at λ minus the propensity at 0. Log-odds are used because probabilities saturate and hide "
        "effects. The odd effect (Δ(λ) − Δ(−λ))/2 is what changes with the sign of the vector; the even "
        "effect (Δ(λ) + Δ(−λ))/2 is what any push does, whichever way it points.",
    ),
    (
        "Steerability and anti-steerable prompts",
        "The slope of a prompt is the straight-line fit of propensity on multiplier from −1.5 to 1.5; "
        "steerability is the mean slope. Anti-steerable is the share of prompts with Δ(1) < 0 (Braun), with "
        "slope ≤ 0 (Tan), or with slope < −ε, where ε is the 97.5 % quantile of |slope| under random "
        "directions. The first two count about half of the prompts on which steering does nothing.",
    ),
    (
        "Coherence",
        "Agreement c is the mean cosine of the dᵢ with s. In-sample it is near 1/√n for pure noise, so the "
        "held-out c is shown: s from one half of the groups, cosines of the other half. The "
        "difference-of-means line puts the class means at κ = ±1; steering by λ moves κ by 2λ. "
        "Discriminability d′ is the distance of the two classes on that line in pooled standard deviations; "
        "its in-sample value grows with the number of dimensions even where there is no concept, so the "
        "split-half d′ stands beside it.",
    ),
    (
        "Controls",
        "Every effect is drawn with the band of random directions and of directions from shuffled "
        "labels, of the same norm; a band is measured on fewer prompts than an effect (setting max_band), "
        "because directions differ more than prompts do. The transplant steers a concept with the vectors of "
        "other concepts: a coherence that “predicts” their effect as well measures how well the model grasps "
        "the behaviour, not how good the vector is. Partial correlations are given grasp (share correct), headroom "
        "(what a cue in the prompt reaches) and lean (unsteered propensity).",
    ),
    (
        "Intervals",
        "All intervals are 95 %. Prompts of one template or topic form a group, and groups are split and "
        "resampled together; correlations over cells resample concepts, because cells of one concept are not "
        "independent. Means over concepts use Student’s t over concepts.",
    ),
    (
        "What this page cannot show",
        "A high correlation does not show that steering works at all: read the effect beside it. A direction "
        "that a probe reads well can do nothing when written. Cells that share a concept, and concepts that "
        "share a direction, are not separate pieces of evidence. Results hold for the model, prompts and "
        "positions named below.",
    ),
)


def method() -> Html:
    """The paragraphs as a section."""
    return tag(
        "section",
        tag("h2", "Method in words"),
        *(tag("p", tag("b", f"{name}. "), text) for name, text in PARAGRAPHS),
        id="method",
        class_="prose",
    )
