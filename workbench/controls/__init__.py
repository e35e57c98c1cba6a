"""Control methods: one file each, a function ``control(model, concept, toward) -> Control``.

A researcher adds a method by writing one such file here, or anywhere as ``module:function``; nothing is registered.
``Control.applied(model, strength)`` yields the model to use. What a study may ask of a control besides:
``doses`` (the only strengths there are, such as numbers of examples), ``limit`` (the largest strength), and
``sites`` (where it changes the stream, so that its norm can be measured).

Steering: add, add_pole, negate, ablate, clamp, rotate, gate, actadd, reading_vector, lda, add_layers ·
prompting: instruction, persona, few_shot, in_context_edit, veto ·
erasure: leace, mean_projection, subspace, baked_projection · defence: floor, input_filter,
backdoored (another defence with a trigger), checkpoint (other weights, as a fine-tuned copy), and veto ·
editing: rome, memit, null_space_edit, constrained_tuning (every pair is a fact, its question the subject).
training: lora, full_tuning, dpo (strength is the number of optimiser steps). Files that say ``TRAINS = True`` take
long: no shipped list of defaults has them, they run when they are named.
"""

from workbench.controls.find import Method, about_method, find_method, method_name, method_names, trains

__all__ = ["Method", "about_method", "find_method", "method_name", "method_names", "trains"]
