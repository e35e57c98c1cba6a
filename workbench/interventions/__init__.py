"""Changes of the residual stream, one frozen dataclass per file, and ``Steer``, the control made of one."""

from workbench.interventions.ablate import Ablate
from workbench.interventions.add import Add
from workbench.interventions.clamp import Clamp
from workbench.interventions.conditional import Conditional
from workbench.interventions.rotate import Rotate
from workbench.interventions.steer import Steer, intervene, steer, steered_model

__all__ = ["Ablate", "Add", "Clamp", "Conditional", "Rotate", "Steer", "intervene", "steer", "steered_model"]
