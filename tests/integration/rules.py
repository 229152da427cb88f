"""The rules files of the clubs in these tests: small, and every part of the language in them."""

CLUB = """
club: town
name: {en: The Town Club, fr: Le Club de la ville}
time_zone: Europe/Paris
languages: [en, fr]
currency: USD
join: on first action
lateness: 30 days
"""

ACTIONS = """
actions:
  purchase:
    fields: {amount: money, discs: integer, channel: text, items: [{sku: text, quantity: integer}]}
    optional: [channel, items, discs]
  answer_given:
    fields: {topic: text, helpful: boolean}
    optional: [helpful]
"""

POINTS = """
wallets:
  points: {expires: never}
  karma: {expires: never}
rules:
  - id: purchase-base
    on: purchase
    earn: {points: 1, for_each: 1 USD}
  - id: gold-bonus
    on: purchase
    when: member.tier == "gold"
    multiply: 3
  - id: helpful
    on: answer_given
    earn: {points: 5, in: karma}
    limit: {times: 2, per: day}
"""

BADGES = """
achievements:
  - id: collector
    badge: {en: Collector, fr: Collectionneuse}
    count: purchase
    levels: {bronze: 2, silver: 3, gold: 50}
  - id: helper
    badge: {en: Helper, fr: Aide}
    count: answer_given
    levels: {friend: 2}
"""

TIERS = """
tiers:
  qualify_by: points earned
  period: all time
  levels:
    - {id: member, from: 0}
    - {id: silver, from: 100, benefits: [free-shipping]}
    - {id: gold, from: 500, benefits: [free-shipping, early-access]}
"""

OFFERS = """
offers:
  - id: welcome-vinyl
    title: {en: Your silver record, fr: Votre disque d'argent}
    price: free
    issue: {on: badge_unlocked, when: badge == "collector" && level == "silver"}
  - id: gold-gift
    title: {en: A gift for gold, fr: Un cadeau en or}
    price: free
    issue: {on: tier_changed, when: tier == "gold"}
"""

FILES = {
    "club.yaml": CLUB,
    "actions.yaml": ACTIONS,
    "points.yaml": POINTS,
    "badges.yaml": BADGES,
    "tiers.yaml": TIERS,
    "offers.yaml": OFFERS,
}
