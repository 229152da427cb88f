"""Whatever is written in a club's folder, the check of it answers, soon."""

from tests.fuzz.judging import judge, tell
from tests.fuzz.mutants import mutant, seeds, words

COUNT = 2_000
"""Of the same mutants that `make fuzz-rules` begins with."""


def test_a_mutated_folder_gives_errors_or_a_pass_in_time() -> None:
    """No mutant raises, hangs, or is answered by a flood."""
    verdicts = [judge(number) for number in range(COUNT)]
    failed = [verdict for verdict in verdicts if verdict.failure]
    for verdict in failed:
        tell(verdict)
    assert not failed


def test_mutants_are_neither_all_wrong_nor_all_sound() -> None:
    """Some pass and most do not, with errors of many kinds: else the fuzzing would try one thing only."""
    codes = [judge(number).codes for number in range(300)]
    assert 10 < sum(not each for each in codes) < 150
    assert len({code for each in codes for code in each}) > 20


def test_a_mutant_is_the_same_each_time() -> None:
    """A number alone replays a failure."""
    assert [mutant(number) for number in range(50)] == [mutant(number) for number in range(50)]


def test_mutants_are_made_of_whole_clubs_and_of_the_whole_language() -> None:
    """The clubs of the repository are among the seeds, and keys of every file are put anywhere."""
    assert any("points.yaml" in folder and "offers.yaml" in folder for folder in seeds())
    assert {"cooldown", "levels", "qualify_by", "voucher", "over"} <= set(words())
