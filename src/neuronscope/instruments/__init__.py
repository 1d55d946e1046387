"""What can be done to a model while it runs? Read sites, write them, take gradients, sweep over patches."""

from neuronscope.instruments.ops import Op, add, mean, put, scale, zero
from neuronscope.instruments.plan import Plan, plan
from neuronscope.instruments.readings import Readings
from neuronscope.instruments.residual import residual_stream
from neuronscope.instruments.run import Run, run
from neuronscope.instruments.sampling import Sampling
from neuronscope.instruments.stream import Step, stream
from neuronscope.instruments.sweep import patch_sweep

__all__ = [
    "Op",
    "Plan",
    "Readings",
    "Run",
    "Sampling",
    "Step",
    "add",
    "mean",
    "patch_sweep",
    "plan",
    "put",
    "residual_stream",
    "run",
    "scale",
    "stream",
    "zero",
]
