"""The rules of Go on 19 x 19 points: captures, suicide, ko, counting."""

from __future__ import annotations

from dataclasses import dataclass

from darknet_py.data.go_moves import POINTS, SIDE

BLACK, WHITE, FREE = 1, -1, 0
MOST_HANDICAP = 9


def _neighbours(point: int) -> tuple[int, ...]:
    row, column = divmod(point, SIDE)
    around = ((row - 1, column), (row, column - 1), (row, column + 1), (row + 1, column))
    return tuple(r * SIDE + c for r, c in around if 0 <= r < SIDE and 0 <= c < SIDE)


NEIGHBOURS = tuple(map(_neighbours, range(POINTS)))


@dataclass(frozen=True)
class Group:
    """Points that hang together, and those of other kinds beside them."""

    points: frozenset[int]
    beside: frozenset[int]


@dataclass(frozen=True)
class Board:
    """A position. stones: BLACK, WHITE or FREE for each point, row by row from the top."""

    stones: tuple[int, ...] = (FREE,) * POINTS

    def group(self, point: int) -> Group:
        """The points of the same kind that hang together with this one."""
        kind, todo = self.stones[point], [point]
        points, beside = {point}, set[int]()
        while todo:
            for other in NEIGHBOURS[todo.pop()]:
                if self.stones[other] != kind:
                    beside.add(other)
                elif other not in points:
                    points.add(other)
                    todo.append(other)
        return Group(frozenset(points), frozenset(beside))

    def has_liberty(self, point: int) -> bool:
        """Whether the stones that hang together with this one have a free point beside them."""
        return any(self.stones[other] == FREE for other in self.group(point).beside)

    def put(self, point: int, kind: int) -> Board:
        """With another stone on a point, or none; nothing is captured."""
        return Board((*self.stones[:point], kind, *self.stones[point + 1 :]))

    def after(self, player: int, point: int) -> Board:
        """When the player's stone is on the point and what has no liberty then is captured."""
        board = self.put(point, player)
        for other in NEIGHBOURS[point]:
            if board.stones[other] == -player and not board.has_liberty(other):
                board = board.without(board.group(other).points)
        return board

    def without(self, points: frozenset[int]) -> Board:
        return Board(tuple(FREE if i in points else stone for i, stone in enumerate(self.stones)))

    def suicide(self, player: int, point: int) -> bool:
        """Whether the player's stone would have no liberty on this free point."""
        if any(self.stones[other] == FREE for other in NEIGHBOURS[point]):
            return False
        return not self.after(player, point).has_liberty(point)

    def legal(self, player: int, point: int, before: Board | None = None) -> bool:
        """Whether the player may move there. before: the position before the last move (ko)."""
        if self.stones[point] != FREE or self.suicide(player, point):
            return False
        return self.after(player, point) != before

    @property
    def points_ahead(self) -> int:
        """Points of black less those of white: stones, and free points only one side reaches.

        All stones count as alive, as by the rules of Tromp and Taylor.
        """
        ahead, counted = sum(self.stones), set[int]()
        for point in range(POINTS):
            if self.stones[point] == FREE and point not in counted:
                area = self.group(point)
                counted |= area.points
                owners = {self.stones[other] for other in area.beside}
                ahead += len(area.points) * (sum(owners) if len(owners) == 1 else 0)
        return ahead


def result(board: Board, komi: float) -> str:
    """Who wins by how much, such as B+3.5; 0 for a draw. komi: points white gets."""
    lead = board.points_ahead - komi
    return f"{'B' if lead > 0 else 'W'}+{abs(lead):.1f}" if lead else "0"


_D, _K, _Q = (row * SIDE for row in (15, 9, 3))
CORNERS = (_Q + 15, _D + 3, _D + 15, _Q + 3)
SIDES = (_K + 3, _K + 15, _Q + 9, _D + 9)
CENTRE = _K + 9


def handicap(stones: int) -> tuple[int, ...]:
    """Where the stones of a fixed handicap, 2 to 9, stand: with an odd number from 5 on, the
    centre is one of them."""
    if stones < 5:
        return CORNERS[:stones]
    centre = (CENTRE,) if stones % 2 else ()
    return (*CORNERS, *SIDES[: stones - 4 - len(centre)], *centre)
