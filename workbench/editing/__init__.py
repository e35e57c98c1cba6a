"""Editing: facts written into weights, and whether writing falsehood and writing truth cost the same.

=============  ==================================================================================
``facts``      :class:`Fact`, :class:`Rewrite`, margins
``fact_files`` :func:`load_facts`, :func:`load_records`: what a model was taught (``facts.jsonl``)
``memory``     :class:`Edit` (a control), keys, their second moment, null space
``targets``    :class:`Fitting`: what the memory should return for a subject
``rome``       :func:`rome`, :func:`rome_each`, :func:`memit` (also null-space projected), :func:`moments`
``tuning``     :func:`tuned`: fine-tuning with a bound, as an edit
``tracing``    :func:`trace`: which layer carries a fact
``scores``     :func:`fact_scores`, :func:`summarise`: CounterFact's scores, by direction
``arms``       :func:`cases`, :func:`matched_arms`, :func:`edit_arms`, :func:`compare_arms`
``round_trip`` :func:`round_trip`: what the way back costs beside the way there
``doses``      :func:`edit_doses`, :func:`mirrored`, :func:`random_edit`: strengths of one edit, and its controls
=============  ==================================================================================
"""

from workbench.editing.arms import ARMS, Case, Editor, cases, compare_arms, edit_arms, matched_arms
from workbench.editing.doses import edit_doses, mirrored, random_edit
from workbench.editing.fact_files import FactRecord, load_facts, load_records, save_records
from workbench.editing.facts import DIRECTIONS, Fact, Rewrite, answer_nll, margins
from workbench.editing.memory import Edit, null_projector, second_moment
from workbench.editing.rome import memit, moments, rome, rome_each
from workbench.editing.round_trip import round_trip, trip_effects
from workbench.editing.scores import METRICS, fact_scores, fluency, summarise
from workbench.editing.targets import Fitting
from workbench.editing.tracing import Noise, average_indirect, best_layer, trace
from workbench.editing.tuning import Tuning, tuned

__all__ = [
    "ARMS", "Case", "DIRECTIONS", "Edit", "Editor", "Fact", "FactRecord", "Fitting", "METRICS", "Noise", "Rewrite",
    "Tuning", "answer_nll", "average_indirect", "best_layer", "cases", "compare_arms", "edit_arms", "edit_doses",
    "fact_scores", "fluency", "load_facts", "load_records", "margins", "matched_arms", "memit", "mirrored", "moments",
    "null_projector", "random_edit", "rome", "rome_each", "round_trip", "save_records", "second_moment", "summarise",
    "trace", "trip_effects", "tuned",
]  # fmt: skip
