"""Texts that lack one of the club's languages.

Why: members who read that language get the text in the club's first one. A text that is one
for all languages lacks none.
"""

from collections.abc import Iterator

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.club import ClubFile
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block

_WITHOUT_TEXTS = ("actions.yaml", "metrics.yaml")


def missing_translation(folder: Folder, findings: Findings) -> None:
    """Warns of each text and language; once, at `languages`, of a language that no text has."""
    club = folder.of(ClubFile)
    if club is None or len(club.languages) < 2:
        return
    first, *others = club.languages
    texts = list(_texts(folder, frozenset(club.languages)))
    for language in dict.fromkeys(others):
        without = [text for text in texts if language not in text]
        if len(without) == len(texts) > 1:
            sentence = f"no text is written in `{language}`: members who read it get `{first}`"
            place = club.block.item_at("languages", language)
            findings.warning(Code.MISSING_TRANSLATION, place, sentence)
            continue
        for text in without:
            sentence = (
                f"the text in `{language}` is missing: members who read it get the one in `{first}`; "
                f"add `{language}: ...`"
            )
            findings.warning(Code.MISSING_TRANSLATION, text.spot.place(), sentence)


def _texts(folder: Folder, languages: frozenset[str]) -> Iterator[Block]:
    """Mappings of the club's languages to texts, its first language among them."""
    for name, block in folder.mappings:
        if (
            name not in _WITHOUT_TEXTS
            and block
            and block.keys() <= languages
            and all(isinstance(text, str) for text in block.values())
        ):
            yield block
