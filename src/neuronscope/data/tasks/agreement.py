"""Is or are? The verb agrees with its subject, whatever noun stands between."""

from neuronscope.data.texts.agreement import AGREEMENT, CUES
from neuronscope.data.texts.words import NAMES, NOUNS, plural

from .pair import Dice, Pair
from .task import Task

# The verb forms that differ in their first letter.
_CUES_APART = tuple(cue for cue in CUES if cue[1][0] != cue[2][0])


def draw(dice: Dice) -> Pair:
    """Return a sentence up to its verb; in the twin the subject has the other number.

    The noun between stays as it is (Linzen et al. 2016, arXiv:1611.01368; pairs as in Finlayson et al. 2021,
    arXiv:2106.06087). Where a tokenizer spells words out, singular and plural of one noun differ in length,
    and a tight draw takes another noun of as many letters in the other number, and verbs that part at once.
    """
    template, name = dice.template(AGREEMENT)
    cue, singular, several = dice.rng.choice(_CUES_APART if dice.tight else CUES)
    if cue:
        begins = template if template.startswith(("I ", "{name}")) else template[0].lower() + template[1:]
        template = cue + begins
    nouns = dice.words(NOUNS, 0)
    subject, attractor = dice.rng.sample(nouns, 2)
    many, attractor_many = dice.rng.random() < 0.5, dice.rng.random() < 0.5
    written = plural(subject) if many else subject
    flipped = subject if many else plural(subject)
    if dice.tight:
        others = [noun if many else plural(noun) for noun in nouns if noun != attractor]
        flipped = dice.another(written, others)
    verb, other = (several, singular) if many else (singular, several)
    return dice.twins(
        (template, f"{name}-{singular}"),
        {
            "subject": written,
            "attractor": plural(attractor) if attractor_many else attractor,
            "name": dice.filler(NAMES, 4),
        },
        {"subject": flipped},
        answer=f" {verb}",
        distractor=f" {other}",
    )


TASK = Task(
    name="agreement",
    summary="Does the verb agree with its subject across another noun?",
    draw=draw,
    source="Linzen et al. 2016, arXiv:1611.01368; Finlayson et al. 2021, arXiv:2106.06087",
    splits={"unseen": None, "seen": None},
)
