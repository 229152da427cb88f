"""The pure domains of the three services, as a club in memory needs them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Union

from cercle.domain.action import Action
from cercle.domain.decision import Call, Decision, Instant, Rejection
from cercle.rulebook import Rulebook
from services.badges import core as badges
from services.badges import wire as badges_wire
from services.badges.commands import CountAction
from services.offers import commands as offers_commands
from services.offers import core as offers
from services.offers import states as offers_states
from services.offers import wire as offers_wire
from services.points import commands as points_commands
from services.points import core as points
from services.points import states as points_states
from services.points import wire as points_wire


class Domain(NamedTuple):
    """One service's pure domain, its wire, and the commands that it makes of actions and of due work.

    `new`: the state of a key that nobody has heard of. `calls`: what a state has yet to ask of points.
    """

    new: Callable[[str], Any]
    decide: Callable[[Any, Any, Rulebook, Instant], Union[Decision[Any], Rejection]]
    evolve: Callable[[Any, Any], Any]
    due_at: Callable[[Any], Union[Instant, None]]
    encode: Callable[[tuple[Any, ...]], bytes]
    heard: Callable[[str, bytes], Any]
    on_action: Callable[[Action], Any]
    due_command: object = None
    calls: Callable[[Any], Sequence[Call]] = lambda state: ()


DOMAINS: Mapping[str, Domain] = {
    "points": Domain(
        points_states.new,
        points.decide,
        points.evolve,
        points.due_at,
        points_wire.encode,
        points_wire.heard,
        points_commands.Earn,
        points_commands.DoDueWork(),
    ),
    "badges": Domain(
        lambda key: badges.new(),
        badges.decide,
        badges.evolve,
        badges.due_at,
        badges_wire.encode,
        badges_wire.heard,
        CountAction,
    ),
    "offers": Domain(
        offers_states.new,
        offers.decide,
        offers.evolve,
        offers.due_at,
        offers_wire.encode,
        offers_wire.heard,
        offers_commands.NoteAction,
        offers_commands.DoDueWork(),
        offers.calls,
    ),
}
"""In the order in which they are told."""
