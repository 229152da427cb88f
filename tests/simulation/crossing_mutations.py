"""What crosses members and services with one part taken out: the laws of the crossing club must notice each.

Most are taken out of the domain, which the laws of the runtime judge by itself: so it is the club's own laws
that see them.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import msgspec

from cercle.domain.decision import Decision
from cercle.runtime import hearing, protocol
from cercle.runtime.protocol import Cursor, Verdict
from services.offers import cancelling, claims, codes, stock
from services.offers.events import REGISTER, RESERVE
from services.points import referrals, subjects, transfers
from services.points.member import Counted
from tests.simulation.crossing_club import live_crossing
from tests.simulation.mutations import (
    Mutation,
    letters_are_heard_again,
    zombies_of_inputs_count,
)
from tests.simulation.weather import Climate

REPEATS = Climate(moves=8, repeated=0.3)
"""Producers send much of what they send twice."""


def answers_count_for_any_step() -> "AbstractContextManager[Any]":
    """What points said twice is taken for the answer to what the claim waits for now."""
    real = claims.note_answer

    def note_answer(member: Any, command: Any, now: Any) -> Any:
        under_way = member.open.get(command.claim)
        if under_way is not None and under_way.step not in (RESERVE, REGISTER):
            command = msgspec.structs.replace(command, step=under_way.step)
        return real(member, command, now)

    return patch.object(claims, "note_answer", note_answer)


def claims_never_ask_again() -> "AbstractContextManager[Any]":
    """A claim whose call got no answer waits for ever."""
    return patch.object(claims, "next_retry", lambda member: None)


@contextmanager
def stock_is_asked_for_again() -> Iterator[None]:
    """A claim that waits for stock writes its letter again after a while, though letters always come."""
    real, retry_at = claims._letters, claims._retry_at

    def retried(member: Any, now: Any) -> Any:
        decision = old(member, now)
        again = [
            letter
            for claim, each in member.open.items()
            if each.step == RESERVE and 0 < each.retry_at <= now
            for letter in real(claim, each.terms, RESERVE, 0)
        ]
        return msgspec.structs.replace(decision, letters=(*decision.letters, *again))

    old = claims.retried

    def soon(step: str, now: int) -> int:
        return now + 1 if step == RESERVE else retry_at(step, now)

    with patch.object(claims, "retried", retried), patch.object(claims, "_retry_at", soon):
        yield


def stock_has_no_end() -> "AbstractContextManager[Any]":
    """The offer's key says yes to all."""
    return patch.object(stock, "_lacking", lambda *_: "")


def stock_does_not_come_back() -> "AbstractContextManager[Any]":
    """Who cancels, or cannot pay after all, returns nothing."""
    return patch.object(claims, "returned", lambda *_: ())


def refused_claims_keep_their_points() -> "AbstractContextManager[Any]":
    """A claim that finds no stock is refused, and that is all."""
    real = claims._refusal
    return patch.object(claims, "_refusal", lambda claim, each, code, why, _: real(claim, each, code, why, 0))


def lapsed_holds_count_as_paid() -> "AbstractContextManager[Any]":
    """A capture is taken for done, whatever points says."""
    real = claims.note_answer

    def note_answer(member: Any, command: Any, now: Any) -> Any:
        said = msgspec.structs.replace(command, code="") if command.step == "capture" else command
        return real(member, said, now)

    return patch.object(claims, "note_answer", note_answer)


def codes_are_not_asked() -> "AbstractContextManager[Any]":
    """A claim is cancelled whether or not its voucher is being redeemed."""
    real = cancelling._cancellable

    def cancellable(member: Any, claim: str, at: Any) -> Any:
        found = real(member, claim, at)
        return found if isinstance(found, tuple) else msgspec.structs.replace(found, code="")

    return patch.object(cancelling, "_cancellable", cancellable)


def taken_codes_are_shared() -> "AbstractContextManager[Any]":
    """A code that is another claim's is given again."""
    real = codes._register
    return patch.object(codes, "_register", lambda _, command: real(codes.Code(), command))


def codes_are_used_twice() -> "AbstractContextManager[Any]":
    """Whoever asks with another key redeems the code again."""
    return patch.object(codes, "_unusable", lambda *_: None)


def transfers_are_not_returned() -> "AbstractContextManager[Any]":
    """The letter that brings back what nobody can receive is not written."""
    real = transfers.receive

    def receive(member: Any, letter: Any, now: Any) -> Any:
        return real(member, letter, now) if transfers.is_known(member) else Decision()

    return patch.object(transfers, "receive", receive)


def transfers_have_no_limit() -> "AbstractContextManager[Any]":
    """What was sent before is not counted."""
    return patch.object(transfers, "_sent_in_period", lambda *_: Counted())


def early_answers_are_forgotten() -> "AbstractContextManager[Any]":
    """A question that is heard of after its answer finds nobody who waits."""
    real = subjects._note_earlier

    def note_earlier(subject: Any, command: Any, rules: Any) -> Any:
        return msgspec.structs.replace(real(subject, command, rules), letters=())

    return patch.object(subjects, "_note_earlier", note_earlier)


def who_referred_can_be_referred() -> "AbstractContextManager[Any]":
    """Two who refer each other both accept."""
    real = referrals.recommended

    def recommended(member: Any, *asked: Any) -> Any:
        referred, member.referred = member.referred, {}
        decision = real(member, *asked)
        member.referred = referred
        return decision

    return patch.object(referrals, "recommended", recommended)


def repeats_of_inputs_count() -> "AbstractContextManager[Any]":
    """The reader rule of inputs without seqs: what was sent twice is heard twice, and given back twice."""

    def read(cursor: Cursor, offset: int, entry: Any) -> Verdict:
        verdict = protocol.read(cursor, offset, entry)
        return Verdict.APPLIES if verdict is Verdict.DUPLICATE else verdict

    return patch.object(hearing, "read", read)


MUTATIONS = {
    mutation.take_out.__name__: mutation
    for mutation in (
        Mutation(answers_count_for_any_step, live=live_crossing),
        Mutation(claims_never_ask_again, live=live_crossing),
        Mutation(stock_is_asked_for_again, live=live_crossing),
        Mutation(stock_has_no_end, live=live_crossing),
        Mutation(stock_does_not_come_back, live=live_crossing),
        Mutation(refused_claims_keep_their_points, live=live_crossing),
        Mutation(lapsed_holds_count_as_paid, live=live_crossing),
        Mutation(codes_are_not_asked, live=live_crossing),
        Mutation(taken_codes_are_shared, live=live_crossing),
        Mutation(codes_are_used_twice, live=live_crossing),
        Mutation(transfers_are_not_returned, live=live_crossing),
        Mutation(transfers_have_no_limit, live=live_crossing),
        Mutation(early_answers_are_forgotten, live=live_crossing),
        Mutation(who_referred_can_be_referred, live=live_crossing),
        Mutation(zombies_of_inputs_count, live=live_crossing),
        Mutation(repeats_of_inputs_count, REPEATS, live_crossing),
        Mutation(letters_are_heard_again, live=live_crossing),
    )
}
