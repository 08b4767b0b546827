"""Choices never repeat themselves, and end when all were made."""

from collections.abc import Callable, Iterator

import pytest

from numerics.evidence.choices import Choices


def sequences(seed: int, ask: Callable[[Callable[[int], int]], object], most: int = 1000) -> Iterator[object]:
    """What is chosen, sequence by sequence, until there is no other one."""
    choices = Choices(seed)
    for _ in range(most):
        choices.start()
        yield ask(choices.choose)
        choices.end()
        if choices.exhausted:
            return


def uneven(choose: Callable[[int], int]) -> tuple[int, ...]:
    """How often, and out of how many, it is chosen depends on what was chosen before: 1 + 2 + 2 * 3 ways."""
    first = choose(3)
    if first == 0:
        return (first,)
    second = choose(2)
    return (first, second) if first == 1 else (first, second, choose(3))


@pytest.mark.parametrize("seed", range(20))
def test_every_sequence_is_made_once(seed: int) -> None:
    made = list(sequences(seed, uneven))
    assert len(made) == len(set(made)) == 9
    assert made[0] == (0,)


def test_the_simplest_comes_first() -> None:
    assert next(sequences(5, lambda choose: [choose(9) for _ in range(4)])) == [0, 0, 0, 0]


def test_where_nothing_is_asked_there_is_one_sequence() -> None:
    assert len(list(sequences(0, lambda choose: None))) == 1


def test_the_seed_decides_the_order() -> None:
    orders = [list(sequences(seed, uneven)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2] and set(orders[0]) == set(orders[2])


def test_a_large_range_is_not_exhausted_soon() -> None:
    made = list(sequences(0, lambda choose: choose(10**6), most=200))
    assert len(set(made)) == 200
