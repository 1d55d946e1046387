"""How fast is the engine, against the plainest way to do the same? ``python -m benchmarks.speed.engine``."""

import os

# A thread that waits must cost no CPU time, or the clock would count the waiting and hide the work. The
# threads of torch read this when torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# The bars that peers draw while they sweep would be timed with them.
os.environ.setdefault("TQDM_DISABLE", "1")
