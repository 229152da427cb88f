"""A small club in Zurich whose files the tests of one part of the language replace."""

from cercle.rulebook import Rulebook, compile_rulebook

FILES = {
    "club.yaml": """\
club: shop
name: Shop
time_zone: Europe/Zurich
languages: [en]
currency: CHF
lateness: 30 days
""",
    "actions.yaml": """\
actions:
  purchase: {fields: {order: text, amount: money}, subject: order}
  visit: {fields: {shop: integer}}
  question: {fields: {question: text, topic: text, shop: integer}, subject: question}
  answer: {fields: {question: text, topic: text, shop: integer, note: text}, personal: [note]}
""",
}


def small_club(**files: str) -> Rulebook:
    """The rulebook with these files: `points="rules: []"` is points.yaml."""
    return compile_rulebook({**FILES, **{f"{name}.yaml": text for name, text in files.items()}})
