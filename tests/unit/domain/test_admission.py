"""What a brand may send, and with which code and sentence anything else is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cercle.domain.action import Action, Money, RawAction
from cercle.domain.admission import LONGEST_MEMBER_ID, admit
from cercle.domain.decision import Rejection
from cercle.domain.keys import RESERVED, is_member
from cercle.rulebook import compile_rulebook

RULEBOOK = compile_rulebook(
    {
        "club.yaml": """\
club: records
name: The Record Circle
time_zone: America/New_York
languages: [en]
currency: USD
lateness: 30 days
""",
        "actions.yaml": """\
actions:
  purchase:
    fields: {order: text, amount: money, gift: boolean, discs: integer, items: [{sku: text, price: money}]}
    optional: [gift, discs, items]
  visit: {fields: {}}
""",
    }
)
AT = 852_120_000_000
SOUND: dict[str, Any] = {"order": "o1", "amount": Money(4290, "USD")}


def sent(fields: dict[str, Any], action: str = "purchase", member: str = "ana", at: int = AT) -> RawAction:
    """An action as a brand sent it."""
    return RawAction("shop", "1", action, member, at, fields)


def admitted(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a purchase that is accepted."""
    action = admit(sent(fields), AT + 1, RULEBOOK)
    assert isinstance(action, Action), action
    return dict(action.fields)


def test_a_sound_action_is_accepted_as_it_is() -> None:
    """Identity, member and times are kept; money becomes minor units."""
    action = admit(sent(SOUND), AT + 1, RULEBOOK)
    assert action == Action("shop", "1", "purchase", "ana", AT, AT + 1, {"order": "o1", "amount": 4290})
    assert isinstance(admit(sent({}, "visit"), AT, RULEBOOK), Action)


def test_every_kind_of_field_is_accepted() -> None:
    """Boolean, integer up to 64 bits, and records in their order; absent optional fields stay absent."""
    items = [{"sku": "a", "price": "1.00 USD"}, {"price": Money(0, "USD"), "sku": ""}]
    for discs in (-(2**63), 0, 2**63 - 1):
        fields = admitted({**SOUND, "gift": False, "discs": discs, "items": items})
        assert fields["discs"] == discs
        assert fields["gift"] is False
        assert fields["items"] == ({"sku": "a", "price": 100}, {"price": 0, "sku": ""})
    assert admitted({**SOUND, "items": []})["items"] == ()


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("42.90 USD", 4290), ("0 USD", 0), ("10000000000.00 USD", 10**12), (Money(10**12, "USD"), 10**12)],
)
def test_money_is_accepted_as_text_or_as_money(amount: object, cents: int) -> None:
    """JSON and CSV carry it as `42.90 USD`; 10**12 minor units is the most."""
    assert admitted({**SOUND, "amount": amount})["amount"] == cents


WRONG_FIELDS = [
    ("missing_field", "order", {"amount": "1 USD"}, "the field `order` of `purchase` is missing"),
    ("missing_field", "amount", {"order": "o"}, "the field `amount` of `purchase` is missing"),
    (
        "unknown_field",
        "amuont",
        {**SOUND, "amuont": 1},
        "`purchase` has no field `amuont`; did you mean `amount`?",
    ),
    ("unknown_field", "x\\x00", {**SOUND, "x\0": 1}, "`purchase` has no field `x\\x00`; known here: "),
    ("wrong_type", "order", {**SOUND, "order": 5}, "`order` must be a text"),
    ("wrong_type", "order", {**SOUND, "order": Money(1, "USD")}, "`order` must be a text"),
    ("wrong_type", "order", {**SOUND, "order": "\ud800"}, "`order` is not valid Unicode"),
    ("wrong_type", "discs", {**SOUND, "discs": "5"}, "`discs` must be an integer"),
    ("wrong_type", "discs", {**SOUND, "discs": True}, "`discs` must be an integer"),
    ("wrong_type", "discs", {**SOUND, "discs": 5.0}, "`discs` must be an integer"),
    ("wrong_type", "discs", {**SOUND, "discs": 2**63}, "`discs` must be an integer of 64 bits"),
    ("wrong_type", "gift", {**SOUND, "gift": "true"}, "`gift` must be true or false"),
    ("wrong_type", "gift", {**SOUND, "gift": 1}, "`gift` must be true or false"),
    ("wrong_type", "gift", {**SOUND, "gift": None}, "`gift` must be true or false"),
    (
        "wrong_type",
        "amount",
        {**SOUND, "amount": 42},
        '`amount` must be an amount of money such as "42.90 USD"',
    ),
    (
        "wrong_type",
        "amount",
        {**SOUND, "amount": "42.9 USD"},
        '`amount` must be an amount of money such as "42.90 USD"',
    ),
    (
        "wrong_type",
        "amount",
        {**SOUND, "amount": "free"},
        '`amount` must be an amount of money such as "42.90 USD"',
    ),
    ("bad_amount", "amount", {**SOUND, "amount": "-0.01 USD"}, "`amount` is negative"),
    ("bad_amount", "amount", {**SOUND, "amount": Money(-1, "USD")}, "`amount` is negative"),
    (
        "bad_amount",
        "amount",
        {**SOUND, "amount": Money(10**12 + 1, "USD")},
        "`amount` is more than 1000000000000",
    ),
    ("bad_amount", "amount", {**SOUND, "amount": "9" * 30 + " USD"}, "`amount` is more than 1000000000000"),
    (
        "wrong_currency",
        "amount",
        {**SOUND, "amount": "42.90 EUR"},
        "`amount` is not in the club's currency, USD",
    ),
    (
        "wrong_currency",
        "amount",
        {**SOUND, "amount": Money(1, "")},
        "`amount` is not in the club's currency, USD",
    ),
    ("wrong_type", "items", {**SOUND, "items": "a"}, "`items` must be a list"),
    ("wrong_type", "items.1", {**SOUND, "items": ["a"]}, "`items.1` must be a record"),
    (
        "unknown_field",
        "items.1.skuu",
        {**SOUND, "items": [{"skuu": "a"}]},
        "`items.1` has no field `skuu`; did you mean",
    ),
    (
        "missing_field",
        "items.2.price",
        {**SOUND, "items": [{"sku": "a", "price": "1 USD"}, {"sku": "b"}]},
        "the field `items.2.price` of `items.2` is missing",
    ),
    (
        "bad_amount",
        "items.1.price",
        {**SOUND, "items": [{"sku": "a", "price": "-1 USD"}]},
        "`items.1.price` is negative",
    ),
]


@pytest.mark.parametrize(("code", "field", "fields", "sentence"), WRONG_FIELDS)
def test_a_wrong_field_is_refused_by_name(
    code: str, field: str, fields: dict[str, Any], sentence: str
) -> None:
    """The rejection carries code, field and a sentence that says what is wrong."""
    rejection = admit(sent(fields), AT, RULEBOOK)
    assert isinstance(rejection, Rejection)
    assert (rejection.code, rejection.field) == (code, field)
    assert rejection.sentence.startswith(sentence)


def test_an_unknown_action_type_is_refused_with_the_nearest_one() -> None:
    """A name like no other gets the list; a very long one is shortened."""
    rejection = admit(sent(SOUND, "purchse"), AT, RULEBOOK)
    assert rejection == Rejection(
        "unknown_action", "`purchse` is not an action of this club; did you mean `purchase`?", "type"
    )
    other = admit(sent({}, "x" * 10_000), AT, RULEBOOK)
    assert isinstance(other, Rejection)
    assert other.sentence.endswith("; known here: `purchase`, `referral`, `visit`")
    assert len(other.sentence) < 200


@pytest.mark.parametrize("member", ["", "m" * (LONGEST_MEMBER_ID + 1), "\udfff"])
def test_a_member_id_without_letters_or_with_too_many_is_refused(member: str) -> None:
    """1 to 128 characters, and only such as UTF-8 can carry."""
    rejection = admit(sent(SOUND, member=member), AT, RULEBOOK)
    assert isinstance(rejection, Rejection)
    assert (rejection.code, rejection.field) == ("bad_member_id", "member_id")


@pytest.mark.parametrize("member", ["1", "é" * LONGEST_MEMBER_ID])
def test_a_member_id_up_to_128_characters_is_accepted(member: str) -> None:
    """Characters, not bytes."""
    assert isinstance(admit(sent(SOUND, member=member), AT, RULEBOOK), Action)


@pytest.mark.parametrize("word", RESERVED)
def test_a_member_id_that_begins_with_a_reserved_word_is_refused(word: str) -> None:
    """Such a key is a subject's, an offer's, a code's or an agent's; the sentence names the word."""
    for member in (word, f"{word}ana"):
        rejection = admit(sent(SOUND, member=member), AT, RULEBOOK)
        assert isinstance(rejection, Rejection)
        assert (rejection.code, rejection.field) == ("bad_member_id", "member_id")
        assert (
            rejection.sentence == f"the member id cannot begin with `{word}`, which Cercle keeps for itself"
        )
        assert not is_member(member)


@pytest.mark.parametrize(
    "member", ["subject", "subjects/1", "Offer/1", "a/offer/1", "code", "/agent/", " code/1"]
)
def test_a_member_id_that_only_looks_reserved_is_accepted(member: str) -> None:
    """The very beginning decides, letter by letter."""
    assert isinstance(admit(sent(SOUND, member=member), AT, RULEBOOK), Action)
    assert is_member(member)


def test_a_referral_is_sent_without_being_declared() -> None:
    """By any club, with exactly the field `friend`, whoever that is: the rules judge that."""
    for friend in ("ben", "ana", "é" * LONGEST_MEMBER_ID):
        action = admit(sent({"friend": friend}, "referral"), AT, RULEBOOK)
        assert action == Action("shop", "1", "referral", "ana", AT, AT, {"friend": friend})


@pytest.mark.parametrize(
    ("code", "field", "fields", "sentence"),
    [
        ("missing_field", "friend", {}, "the field `friend` of `referral` is missing"),
        ("wrong_type", "friend", {"friend": 5}, "`friend` must be a text"),
        ("wrong_type", "friend", {"friend": "\ud800"}, "`friend` is not valid Unicode"),
        ("unknown_field", "friends", {"friends": "b"}, "`referral` has no field `friends`; did you mean"),
        ("unknown_field", "code", {"friend": "b", "code": "x"}, "`referral` has no field `code`"),
        ("bad_member_id", "friend", {"friend": ""}, "`friend` is a member id, and one must have 1 to 128"),
        ("bad_member_id", "friend", {"friend": "b" * 129}, "`friend` is a member id, and one must have 1 to"),
        (
            "bad_member_id",
            "friend",
            {"friend": "offer/ten-off"},
            "`friend` is a member id, and one cannot begin with `offer/`, which Cercle keeps for itself",
        ),
    ],
)
def test_a_referral_names_a_friend_who_can_be_a_member(
    code: str, field: str, fields: dict[str, Any], sentence: str
) -> None:
    """What could be no member's id is refused, since the friend is told of it under that id."""
    rejection = admit(sent(fields, "referral"), AT, RULEBOOK)
    assert isinstance(rejection, Rejection)
    assert (rejection.code, rejection.field) == (code, field)
    assert rejection.sentence.startswith(sentence)


@pytest.mark.parametrize("at", [2**63, -(2**63), 10**15])
def test_an_instant_that_is_no_date_is_refused(at: int) -> None:
    """No calendar day could be told for it."""
    rejection = admit(sent(SOUND, at=at), at, RULEBOOK)
    assert isinstance(rejection, Rejection)
    assert (rejection.code, rejection.field) == ("wrong_type", "occurred_at")


def test_values_are_never_quoted() -> None:
    """A sentence may be read by many; a field's value may be personal."""
    rejection = admit(sent({**SOUND, "discs": "ana@example.org", "amount": "secret"}), AT, RULEBOOK)
    assert isinstance(rejection, Rejection)
    assert "example" not in rejection.sentence + rejection.field
    assert "secret" not in rejection.sentence + rejection.field


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.builds(Money, st.integers(), st.sampled_from(["USD", "EUR", ""])),
    st.integers(-5, 10**13).map(lambda cents: f"{cents}.00 USD"),
)
NAMES = st.one_of(
    st.sampled_from(["order", "amount", "gift", "discs", "items", "sku", "price"]), st.text(max_size=5)
)
VALUES = st.one_of(SCALARS, st.lists(st.one_of(SCALARS, st.dictionaries(NAMES, SCALARS)), max_size=3))


@given(
    st.dictionaries(NAMES, VALUES, max_size=5),
    st.one_of(st.just("purchase"), st.text(max_size=8)),
    st.text(max_size=130),
    st.integers(-(2**63), 2**63 - 1),
)
def test_whatever_is_sent_is_accepted_or_refused_and_what_is_accepted_is_well_typed(
    fields: dict[str, Any], action: str, member: str, at: int
) -> None:
    """admit never raises; a club day exists for every accepted action, and its amounts are in bounds."""
    result = admit(sent({**SOUND, **fields}, action, member, at), at, RULEBOOK)
    if isinstance(result, Rejection):
        assert result.code and result.sentence.isprintable()
        return
    assert is_member(result.member_id)
    assert isinstance(RULEBOOK.club.day(result.occurred_at), int)
    amount = result.fields.get("amount", 0)
    assert type(amount) is int and 0 <= amount <= 10**12
    assert result.fields.keys() <= RULEBOOK.actions[result.type].fields.keys()
