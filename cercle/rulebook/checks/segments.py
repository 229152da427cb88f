"""segments.yaml against the club's actions, metrics and wallets."""

from cercle.rulebook.checks.earned import check_earned
from cercle.rulebook.codes import Code
from cercle.rulebook.declared import Declared
from cercle.rulebook.diagnostics import Place
from cercle.rulebook.files.segments import NPS_SEGMENTS, BandSegments, SegmentsFile
from cercle.rulebook.scope import Scope
from cercle.rulebook.text.source import Block


def check_segments(block: Block, file: SegmentsFile | None, declared: Declared, scope: Scope) -> None:
    """What is wrong goes to the scope's findings. `file`: what is sound of it."""
    segments = block.blocks("segments")
    _check_names(segments, scope)
    for segment in segments:
        scope.condition(segment, scope.vocabularies.of_members)
        check_earned(segment, "bands_of", declared, scope)
        if isinstance(nps := segment.get("nps"), Block):
            _check_nps(nps, scope)
    for entry in file.segments if file else ():
        if isinstance(entry, BandSegments):
            _check_bands(entry, scope)


def _check_names(segments: list[Block], scope: Scope) -> None:
    """What is called the same cannot be told apart in a condition."""
    lines: dict[str, int] = {}
    for segment in segments:
        for name, place in _names(segment):
            if name in lines:
                sentence = (
                    f"a segment `{name}` is already there, in line {lines[name]}; give this one another name"
                )
                scope.findings.error(Code.ID_TWICE, place, sentence)
            lines.setdefault(name, place.line)


def _names(segment: Block) -> list[tuple[str, Place]]:
    bands, name = segment.get("bands"), segment.get("id")
    if "nps" in segment:
        place = segment.key_spots["nps"].place()
        return [(each, place) for each in NPS_SEGMENTS]
    found = [(name, segment.at("id"))] if isinstance(name, str) else []
    if isinstance(bands, Block):
        found += [(band, spot.place()) for band, spot in bands.key_spots.items()]
    return found


def _check_nps(nps: Block, scope: Scope) -> None:
    action, score = scope.sent_action(nps, "on"), nps.get("score")
    if action is None or not isinstance(score, str):
        return
    place, kind = nps.at("score"), action.fields.get(score)
    if kind is None:
        sentence = f"`{score}` is not a field of `{action.id}`"
        scope.findings.wrong_word(Code.UNKNOWN_FIELD, place, sentence, score, action.fields)
    elif kind != "integer" or score in action.personal:
        why = "it is personal" if score in action.personal else "it is none"
        sentence = f"a score is an integer field that is not personal, and `{score}` cannot be it: {why}"
        scope.findings.error(Code.WRONG_FIELD, place, sentence)


def _check_bands(entry: BandSegments, scope: Scope) -> None:
    bands = entry.block["bands"]
    assert isinstance(bands, Block), "the entry is sound"
    steps = ((f"`{name}` from {begin}", begin, bands.at(name)) for name, begin in entry.bands.items())
    scope.ascending("bands", steps)
