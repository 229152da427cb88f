"""PURE: the marketers' language. A club's files become a Rulebook that the services' domains ask."""

from cercle.rulebook.actions import ActionType, FieldType, ScalarKind
from cercle.rulebook.badges import Achievement, BadgeRules, Level
from cercle.rulebook.club import ClubRules
from cercle.rulebook.compile import Rulebook, compile_rulebook
from cercle.rulebook.conditions.guarded import MemberFacts
from cercle.rulebook.diagnostics import Diagnostic, Place, RulebookError
from cercle.rulebook.entries.entry import Texts
from cercle.rulebook.files import FILES
from cercle.rulebook.metrics import Metric, MetricRules
from cercle.rulebook.offers import Offer, OfferRules
from cercle.rulebook.points import EarnRule, FiredRules, Limit, MultiplyRule, PerMoney, PointsRules
from cercle.rulebook.tiers import TierLevel, TierRules

__all__ = [
    "FILES",
    "Achievement",
    "ActionType",
    "BadgeRules",
    "ClubRules",
    "Diagnostic",
    "EarnRule",
    "FieldType",
    "FiredRules",
    "Level",
    "Limit",
    "MemberFacts",
    "Metric",
    "MetricRules",
    "MultiplyRule",
    "Offer",
    "OfferRules",
    "PerMoney",
    "Place",
    "PointsRules",
    "Rulebook",
    "RulebookError",
    "ScalarKind",
    "Texts",
    "TierLevel",
    "TierRules",
    "compile_rulebook",
]
