"""PURE: the marketers' language. A club's files become a Rulebook that the services' domains ask."""

from cercle.rulebook.actions import ActionType, FieldType, ScalarKind
from cercle.rulebook.badges import Achievement, BadgeRules, Level
from cercle.rulebook.claims import Budget, Claimable
from cercle.rulebook.club import ClubRules
from cercle.rulebook.compile import Rulebook, compile_rulebook
from cercle.rulebook.conditions.guarded import MemberFacts
from cercle.rulebook.diagnostics import Diagnostic, Place, RulebookError
from cercle.rulebook.entries.entry import Texts
from cercle.rulebook.files import FILES
from cercle.rulebook.metrics import Metric, MetricRules
from cercle.rulebook.offers import Offer, OfferRules
from cercle.rulebook.periods import PeriodLimit
from cercle.rulebook.points import (
    EarnRule,
    FiredRules,
    Limit,
    MultiplyRule,
    PerMoney,
    PointsRules,
    ReferralRule,
    SoonAfter,
)
from cercle.rulebook.tiers import TierLevel, TierRules
from cercle.rulebook.transfers import TransferRule
from cercle.rulebook.vouchers import VoucherPattern, code_from

__all__ = [
    "FILES",
    "Achievement",
    "ActionType",
    "BadgeRules",
    "Budget",
    "Claimable",
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
    "PeriodLimit",
    "Place",
    "PointsRules",
    "ReferralRule",
    "Rulebook",
    "RulebookError",
    "ScalarKind",
    "SoonAfter",
    "Texts",
    "TierLevel",
    "TierRules",
    "TransferRule",
    "VoucherPattern",
    "code_from",
    "compile_rulebook",
]
