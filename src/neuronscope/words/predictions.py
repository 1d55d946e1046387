"""What do questions about predictions take? Their own parameters, with bounds and help."""

from typing import Annotated

from pydantic import Field

ChosenTokens = Annotated[
    tuple[str, ...],
    Field(
        max_length=100,
        description="Texts of single tokens to follow, whatever their rank; "
        "a leading space is added if that makes it one token.",
    ),
]
