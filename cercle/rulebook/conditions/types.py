"""Two values that do not go together, said with the condition's own words: which value is what."""

from cercle.rulebook.codes import Code
from cercle.rulebook.conditions.comparing import Comparison
from cercle.rulebook.conditions.messages import PACKAGE
from cercle.rulebook.conditions.sides import TIME, Sides
from cercle.rulebook.conditions.text import COMPARISONS, Problem
from cercle.rulebook.conditions.words import LOCAL, TEXT_METHODS, Around, Words, describe_type

_SIGNS = {"_?_:_": "?", "_[_]": "[", "!_": "!", "-_": "-", "@in": "in"}


def no_overload(function: str, types: str, offset: int, around: Around, words: Words) -> Problem:
    """CEL's `found no matching overload for FUNCTION applied to (TYPES)`."""
    kinds = _split(types.lower())
    sign = _SIGNS.get(function) or function.strip("_")
    index = (
        around.at(offset, sign) if any(token.text == sign for token in around.found) else around.at(offset)
    )
    if sign in COMPARISONS:
        return Comparison(around, words, index, kinds).problem()
    both = _Joined(around, words, index, kinds)
    if sign in ("&&", "||"):
        return both.junction(around.at(offset))
    if sign == "!":
        return both.negation()
    if sign == "in":
        return both.membership()
    if function in ("_+_", "_-_", "_*_", "_/_", "_%_", "-_"):
        return both.arithmetic()
    return both.call(sign)


def _split(types: str) -> list[str]:
    """At the commas that are not inside a type."""
    parts, depth = [""], 0
    for letter in types:
        depth += (letter in "(<") - (letter in ")>")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


class _Joined(Sides):
    """Any other sign, or a call."""

    def junction(self, pointed: int) -> Problem:
        """`&&` or `||` of something that is not true or false; CEL also says it of what `exists` is given."""
        found = self._around.found
        if found[pointed].text == "(":
            name = found[pointed - 1].text
            value = self._around.part(self._around.before(pointed - 2))
            sentence = f"`{name}` needs a condition on each entry, as in {self._words.entries(value, name)}"
            return found[pointed - 1].problem(Code.CONDITION_TYPES, sentence)
        side = 0 if self._kinds[0] != "bool" else 1
        value, sign = self._texts[side], self._token.text
        compared = self._compared_before()
        if side == 1 and compared and self._literal(1) is not None:
            sentence = (
                f"each side of `{sign}` is a condition of its own: write `{compared} == {value}` after it, "
                f"or list the values, as in {compared} in [...]"
            )
        else:
            kind = describe_type(self._kinds[side])
            shown = f"`{value}` is {kind}" if value else f"one side is {kind}"
            sentence = f"`{sign}` joins two conditions, each true or false, and {shown}"
        return self._at_sign(sentence)

    def _compared_before(self) -> str:
        """`channel` of `channel == "web" ||`."""
        first = self._sides[0][0]
        if first < 2 or self._around.found[first - 1].text != "==":
            return ""
        return self._around.part(self._around.before(first - 1))

    def negation(self) -> Problem:
        """`!` before something that is not true or false."""
        value = self._texts[1].lstrip("!")
        following = self._sides[1][1] + 1
        found = self._around.found
        if following < len(found) and found[following].text in COMPARISONS:
            rest = self._around.part((self._sides[1][0], self._around.after(following)[1]))
            sentence = f"`!` turns a whole condition round: put it in parentheses, !({rest})"
        else:
            kind = describe_type(self._kinds[0])
            sentence = f"`!` turns a condition round, and `{value}` is {kind}, not true or false"
        return self._at_sign(sentence)

    def membership(self) -> Problem:
        """`in` something that is no list, or a list of another kind."""
        value, place = self._texts
        if not self._kinds[1].startswith("list"):
            sentence = f"`in` looks into a list, and `{place}` is {describe_type(self._kinds[1])}; "
            contains = self._kinds[0] == self._kinds[1] == "string" and self._literal(1) is None
            advice = f"write {place}.contains({value})" if contains else f"write {value} in [{place}]"
            return self._at_sign(sentence + advice)
        inside = self._kinds[1][5:-1]
        if self._kinds[0] == "uint":
            sentence = f"`{value}` is money; the list must hold amounts, as in [{self._words.example}]"
            return self._at_sign(sentence, Code.CONDITION_AMOUNT)
        if place in self._words.records:
            return self._at_sign(f"each entry of `{place}` has fields; ask {self._words.entries(place)}")
        sentence = f"{self._described(0)}, and each entry of `{place}` is {describe_type(inside)}"
        return self._at_sign(sentence)

    def arithmetic(self) -> Problem:
        """`+`, `*`... of values that cannot be reckoned with."""
        if "uint" in self._kinds:
            sentence = (
                "amounts can be added, subtracted from each other and compared, and nothing else; "
                f"an amount is written {self._words.example}"
            )
            return self._at_sign(sentence, Code.CONDITION_AMOUNT)
        if TIME in self._kinds:
            sentence = 'to a time a length of time can be added, as in occurred_at - duration("30 days")'
            return self._at_sign(sentence, Code.CONDITION_TIME)
        if len(self._kinds) == 1:
            return self._at_sign(f"`-` goes with numbers, and this is {describe_type(self._kinds[0])}")
        return self._at_sign(self._two_kinds())

    def call(self, name: str) -> Problem:
        """A function of something that it is not for."""
        if LOCAL in self._kinds:
            sentence = "a local time has parts: year, month, day, weekday, hour, minute and date, as in "
            return self._at_sign(f"{sentence}local(occurred_at).hour", Code.CONDITION_TIME)
        receiver = self._around.part(self._around.before(self._index - 1)) if self._index else ""
        if name == "contains" and self._kinds[0] == "list(string)":
            inside = self._around.part(self._around.after(self._index))[1:-1]
            return self._at_sign(f"write {inside} in {receiver}", Code.CONDITION_FUNCTION)
        if name == "[" and self._kinds[0].startswith(PACKAGE):
            value = self._texts[0]
            return self._at_sign(f"a field follows a point, as in {value}.{self._one_field(self._kinds[0])}")
        if name == "[":
            sentence = "square brackets after a list take the number of an entry, from 0 on, as in items[0]"
            return self._at_sign(sentence)
        if name == "?":
            sentence = "before `?` stands a condition, and after it two values of one kind"
            return self._at_sign(sentence)
        if receiver and name in TEXT_METHODS and self._kinds[0] != "string":
            sentence = f"`{name}` is for texts, and `{receiver}` is {describe_type(self._kinds[0])}"
            return self._at_sign(sentence, Code.CONDITION_FUNCTION)
        described = " and ".join(map(describe_type, self._kinds)) or "nothing"
        return self._at_sign(f"`{name}` does not go with {described}", Code.CONDITION_FUNCTION)
