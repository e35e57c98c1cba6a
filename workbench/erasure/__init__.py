"""Erasers: affine maps that take a concept out of the residual stream, as hooks or baked into the weights.

==============  ===================================================================
``eraser``      :class:`Eraser`: h − left·right·(h − centre); projections
``leace``       least-squares concept erasure (LEACE), through ``concept-erasure``
``control``     :class:`Erase`: erasers as a control, applied by hooks
``baking``      :class:`Baked`: a projection written into every matrix that writes
==============  ===================================================================
"""

from workbench.erasure.baking import Baked
from workbench.erasure.control import Erase
from workbench.erasure.eraser import Eraser, mean_projection, subspace_projection
from workbench.erasure.leace import leace

__all__ = ["Baked", "Erase", "Eraser", "leace", "mean_projection", "subspace_projection"]
