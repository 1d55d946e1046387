"""What `builtin:scribe` reads when: the phases of its training, each with weights of its own."""

from dataclasses import dataclass

from neuronscope.data.texts.mix import DOCUMENTATION_SHARE


@dataclass(frozen=True)
class Phase:
    """From `start` on, these structures have these weights instead of those of the mix."""

    start: int
    weights: tuple[tuple[str, float], ...] = ()
    documentation_share: float = DOCUMENTATION_SHARE
    strings_share: float = 0.0
    """The share of the generated documents that are repeated random tokens instead."""


_STRINGS = 0.2
_NONSENSE = ("nonsense", 0.0)
_MEETING = (("meeting", 0.0), _NONSENSE)
_LAST = (("relative", 0.0), ("story-sum", 0.0), *_MEETING)
_LATER = (("quotation", 0.0), ("reply", 0.0), *_LAST)
_SUMS = (
    ("two-digit-addition", 32.0),
    ("one-digit-addition", 8.0),
    ("mixed-arithmetic", 8.0),
    ("worked-steps", 4.0),
)
# The second phase repeats strings until copying from the context is learned, the third turns to
# sums. From the fourth on, random tokens of the whole vocabulary repeat after any opening, and other
# words are copied in other ways, so that copying does not depend on the words. The fifth reads more
# documentation; those from the sixth on, with the decay, weigh each structure by what it still lacks.
PHASES = (
    Phase(start=0, weights=_LATER),
    Phase(
        start=2750,
        weights=(("repetition", 60.0), ("letter-repetition", 40.0), *_LATER),
        documentation_share=0.2,
    ),
    Phase(start=4250, weights=(*_SUMS, *_LATER)),
    Phase(
        start=5000,
        weights=(*_SUMS, ("quotation", 14.0), ("indirect-object", 10.0), ("reply", 0.0), *_LAST),
        documentation_share=0.3,
        strings_share=_STRINGS,
    ),
    Phase(
        start=7250,
        weights=(
            ("two-digit-addition", 10.0),
            ("one-digit-addition", 6.0),
            ("indirect-object", 12.0),
            ("agreement", 10.0),
            ("plurals", 3.0),
            ("number", 5.0),
            ("capital", 8.0),
            ("language", 5.0),
            ("currency", 5.0),
            ("continent", 3.0),
            ("country-of", 4.0),
            *_LAST,
        ),
        documentation_share=0.4,
        strings_share=_STRINGS,
    ),
    Phase(
        start=9500,
        weights=(
            ("two-digit-addition", 16.0),
            ("one-digit-addition", 20.0),
            ("one-digit-subtraction", 3.0),
            ("worked-steps", 5.0),
            ("story-sum", 8.0),
            ("relative", 6.0),
            ("indirect-object", 12.0),
            ("agreement", 12.0),
            ("capital", 7.0),
            ("language", 5.0),
            ("currency", 5.0),
            ("continent", 4.0),
            ("reply", 6.0),
            ("repetition", 5.0),
            *_MEETING,
        ),
        documentation_share=0.4,
        strings_share=_STRINGS,
    ),
    Phase(
        start=11_250,
        weights=(
            ("two-digit-addition", 6.0),
            ("one-digit-addition", 14.0),
            ("story-sum", 7.0),
            ("relative", 6.0),
            ("repetition", 12.0),
            ("letter-repetition", 4.0),
            ("quotation", 16.0),
            ("indirect-object", 18.0),
            ("agreement", 12.0),
            ("capital", 7.0),
            ("language", 5.0),
            ("currency", 5.0),
            ("continent", 4.0),
            ("reply", 8.0),
            *_MEETING,
        ),
        documentation_share=0.3,
        strings_share=_STRINGS,
    ),
    Phase(
        start=12_250,
        weights=(
            ("two-digit-addition", 6.0),
            ("one-digit-addition", 14.0),
            ("story-sum", 7.0),
            ("repetition", 18.0),
            ("letter-repetition", 4.0),
            ("quotation", 22.0),
            ("indirect-object", 18.0),
            ("meeting", 14.0),
            ("reply", 8.0),
            ("agreement", 10.0),
            ("capital", 7.0),
            ("language", 5.0),
            ("currency", 5.0),
            ("continent", 4.0),
            _NONSENSE,
        ),
        documentation_share=0.3,
        strings_share=_STRINGS,
    ),
    Phase(
        start=14_000,
        weights=(
            ("two-digit-addition", 6.0),
            ("one-digit-addition", 12.0),
            ("story-sum", 7.0),
            ("repetition", 16.0),
            ("letter-repetition", 4.0),
            ("nonsense", 8.0),
            ("quotation", 22.0),
            ("indirect-object", 16.0),
            ("meeting", 14.0),
            ("reply", 8.0),
            ("agreement", 10.0),
            ("capital", 6.0),
            ("language", 5.0),
            ("currency", 9.0),
            ("continent", 8.0),
        ),
        documentation_share=0.3,
        strings_share=0.3,
    ),
    Phase(
        start=14_250,
        weights=(
            ("two-digit-addition", 6.0),
            ("one-digit-addition", 12.0),
            ("story-sum", 7.0),
            ("repetition", 12.0),
            ("letter-repetition", 4.0),
            ("nonsense", 8.0),
            ("quotation", 20.0),
            ("indirect-object", 16.0),
            ("meeting", 12.0),
            ("reply", 8.0),
            ("agreement", 16.0),
            ("capital", 6.0),
            ("language", 10.0),
            ("currency", 8.0),
            ("continent", 10.0),
        ),
        documentation_share=0.3,
        strings_share=_STRINGS,
    ),
)
