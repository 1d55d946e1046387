"""Labelled results: what they are, where they came from, and where they are kept."""

from neuronscope.results.executor import Executor, InProcess, WorkerProcesses
from neuronscope.results.files import ENDINGS, load, save
from neuronscope.results.kinds import KINDS, Plane, kind_of, plane
from neuronscope.results.label import label, placed
from neuronscope.results.log import log
from neuronscope.results.provenance import digest, fixed, provenance, stamp
from neuronscope.results.slices import MOST_VALUES, TooLarge, cut_of, slice_of, values_of
from neuronscope.results.store import CannotStore, Freed, NotStored, Store, open_store
from neuronscope.results.store_entry import entry_of
from neuronscope.results.store_index import Entry
from neuronscope.results.summary import dtype_word, summary
from neuronscope.results.track import Cancelled, Progress, listening, offer, track
from neuronscope.results.workplace import working_in, workplace

__all__ = [
    "ENDINGS",
    "KINDS",
    "MOST_VALUES",
    "Cancelled",
    "CannotStore",
    "Entry",
    "Executor",
    "Freed",
    "InProcess",
    "NotStored",
    "Plane",
    "Progress",
    "Store",
    "TooLarge",
    "WorkerProcesses",
    "cut_of",
    "digest",
    "dtype_word",
    "entry_of",
    "fixed",
    "kind_of",
    "label",
    "listening",
    "load",
    "log",
    "offer",
    "open_store",
    "placed",
    "plane",
    "provenance",
    "save",
    "slice_of",
    "stamp",
    "summary",
    "track",
    "values_of",
    "working_in",
    "workplace",
]
