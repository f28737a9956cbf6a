"""What proposes the next points: `make_sampler("tpe", space, seed=0)`, then `ask` and `tell`. Registered by name.

What is proposed follows from seed and trials alone, so a search that goes on is told what is recorded (groups.py:
`recall`) and asks for the points it would have asked for had it never been stopped.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ganvas.errors import SettingsError
from ganvas.registry import Registry
from ganvas.search.axes import Axis, Value, key
from ganvas.search.directions import MAIN_SCORE, loss_of
from ganvas.search.space import Space
from ganvas.search.trial import RUNNING, Point

TRIES = 200  # draws of points that were there already, before a space counts as used up


@dataclass
class Asked:
    """A point that was asked for, and what is known of it: `loss` is its score such that lower is better, or NaN."""

    point: Point
    state: str = RUNNING
    loss: float = float("nan")
    images: int = 0


class Sampler:
    """Remembers every point asked for; a subclass proposes the next one in `_next`."""

    def __init__(self, space: Space, seed: int = 0, score: str = MAIN_SCORE) -> None:
        self.space = space
        self.seed = seed
        self.score = score
        self.count = space.count()
        self.asked: dict[str, Asked] = {}

    def ask(self, n: int) -> list[Point]:
        """The next n points, none of which was asked for before; fewer where the space holds no more."""
        points: list[Point] = []
        while len(points) < n and (point := self._next()) is not None:
            self.recall(point)
            points.append(point)
        return points

    def recall(self, point: Point) -> None:
        """A point that was asked for before, in the order of asking: it is not asked for again."""
        self.asked.setdefault(key(point), Asked(point))

    def tell(self, point: Point, score: float | None, state: str, images: int = 0) -> None:
        """What became of a point: its score as its scorecard has it, or as it last was before it was pruned."""
        self.recall(point)
        self.asked[key(point)] = Asked(point, state, loss_of(self.score, score), images)

    def is_new(self, point: Point) -> bool:
        return key(point) not in self.asked

    def _next(self) -> Point | None:
        raise NotImplementedError


SAMPLERS: Registry[type[Sampler]] = Registry("sampler")


def register(name: str) -> Callable[[type[Sampler]], type[Sampler]]:
    """Decorator on a Sampler."""

    def keep(kind: type[Sampler]) -> type[Sampler]:
        SAMPLERS[name] = kind
        return kind

    return keep


def make_sampler(name: str, space: Space, seed: int = 0, score: str = MAIN_SCORE) -> Sampler:
    """The sampler called grid, random or tpe. Raises SettingsError for another name or a space it cannot sample."""
    import ganvas.search.tpe  # noqa: F401  registers itself

    return SAMPLERS[name](space, seed, score)


@register("grid")
class Grid(Sampler):
    """Every point of the space once, in its order."""

    def __init__(self, space: Space, seed: int = 0, score: str = MAIN_SCORE) -> None:
        super().__init__(space, seed, score)
        if self.count is None:
            next(space.points())  # says which axis has no values to name
        self._left: Iterator[Point] = space.points()

    def _next(self) -> Point | None:
        return next(filter(self.is_new, self._left), None)


@register("random")
class Random(Sampler):
    """Independent draws: each alternative and each of its values as likely as any other."""

    def _next(self) -> Point | None:
        return draw_new(self)


def draw_new(sampler: Sampler) -> Point | None:
    """A random point that was not asked for, the same after the same points; None where there is no more."""
    count = sampler.count
    if count is not None and len(sampler.asked) >= count:
        return None
    chance = random.Random(f"{sampler.seed}/{len(sampler.asked)}")
    for _ in range(TRIES):
        if sampler.is_new(point := draw(sampler.space, chance)):
            return point
    if count is None:
        return None
    left = list(filter(sampler.is_new, sampler.space.points()))
    return chance.choice(left) if left else None


def draw(space: Space, chance: random.Random) -> Point:
    """One point at random."""
    point: Point = {}
    for axis in chance.choice(space.parts):
        if axis.holds(point):
            point[axis.name] = _value(axis, chance)
    return point


def _value(axis: Axis, chance: random.Random) -> Value:
    values: Sequence[Value] | None = axis.values
    if values is not None:
        return chance.choice(values)
    if axis.range is None:
        raise SettingsError(f"{axis.name} has no values")
    return axis.range.at(chance.random())
