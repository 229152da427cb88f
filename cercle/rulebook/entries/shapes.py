"""Which of several shapes an entry has: the one whose own key it says.

Meant for a pydantic Discriminator over models that share most of their keys. A key that is
misspelt still tells the shape, so that the error is about the spelling and names the right word.
"""

from collections.abc import Callable, Iterable, Mapping

from pydantic import Discriminator

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import nearest
from cercle.rulebook.entries.entry import Entry


def tag(key: str) -> str:
    """The pydantic Tag of the shape of `key`: no key of a file can be spelt like it."""
    return f"<{key}>"


class _Hashable(Discriminator):
    """pydantic's holds a dict, which keeps it out of unions: `Voucher | None`."""

    def __hash__(self) -> int:
        return hash(self.custom_error_message)


def shape_by(
    keys: Iterable[str], sentence: str, otherwise: str = "", code: Code = Code.WRONG_SHAPE
) -> Discriminator:
    """The shape of the one of `keys` that is written; without any of them the shape `otherwise`.

    `sentence`: the error, with its `code`, of an entry that says several of them, or none where there is
    no `otherwise`.
    """
    return _Hashable(
        _tagging(tuple(keys), otherwise),
        custom_error_type="sentence",
        custom_error_message=sentence,
        custom_error_context={"code": code.value},
    )


def _tagging(keys: tuple[str, ...], otherwise: str) -> Callable[[object], str | None]:
    def tagged(value: object) -> str | None:
        if isinstance(value, Entry):
            written: Iterable[str] = type(value).keys()
        elif isinstance(value, Mapping):
            written = value.keys()
        else:
            return tag(otherwise or keys[0])  # no mapping at all, which every shape says
        found = [key for key in keys if key in written] or sorted(
            {nearest(word, keys) for word in written} - {""}
        )
        if len(found) == 1:
            return tag(found[0])
        return None if found or not otherwise else tag(otherwise)

    return tagged
