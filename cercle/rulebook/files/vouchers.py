"""Of offers.yaml: vouchers, with codes that Cercle makes or that come from a file."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Union

from pydantic import AfterValidator, Field, Tag, WithJsonSchema

from cercle.rulebook.codes import Code
from cercle.rulebook.entries.entry import Entry, Period, sentence_error
from cercle.rulebook.entries.shapes import shape_by, tag

FEWEST, MOST = 6, 32
"""Letters and digits that Cercle puts in a code: fewer could be guessed."""

_CODE = re.compile(r"([A-Za-z0-9-]{0,24})\{([0-9]{1,3})\}([A-Za-z0-9-]{0,24})")
_POOL = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/){0,8}[A-Za-z0-9_-][A-Za-z0-9._-]*\.csv")


def _code(code: str) -> str:
    match = _CODE.fullmatch(code)
    if match is None:
        raise sentence_error(
            "`{written}` is not a pattern of voucher codes: letters, digits and `-`, and once `{example}` "
            "for eight letters and digits that Cercle makes, as in `TEN-{example}`",
            Code.BAD_VALUE,
            written=code[:60],
            example="{8}",
        )
    if not FEWEST <= int(match[2]) <= MOST:
        raise sentence_error(
            "a code has from {fewest} to {most} letters and digits that Cercle makes, as in `TEN-{example}`: "
            "with fewer it could be guessed",
            Code.BAD_NUMBER,
            fewest=FEWEST,
            most=MOST,
            example="{8}",
        )
    return code


def parts_of(code: str) -> tuple[str, int, str]:
    """Of a sound pattern: what is before the letters that Cercle makes, how many they are, what is after."""
    match = _CODE.fullmatch(code)
    assert match, "its model has checked it"
    return match[1], int(match[2]), match[3]


def _pool(path: str) -> str:
    if not _POOL.fullmatch(path):
        raise sentence_error(
            "`{written}` is not a file of codes: its name ends in `.csv` and it is in the club's folder or "
            "below, as in `vouchers/ten-off.csv`",
            Code.BAD_VALUE,
            written=path[:60],
        )
    return path


class _Voucher(Entry):
    """What all vouchers say."""

    valid: Period | None = Field(
        default=None,
        description="How long a voucher can be used after it was given. Left out: for ever.",
        examples=["60 days"],
    )


class GeneratedVoucher(_Voucher):
    """A voucher whose code Cercle makes."""

    code: Annotated[str, AfterValidator(_code), WithJsonSchema({"type": "string"})] = Field(
        description="What the codes look like: `{8}` stands for eight letters and digits.",
        examples=["TEN-{8}"],
    )


class PoolVoucher(_Voucher):
    """A voucher whose code is taken from a file."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType({"pool": "nobody can have the offer"})

    pool: Annotated[str, AfterValidator(_pool), WithJsonSchema({"type": "string"})] = Field(
        description="A file in the club's folder with one code a line; each is given once.",
        examples=["vouchers/ten-off.csv"],
    )


VoucherEntry = Annotated[
    Union[
        Annotated[GeneratedVoucher, Tag(tag("code"))],
        Annotated[PoolVoucher, Tag(tag("pool"))],
    ],
    shape_by(
        ("code", "pool"),
        'a voucher says either `code` (made by Cercle) or `pool` (a file of codes), as in `code: "TEN-{8}"`',
    ),
]
