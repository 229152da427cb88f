"""Two values that cannot be compared: which of them is what, and how the comparison was meant."""

from cercle.rulebook.codes import Code
from cercle.rulebook.conditions.messages import PACKAGE
from cercle.rulebook.conditions.sides import TIME, Sides
from cercle.rulebook.conditions.text import COMPARISONS, Problem
from cercle.rulebook.conditions.words import LOCAL, describe_type
from cercle.rulebook.spelling import dates_meant, money_meant


class Comparison(Sides):
    """`==`, `<`... of two values."""

    def problem(self) -> Problem:
        """Why they cannot be compared."""
        kinds = (self._null, self._money, self._time, self._length, self._local, self._list, self._record)
        for judge in (self._chain, *kinds):
            if problem := judge():
                return problem
        return self._boolean() or self._literal_of_another_kind() or self._at_sign(self._comparable())

    def _comparable(self) -> str:
        if self._kinds[0] == self._kinds[1]:
            kind = describe_type(self._kinds[0])
            return f"`{self._token.text}` does not go with values that are {kind}; write `==` or `!=`"
        return self._two_kinds()

    def _chain(self) -> Problem | None:
        before = self._around.found[self._sides[0][0] - 1].text if self._sides[0][0] > 0 else ""
        if self._kinds[0] != "bool" or before not in COMPARISONS:
            return None
        first, last = self._around.part(self._around.before(self._sides[0][0] - 1)), self._texts[1]
        middle, sign = self._texts[0], self._token.text
        sentence = f"compare two values at a time: {first} {before} {middle} && {middle} {sign} {last}"
        return self._at_sign(sentence)

    def _null(self) -> Problem | None:
        side = self._side_of("null_type", "null")
        if side is None:
            return None
        sentence = 'nothing is `null` here: an absent text reads as "", an absent number as 0'
        return self._at_sign(sentence)

    def _money(self) -> Problem | None:
        side = self._side_of("uint")
        if side is None:
            return None
        literal = self._literal(1 - side)
        if literal is None:
            sentence = f"{self._two_kinds()}; an amount is written {self._words.example}"
            return self._at_sign(sentence, Code.CONDITION_AMOUNT)
        written = literal.text[1:-1] if literal.kind == "text" else literal.text
        meant = money_meant(written, self._words.usual_currency)
        sentence = (
            "an amount is money, not a bare number" if literal.kind == "number" else "an amount is not a text"
        )
        proposal = f'money("{meant}")' if meant else self._words.example
        return literal.problem(Code.CONDITION_AMOUNT, f"{sentence}; write {proposal}")

    def _time(self) -> Problem | None:
        side = self._side_of(TIME, "timestamp")
        if side is None:
            return None
        literal = self._literal(1 - side)
        days = dates_meant(literal.text[1:-1]) if literal and literal.kind == "text" else []
        value = (
            self._texts[side] if self._texts[side] in ("occurred_at", "member.joined_at") else "occurred_at"
        )
        sign = self._token.text if side == 0 else self._token.text.translate(str.maketrans("<>", "><"))
        date = (days[0] if days else "2026-12-24").split(" ")[0]
        sentence = (
            f"`{value}` is a point in time; compare its date by the club's clocks, "
            f'local({value}).date {sign} "{date}", or give the rule its dates with `during`'
        )
        return (literal or self._token).problem(Code.CONDITION_TIME, sentence)

    def _length(self) -> Problem | None:
        if self._side_of("google.protobuf.duration", "duration") is None:
            return None
        sentence = (
            f'{self._two_kinds()}; a length of time is written with its unit, as in duration("30 days")'
        )
        return self._at_sign(sentence, Code.CONDITION_TIME)

    def _local(self) -> Problem | None:
        side = self._side_of(LOCAL)
        if side is None:
            return None
        value = self._texts[side]
        sentence = (
            f"say which part of `{value}` is compared, as in {value}.date, {value}.weekday or {value}.hour"
        )
        return self._at_sign(sentence, Code.CONDITION_TIME)

    def _list(self) -> Problem | None:
        side = next((side for side, kind in enumerate(self._kinds[:2]) if kind.startswith("list")), None)
        if side is None:
            return None
        if self._kinds[side] == "list(string)":
            sentence = f"`{self._texts[side]}` is a list; ask whether it holds a text: "
            return self._at_sign(f"{sentence}{self._texts[1 - side]} in {self._texts[side]}")
        value = self._texts[side]
        known = value in self._words.records
        example = self._words.entries(value) if known else f"{value}.size() > 0"
        return self._at_sign(f"`{value}` is a list; ask something of it, as in {example}")

    def _record(self) -> Problem | None:
        side = next((side for side, kind in enumerate(self._kinds[:2]) if kind.startswith(PACKAGE)), None)
        if side is None:
            return None
        value = self._texts[side]
        example = self._one_field(self._kinds[side])
        return self._at_sign(f"`{value}` has several fields; say which, as in {value}.{example}")

    def _boolean(self) -> Problem | None:
        side = self._side_of("bool")
        literal = self._literal(1 - side) if side is not None else None
        if side is None or literal is None:
            return None
        value = self._texts[side]
        sentence = f"`{value}` is true or false; write `{value}` alone, or `!{value}` for the opposite"
        return literal.problem(Code.CONDITION_TYPES, sentence)

    def _literal_of_another_kind(self) -> Problem | None:
        for side in (1, 0):
            literal = self._literal(side)
            if literal is None:
                continue
            described = self._described(1 - side)
            kind = self._kinds[1 - side]
            if literal.kind == "number" and kind == "string":
                return literal.problem(Code.CONDITION_TYPES, f'{described}; write "{literal.text}" in quotes')
            if literal.kind == "text" and kind == "int":
                plain = literal.text[1:-1]
                advice = (
                    f"write {plain} without quotes" if plain.isdigit() else "compare it with a whole number"
                )
                return literal.problem(Code.CONDITION_TYPES, f"{described}; {advice}")
            if literal.kind == "number" and kind == "int":
                sentence = f"{described}; compare it with a number without a point"
                return literal.problem(Code.CONDITION_TYPES, sentence)
        return None
