"""The steps of a story about claims, against the rules and against the claims before them."""

from collections.abc import Iterator

from cercle.domain.decision import Instant
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.scenarios import CancelStep, ClaimStep, RedeemStep, StepEntry
from services.console.scenarios.catalogue import Names
from services.console.scenarios.steps import Cancels, Claims, Redeems

_NAMED = "a claim has the name that its `id` says, as in `claim: ten-off, id: c1`"


class ClaimsOfStory:
    """The claims of one story so far. A step with an error is told to `findings`, and yields nothing."""

    def __init__(self, known: Names, findings: Findings) -> None:
        self._known = known
        self._findings = findings
        self._made: dict[tuple[str, str], ClaimStep] = {}

    def misread(self, step: StepEntry) -> None:
        """A step that has an error already: if it claims, later ones may name it."""
        if isinstance(step, ClaimStep) and step.id is not None:
            self._made.setdefault((step.member, step.id), step)

    def claim(self, step: ClaimStep, at: Instant, number: int) -> Iterator[Claims]:
        """The offer is one that members claim, and the id no other claim's."""
        first = step if step.id is None else self._made.setdefault((step.member, step.id), step)
        if step.claim not in self._known.claimable:
            self._not_claimable(step)
        elif first.claim != step.claim:
            sentence = f"`{step.id}` is a claim of `{first.claim}` already; every claim has an id of its own"
            self._findings.error(Code.STEP_CLAIM, step.block.at("id"), sentence)
        else:
            key = step.id or f"step-{number}"
            yield Claims(step.block.spot.place(), step.member, at, key, step.claim, step.refused or "")

    def redeem(self, step: RedeemStep, at: Instant, number: int) -> Iterator[Redeems]:
        """There is such a claim, and it has a code."""
        made = self._named(step, "redeem", step.redeem)
        if made is None:
            return
        if self._known.claimable[made.claim].voucher is None:
            why = f"the offer `{made.claim}` has no `voucher`, so there is no code to redeem"
        elif made.refused is not None:
            why = f"the claim `{step.redeem}` is refused, so there is no code to redeem"
        else:
            place, offer = step.block.spot.place(), made.claim
            refused = step.refused or ""
            yield Redeems(place, step.member, at, f"step-{number}", step.redeem, offer, refused)
            return
        self._findings.error(Code.STEP_CLAIM, step.block.at("redeem"), why)

    def cancel(self, step: CancelStep, at: Instant, number: int) -> Iterator[Cancels]:
        """There is such a claim."""
        made = self._named(step, "cancel", step.cancel)
        if made is not None:
            place, offer = step.block.spot.place(), made.claim
            refused = step.refused or ""
            yield Cancels(place, step.member, at, f"step-{number}", step.cancel, offer, refused)

    def _not_claimable(self, step: ClaimStep) -> None:
        place, offer = step.block.at("claim"), step.claim
        if offer in self._known.unclaimable:
            sentence = f"`{offer}` cannot be claimed: {self._known.unclaimable[offer]}"
            self._findings.error(Code.STEP_CLAIM, place, sentence)
        else:
            sentence = f"`{offer}` is not an offer of offers.yaml that members claim"
            self._findings.wrong_word(Code.STEP_CLAIM, place, sentence, offer, self._known.claimable)

    def _named(self, step: StepEntry, key: str, claim: str) -> ClaimStep | None:
        """The claim that the step names; None: there is none, or it has an error itself."""
        made = self._made.get((step.member, claim))
        if made is not None:
            return made if made.claim in self._known.claimable else None
        place = step.block.at(key)
        others = sorted(member for member, each in self._made if each == claim)
        if others:
            sentence = f"`{claim}` is a claim of {others[0]}, not of {step.member}: `member` is who claimed"
            self._findings.error(Code.STEP_CLAIM, place, sentence)
            return None
        ids = [each for member, each in self._made if member == step.member]
        sentence = f"{step.member} made no claim with the id `{claim}` before this step"
        if ids:
            self._findings.wrong_word(Code.STEP_CLAIM, place, sentence, claim, ids)
        else:
            self._findings.error(Code.STEP_CLAIM, place, f"{sentence}; {_NAMED}")
        return None
