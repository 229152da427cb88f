"""When a club is drained, and how far its services are behind."""

from cercle.runtime.protocol import Cursor
from cercle.runtime.store import Footing
from services.console.draining import Stand, Stands, actions_judged, drained, lag


def stand(seq: int, unshipped: int = 0, **positions: Cursor) -> Stand:
    """A partition after `seq` records."""
    return Stand(Footing(seq, 1), positions, unshipped)


def at_rest() -> Stands:
    """Two partitions: 5 actions made 5 points' and 7 badges' records in the first, nothing in the second."""
    actions = Cursor(offset=5)
    points, badges = Cursor(offset=6, seq=5), Cursor(offset=8, seq=7)
    return {
        "points": [stand(5, actions=actions, badges=badges, offers=Cursor(offset=2, seq=1)), stand(0)],
        "badges": [stand(7, actions=actions, points=points), stand(0)],
        "offers": [stand(1, actions=actions, badges=badges), stand(0)],
    }


def test_club_at_rest_is_drained() -> None:
    """Every input is read to its end, everything is shipped; an empty partition has nothing to do."""
    assert drained(at_rest(), {0: 5})
    assert lag(at_rest(), {0: 5}) == {"points": 0, "badges": 0, "offers": 0}


def test_unread_actions_are_lag_of_every_service() -> None:
    """Also in a partition that nobody has touched."""
    assert lag(at_rest(), {0: 6, 1: 2}) == {"points": 3, "badges": 3, "offers": 3}
    assert not drained(at_rest(), {0: 6})


def test_unheard_decisions_are_lag_of_who_hears_them() -> None:
    """A record of badges is before points and offers, not before badges."""
    found = at_rest()
    found["badges"][0] = found["badges"][0]._replace(footing=Footing(9, 1))
    assert lag(found, {0: 5}) == {"points": 2, "badges": 0, "offers": 2}
    assert not drained(found, {0: 5})


def test_unheard_letters_are_lag_where_their_end_is_known() -> None:
    """Points and offers read letters, badges does not."""
    assert lag(at_rest(), {0: 5}, {0: 2, 1: 1}) == {"points": 3, "badges": 0, "offers": 3}
    assert not drained(at_rest(), {0: 5}, {1: 1})


def test_unshipped_decisions_are_not_drained() -> None:
    """What is committed and not yet in the log might be lost with the store."""
    found = at_rest()
    found["offers"][0] = found["offers"][0]._replace(unshipped=1)
    assert not drained(found, {0: 5})


def test_judged_actions_are_summed_over_partitions() -> None:
    """Positions in actions are counts of what is past."""
    assert actions_judged(at_rest(), "badges") == 5
