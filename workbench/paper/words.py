"""What a caption says of each picture's method and intervals; {level} is filled in. One entry per picture."""

from workbench.reliability.recommendation import LEVEL

_ODD = (
    "The odd effect is half the difference between the changes of log-odds at multiplier +1 and −1; multiplier 1 adds "
    "the mean difference of the activations once."
)
_GROUPS = "Intervals are {level}, Student's t over groups (templates) of questions."
_NONE = "The picture shows no intervals."
_CURVE = (
    "Propensity is the log-odds of the positive pole's answer; the curve is its mean change on held-out questions. "
    "Control directions have the norm of the concept's own."
)
_BANDS = (
    "The band of the own direction is a {level} interval (Student's t over groups of questions); that of a control "
    "is the range of its draws, which is no interval."
)
_BUDGET = "Gains are changes of log-odds toward the pole asked for; both poles spend the same budget."
_FIELLER = "Intervals are {level} (Fieller's t over concepts, or over groups of one concept), judged over budgets."
_TWO_LEVEL = "Bands are {level} intervals from resampling concepts, then groups of questions (both arms together)."

# pictures that show effects on held-out questions, and those that show the bands of controls
EFFECTS = ("coherence-scatter", "propensity-overview", "propensity-curve", "layer-heatmap", "read-write",
           "recommendation")  # fmt: skip
CONTROLLED = ("propensity-overview", "propensity-curve")
DRAWS = (
    "Controls are {random_directions} random and {shuffled_directions} shuffled-label directions, measured on at most "
    "{max_band} questions a concept."
)

# name of the picture -> (method, intervals)
PICTURES: dict[str, tuple[str, str]] = {
    "coherence-scatter": (
        f"Agreement c is the mean cosine of the single differences with the vector, held out by groups. {_ODD}",
        f"{_GROUPS} Points of related concepts are not independent evidence.",
    ),
    "correlation-forest": (
        "Spearman's ρ over cells; the transplant correlates a concept's predictor with the effect of other concepts' "
        "vectors, the partial is given grasp, headroom and lean (less the predictor itself).",
        "Intervals are {level}, from resampling concepts; they are not corrected for the number of predictors.",
    ),
    "propensity-overview": (_CURVE, _BANDS),
    "propensity-curve": (_CURVE, _BANDS),
    "prompt-slopes": (
        "A slope is the straight-line fit of a question's log-odds on the multiplier.",
        f"{_NONE} Single questions have none.",
    ),
    "layer-heatmap": (_ODD, _NONE),
    "patching": (
        "Activation patching: the share of a cue's effect that comes back when the activation at one layer and "
        "position is replaced by that of the cued prompt.",
        "Intervals are {level}, Student's t over concepts for the mean, over groups of questions for one concept.",
    ),
    "projections": (
        "κ is the projection of held-out prompts on the difference of means, ±1 at the means of the fitting half; "
        "steering by λ moves it by 2λ by construction.",
        f"{_NONE} Poles that stand apart here need not mean that steering works.",
    ),
    "cosines-concepts": ("Cosines of the steering vectors of every two concepts.", _NONE),
    "cosines-types": (
        "Cosines of one concept's vectors made in different ways.", _NONE,
    ),
    "read-write": (
        f"Read: AUROC of a probe on held-out questions. Write: the odd effect of steering. {_ODD}",
        "Intervals are {level}, Student's t: of the effect over groups of questions, of the AUROC over group folds.",
    ),
    "recommendation": (
        "Each concept's way, layer and multiplier with the largest reliable odd effect, chosen on the questions that "
        "are shown here; the odd effect is half the difference between the changes of log-odds at plus and minus that "
        "multiplier.",
        "Intervals are {level}; those of the effect are widened (Bonferroni) for the layers and multipliers tried, "
        "not for the ways of making the vector; those of the share treat groups of questions as the unit.",
    ),
    "published": (
        "Published numbers of another model and other question sets beside those of this run; agreement or not, the "
        "two are not the same measurement.",
        "Intervals of this run are {level}, from resampling concepts; quantities without one are ends of a range.",
    ),
    "symmetry-methods": (_BUDGET, _FIELLER),
    "symmetry-concepts": (_BUDGET, _FIELLER),
    "dose-response": (_BUDGET, _TWO_LEVEL),
    "index-by-dose": (_BUDGET, _TWO_LEVEL),
    "cost-frontier": (_BUDGET, _TWO_LEVEL),
    "lean-regression": (_BUDGET, "Intervals are {level}, Student's t over groups of questions."),
    "retention-ladder": (
        "Retention is the gain with the defence over the gain without it at the same budget, each after a search of "
        "its own on other questions: 1 means that the defence does nothing.",
        "Intervals are {level}, from resampling concepts, then groups of questions.",
    ),
    "floor-trade-off": (
        "What a one-sided floor leaves of each pole's control under its own vector, by the height of the floor.",
        "Bands are {level}, from resampling groups of questions.",
    ),
    "knob-effects": ("Differences between twin models, first minus second, concept by concept.", _NONE),
    "coherence-reliability": ("Differences between twin models, first minus second, concept by concept.", _NONE),
    "links": (
        "Spearman's ρ over concepts, training seed by training seed.",
        "Intervals of a seed are {level}, from resampling concepts; the mean's is Student's t over seeds.",
    ),
}


def method_of(name: str) -> str:
    """The method in a sentence or two; nothing for a picture that is not known here."""
    return PICTURES.get(name, ("", ""))[0]


def intervals_of(name: str) -> str:
    """What the intervals are and their level; for an unknown picture nothing (its own n says it)."""
    return PICTURES.get(name, ("", ""))[1].format(level=level())


def level() -> str:
    """The level of a record's intervals."""
    return f"{LEVEL:.0%}".replace("%", " %")
