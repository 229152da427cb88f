"""YAML as rules files have it: what is read, where it stood, and how soon."""

import re
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files import FILES
from cercle.rulebook.text import events, reader
from cercle.rulebook.text.reader import MOST_CHARACTERS, MOST_DEPTH, read_yaml
from cercle.rulebook.text.source import Block, Items, Source
from cercle.rulebook.validation.validate import validate
from tests.fuzz.mutants import clubs


def _read(text: str) -> tuple[Block | None, Findings]:
    findings = Findings()
    return read_yaml(Source("points.yaml", text), findings), findings


def _codes(text: str) -> list[Code]:
    return [each.code for each in _read(text)[1].errors]


def _plain(value: object) -> object:
    """With the places of everything."""
    if isinstance(value, Block):
        spots = {key: (value.key_spots[key][1:], value.value_spots[key][1:]) for key in value}
        return value.spot[1:3], spots, {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Items):
        return value.spot[1:3], [spot[1:] for spot in value.spots], [_plain(each) for each in value]
    return type(value), value


def _by(parse: events.Parse, text: str) -> object:
    """What the one parser makes of the text: its values and errors, or that it refuses it."""
    findings = Findings()
    try:
        block = reader.Reader(
            Source("points.yaml", text), findings, parse(events.plain_blanks(text))
        ).document()
    except events.UnreadableError:
        return "refused"
    return _plain(block), [(each.code, each.place) for each in findings.errors]


_WORD = st.sampled_from(
    ["a", "on", "id", "true", "5", "1.5", "é", "it's", "x y", "2026-12-01", "{8}", "“a”", "a:b"]
)
_SCALAR = st.one_of(
    _WORD,
    st.builds(
        '"{}"'.format, st.sampled_from(["", "a", "a b", "é\\n", "\\u00e9", "\\/", "a\n   b", "#", ": "])
    ),
    st.builds("'{}'".format, st.sampled_from(["", "a", "it''s", "a\n   b", '"', "{", "% @"])),
    st.sampled_from(
        [
            "",
            "~",
            "null",
            "&a x",
            "*a",
            "!t x",
            "!!str 5",
            "@x",
            "%x",
            "- x",
            "? x",
            "|\n    x\n    y",
            ">-\n    x",
        ]
    ),
)


def _flow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    comma = st.sampled_from([", ", ",", " , ", ",\n      "])
    entry = st.builds("{}{}{}".format, _WORD, st.sampled_from([": ", ":", " : ", ""]), inner)
    return st.one_of(
        st.builds(lambda comma, items: "[" + comma.join(items) + "]", comma, st.lists(inner, max_size=3)),
        st.builds(lambda comma, items: "{" + comma.join(items) + "}", comma, st.lists(entry, max_size=3)),
    )


_VALUE = st.recursive(_SCALAR, _flow, max_leaves=6)
_LINE = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "  ", "  ", "    ", "   ", "- ", "  - ", "    - ", "\t", "  \t"]),
    _WORD,
    st.sampled_from([": ", ": ", ": ", ":", " : ", ":\t", ""]),
    _VALUE,
    st.sampled_from(["", "", "", " # a", "#a", " ", "\t", "\t# a"]),
    st.sampled_from(["\n", "\n", "\n", "\n\n", "\r\n", "\n---\n", "\n# a\n"]),
)


@pytest.mark.skipif(events.FastLoader is None, reason="PyYAML has no parser in C here")
@settings(max_examples=300, deadline=None)
@given(st.lists(_LINE, min_size=1, max_size=6).map("".join))
def test_both_parsers_read_the_same(text: str) -> None:
    """What the one in C reads, the other reads with the same values, kinds and places.

    What the one in C refuses the other has its say on: it reads a little more, as `{a: b, c:}`.
    """
    fast = _by(events.parse_fast, text)
    assert fast in ("refused", _by(events.parse_slowly, text))


@pytest.mark.skipif(events.FastLoader is None, reason="PyYAML has no parser in C here")
def test_the_parser_in_c_reads_the_clubs() -> None:
    """Whole clubs are not left to the slow one."""
    texts = [text for club in clubs() for text in club.values()]
    assert len(texts) > 5
    for text in texts:
        assert _by(events.parse_fast, text) == _by(events.parse_slowly, text) != "refused"


def test_values_are_what_yaml_1_2_says() -> None:
    """`on` and `yes` are words; a date is a text; a number with a point is exact."""
    block, findings = _read(
        "on: yes\nday: 2026-12-01\nfactor: 1.5\ncount: 7\noctal: 010\nfree: true\nquoted: '5'\n"
        "many: [a, 2]\nfolded: >\n  one\n  two\n"
    )
    assert not findings.errors
    assert block == {
        "on": "yes",
        "day": "2026-12-01",
        "factor": Decimal("1.5"),
        "count": 7,
        "octal": 10,
        "free": True,
        "quoted": "5",
        "many": ["a", 2],
        "folded": "one two\n",
    }


@pytest.mark.parametrize(
    ("text", "key", "shown"),
    [
        ("a: {b: 1, c: 2}", "a", "{b: 1, c: 2}"),
        ("a: 'it''s' # note", "a", "'it''s'"),
        ("a: one two   # note", "a", "one two"),
        ("a: [x,\n  y]", "a", "[x,"),
        ("a: |\n  one\n  two\n", "a", "one"),
        ("a:\n  - x\n  - y\n", "a", "- x"),
        ("a: é“𝄞”é", "a", "é“𝄞”é"),
    ],
)
def test_the_span_of_a_value_is_all_of_it_in_its_line(text: str, key: str, shown: str) -> None:
    """The carets stand under the whole value, and under nothing else."""
    block, _ = _read(text)
    assert block is not None
    place = block.at(key)
    carets = place.carets
    assert place.text[carets.index("^") : len(carets)] == shown


@given(st.text(st.sampled_from("ab \"'\\é\n\t{:#"), min_size=1), st.data())
def test_an_offset_in_a_text_is_found_in_its_quotes(text: str, data: st.DataObject) -> None:
    """Escapes, doubled quotes: the place is that of the very character."""
    raw = '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
    block, findings = _read(f"a: {raw}\n")
    assert block == {"a": text} and not findings.errors
    offset = data.draw(st.integers(0, len(text) - 1))
    place = block.value_spots["a"].place(offset)
    written = re.findall(r"\\.|[^\\]", raw[1:-1])
    expected = 4 + sum(map(len, written[:offset]))
    assert text[offset].isspace() or place.column == expected + 1


def test_what_is_too_large_or_too_deep_is_refused() -> None:
    """As one error, and at once."""
    begin = process_time()
    assert _codes("a: 1\n" * (MOST_CHARACTERS // 5 + 1)) == [Code.TOO_LARGE]
    for opening in ("[", "{a: ", "- ", "[{a: "):
        assert _codes("a: " * (opening != "- ") + opening * 100_000) == [Code.TOO_LARGE]
    assert _codes("a: " + "[" * (MOST_DEPTH - 1) + "]" * (MOST_DEPTH - 1)) == []
    assert _codes("a: " + "[" * MOST_DEPTH + "]" * MOST_DEPTH) == [Code.TOO_LARGE]
    assert process_time() - begin < 1


def test_aliases_are_never_followed() -> None:
    """A bomb of aliases is as many errors as it has lines, and no memory."""
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    assert set(_codes("\n".join(lines))) == {Code.NOT_USED_HERE}


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "x" * 1_900_000,
        "x" * 1_900_000 + ": a",
        "a: '" + "x'' " * 400_000,
        'a: "' + "\\\\" * 900_000,
        "a: " + "x: " * 600_000,
        "".join(f"k{n}: {{en: a, b}}\n" for n in range(90_000)),
        "a:\n" + "  - \n" * 300_000,
        "- " * 900_000,
        "? " * 900_000,
        "a: |\n" + " \n" * 900_000,
        "\n" * 1_900_000,
        "a: [" + "x, " * 600_000,
        "#" * 1_900_000,
        "a:\n" + " x\n" * 600_000 + "b: : c",
        "\t" * 1_900_000,
        "rules:\n" + "  - {id: a, onn: b}\n" * 90_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_no_text_takes_long_or_prints_much(text: str) -> None:
    """Long lines, long keys, many errors: all is judged within two seconds and said in a few pages."""
    begin = process_time()
    block, findings = _read(text)
    if block is not None:
        validate(block, FILES["points.yaml"], findings)
    printed = sum(len(str(each)) for each in findings.errors[:2_000])
    assert findings.errors and printed < 2_000_000
    assert process_time() - begin < 2
