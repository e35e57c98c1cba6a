"""Models: load one, encode texts, run it (or part of it), read it, patch it, let it write.

=================  =============================================================================
``model``          :class:`Model`, :class:`ChatFormat`
``loading``, ``hf`` :func:`load` from a name, folder, hub, module or bridge
``batch``          :class:`Batch`, :func:`encode`, :func:`batches` (left-padded, answers checked)
``card``           :func:`cue_place`: where an organism's cues stood in training
``dialogue``       :func:`encode_dialogue`: turns through the chat template; :func:`token_texts`
``positions``      position rules to masks
``run``            :func:`forward`, :func:`capture`, :func:`resume`, :func:`unembed_answers`
``prefixes``       :func:`prefix`, :func:`step`: cached beginnings, single tokens after them
``unhooked``       :func:`upper_blocks`: the blocks' arithmetic, where nobody listens inside
``shared``         :func:`capture_shared`: texts that begin alike, their beginning run once
``budget``         :class:`Budget`: batch sizes from memory; :func:`halving` where it is less
``placement``      :func:`is_split`: a model over several devices
``hooks``          :func:`hooked`: temporary hooks, safely
``exclusive``      :func:`exclusive`: one thread in a model at a time
``generation``     :func:`generate`, :func:`stream_tokens`
``patching``       :func:`patch_residual`
=================  =============================================================================

The only package that imports transformer_lens.
"""

from workbench.models.batch import Batch, batches, bucket, encode, pad, tokens
from workbench.models.budget import Budget, halving, planned
from workbench.models.card import cue_place
from workbench.models.dialogue import encode_dialogue, encode_text, token_texts, turns_of
from workbench.models.exclusive import exclusive
from workbench.models.generation import generate, generate_tokens, stream_tokens
from workbench.models.hooks import hook_point, hooked
from workbench.models.loading import embedded_names, load
from workbench.models.model import ChatFormat, Hook, Model
from workbench.models.patching import patch_residual
from workbench.models.placement import is_split
from workbench.models.positions import RULES, check_rule, position_mask, select
from workbench.models.prefixes import PrefixState, prefix, step
from workbench.models.run import capture, check_sites, forward, resume, unembed, unembed_answers
from workbench.models.shared import Family, capture_shared, families, worth_sharing
from workbench.models.unhooked import upper_blocks

__all__ = [
    "RULES", "Batch", "Budget", "ChatFormat", "Family", "Hook", "Model", "PrefixState", "batches", "bucket",
    "capture", "capture_shared", "check_rule", "check_sites", "cue_place", "embedded_names", "encode",
    "encode_dialogue", "encode_text", "exclusive", "families", "forward", "generate", "generate_tokens", "halving",
    "hook_point", "hooked", "is_split", "load", "pad", "patch_residual", "planned", "position_mask", "prefix",
    "resume", "select", "step", "stream_tokens", "token_texts", "tokens", "turns_of", "unembed", "unembed_answers",
    "upper_blocks", "worth_sharing",
]
