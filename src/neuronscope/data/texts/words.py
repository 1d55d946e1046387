"""The word lists of the generator: common words, ours, kept as data."""

WOMEN = tuple(
    "Mary Anna Sarah Emma Alice Laura Julia Maria Susan Linda Karen Helen Nancy Betty Ruth Carol Diana "
    "Rachel Emily Grace Rose Jane Kate Lucy Amy Eva Clara Ellen Martha Sophie Rebecca Hannah Olivia "
    "Lisa Claire".split()
)
MEN = tuple(
    "John James Robert Michael David Paul Mark George Steven Kevin Brian Peter Henry Frank Scott Eric "
    "Adam Tom Jack Simon Daniel Thomas Charles Martin Oliver Luke Ben Sam Joseph Andrew Philip Edward "
    "Walter Arthur Victor".split()
)
NAMES = WOMEN + MEN

PLACES = tuple(
    "shop school park garden station market library office hospital museum beach bank church farm "
    "village theatre kitchen castle river lake bridge".split()
)
THINGS = tuple(
    "drink book ring letter ball pen gift cake ticket flower map coin basket bottle hat lamp bag cup "
    "toy picture present".split()
)

# Countable nouns whose plural is the noun and an s.
NOUNS = tuple(
    "key box cat dog table chair window door picture book letter road tree garden lamp bottle car boat "
    "bird horse student teacher doctor farmer singer driver lawyer guard writer painter king queen boy "
    "girl manager author coin ring map house river cup plate clock flower field cabinet drawer machine "
    "engine".split()
)
IRREGULAR_PLURALS = {"box": "boxes"}

ADJECTIVES = tuple(
    "tall kind cold warm quiet young rich tired brave clever slow quick strong hungry careful honest "
    "lucky gentle".split()
)

GOOD = tuple(
    "good great lovely happy wonderful excellent beautiful brilliant pleasant perfect superb delightful "
    "amazing charming fantastic splendid nice sweet joyful fine".split()
)
BAD = tuple(
    "bad terrible awful sad horrible poor ugly boring dull nasty dreadful disgusting hopeless annoying "
    "miserable weak gloomy unpleasant cruel wrong".split()
)
SHOWS = tuple("film book meal play song story show game concert trip hotel speech lesson party dance".split())

ANTONYMS = (
    ("hot", "cold"), ("big", "small"), ("tall", "short"), ("fast", "slow"),
    ("old", "young"), ("rich", "poor"), ("hard", "soft"), ("light", "dark"),
    ("open", "closed"), ("full", "empty"), ("wet", "dry"), ("high", "low"),
    ("good", "bad"), ("early", "late"), ("left", "right"), ("happy", "sad"),
    ("strong", "weak"), ("clean", "dirty"), ("loud", "quiet"), ("long", "brief"),
    ("near", "far"), ("up", "down"), ("day", "night"), ("first", "last"),
    ("inside", "outside"), ("push", "pull"), ("buy", "sell"), ("win", "lose"),
    ("start", "end"), ("true", "false"), ("north", "south"), ("east", "west"),
    ("love", "hate"), ("give", "take"), ("always", "never"), ("more", "less"),
)  # fmt: skip

EVENTS = tuple(
    "war reign voyage strike siege journey project trial contract plague drought festival debate career "
    "famine alliance exhibition campaign treaty feud".split()
)

ARGUMENTS = tuple(
    "path name size value index key data text file list line count start end mode type item width "
    "height buffer string number level color format target source result message user code node func "
    "args default timeout".split()
)
FUNCTIONS = tuple(
    "load save read write find open close send parse build check update copy move print sort merge "
    "split".split()
)
MEANINGS = tuple(
    "the file to open; the first item; the number of lines; a short text; the new value; the place to start; "
    "the name of the user; the size in bytes; a list of items; the time to wait; the text to write; "
    "the other end; how many to read; what to return".split("; ")
)

LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
CAPITALS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

SYLLABLES = tuple(
    onset + vowel + coda
    for onset in "bdfgklmnprstvz"
    for vowel in "aeiou"
    for coda in ("", "l", "n", "s", "x")
)

# One word or more for every letter that acronyms use.
TITLE_WORDS = tuple(
    "American Arts Animal British Business Bank Central City Council Digital Defence Development "
    "European Energy Education Federal Finance Forest General Global Garden Health Home History "
    "International Island Institute Justice Joint Kings Knowledge Local Labour Library Medical Music "
    "Market National Nature North Ocean Office Open Public Peace Park Royal Research River Science "
    "Space State Trade Travel Tower United Urban University Village Vision Water World Western Young "
    "Youth".split()
)


def plural(noun: str) -> str:
    """Return the plural of one of the nouns."""
    return IRREGULAR_PLURALS.get(noun, noun + "s")


LEXICON = tuple(dict.fromkeys((
    *NAMES, *PLACES, *THINGS, *NOUNS, *(plural(noun) for noun in NOUNS), *ADJECTIVES, *GOOD, *BAD,
    *SHOWS, *EVENTS, *(word for pair in ANTONYMS for word in pair), *ARGUMENTS, *FUNCTIONS, *LETTERS,
    *CAPITALS, *TITLE_WORDS,
)))  # fmt: skip
"""Every word that a structure may use as a filler."""
