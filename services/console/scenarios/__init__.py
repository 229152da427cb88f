"""Scenarios: a club's rules played in memory by the pure domains of points, badges and offers."""

from services.console.scenarios.playing import run_scenarios
from services.console.scenarios.report import Report

__all__ = ["Report", "run_scenarios"]
