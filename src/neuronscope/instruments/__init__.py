"""What can be done to a model while it runs? Read sites, write them, take gradients, sweep over patches."""

from neuronscope.instruments import interventions
from neuronscope.instruments.answered.question import Question, Reply, Score
from neuronscope.instruments.answering import answer
from neuronscope.instruments.harvest import harvest
from neuronscope.instruments.harvested.reader import Harvest, Shard
from neuronscope.instruments.linear import Direct, Direction, Linearised, linearise, logit_direction
from neuronscope.instruments.ops import Op, add, fn, mean, noise, project_out, put, resample, scale, zero
from neuronscope.instruments.path import PathPatch, path_patch, sweep_edges
from neuronscope.instruments.paths.edges import Edge, each_edge
from neuronscope.instruments.plan import Plan, plan
from neuronscope.instruments.readings import Readings
from neuronscope.instruments.residual import residual_stream
from neuronscope.instruments.run import Run, run
from neuronscope.instruments.streaming.sampling import Sampling
from neuronscope.instruments.streaming.stream import Step, stream
from neuronscope.instruments.sweep import Sweep, sweep
from neuronscope.instruments.trials import each

__all__ = [
    "Direct",
    "Direction",
    "Edge",
    "Harvest",
    "Linearised",
    "Op",
    "PathPatch",
    "Plan",
    "Question",
    "Readings",
    "Reply",
    "Run",
    "Sampling",
    "Score",
    "Shard",
    "Step",
    "Sweep",
    "add",
    "answer",
    "each",
    "each_edge",
    "fn",
    "harvest",
    "interventions",
    "linearise",
    "logit_direction",
    "mean",
    "noise",
    "path_patch",
    "plan",
    "project_out",
    "put",
    "resample",
    "residual_stream",
    "run",
    "scale",
    "stream",
    "sweep",
    "sweep_edges",
    "zero",
]
