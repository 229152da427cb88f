"""`points earned`, `karma earned`: what members earned in a wallet, as ladders, bands and boards go by it."""

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from cercle.rulebook.codes import Code
from cercle.rulebook.entries import json_types

_ENDING = " earned"
_EARNED = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}" + _ENDING)


def _earned(text: str) -> str:
    if not _EARNED.fullmatch(text):
        raise PydanticCustomError(
            "word",
            "`{word}` is not what members earn in a wallet, such as `points earned`",
            {"word": text, "allowed": ["points earned"], "code": Code.UNKNOWN_WORD},
        )
    return text


Earned = Annotated[str, AfterValidator(_earned), json_types.EARNED]


def wallet_of(text: str) -> str:
    """`karma earned` is about `karma`; empty for what is not written so."""
    return text.removesuffix(_ENDING) if _EARNED.fullmatch(text) else ""
