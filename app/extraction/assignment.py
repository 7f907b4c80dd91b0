"""Pairs two lists one to one so that the pairs together weigh the most."""

from collections.abc import Sequence
from math import inf


def best_pairs(weights: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """(row, column) pairs, one to one, of the greatest total weight, by row; what weighs nothing is not paired.

    `weights[row][column]` must not be negative. Shortest augmenting paths with potentials (Kuhn 1955; Jonker and
    Volgenant 1987), cubic in the longer side.
    """
    rows, columns = len(weights), len(weights[0]) if weights else 0
    if rows > columns:
        swapped = best_pairs([[row[column] for row in weights] for column in range(columns)])
        return sorted((row, column) for column, row in swapped)
    matrix = _Assignment(weights, rows, columns)
    for row in range(rows):
        matrix.place(row)
    pairs = [(row, column) for column, row in enumerate(matrix.row_of[:columns]) if row >= 0]
    return sorted((row, column) for row, column in pairs if weights[row][column] > 0)


class _Assignment:
    """The pairing while it grows a row at a time; column `columns` is the place from which a new row starts."""

    def __init__(self, weights: Sequence[Sequence[float]], rows: int, columns: int) -> None:
        self.weights, self.columns = weights, columns
        self.row_price, self.column_price = [0.0] * rows, [0.0] * (columns + 1)
        self.row_of = [-1] * (columns + 1)

    def place(self, row: int) -> None:
        """Gives the row a column, moving earlier rows along the cheapest path to a free column."""
        self.row_of[self.columns] = row
        came_from, column = self._cheapest_path()
        while column != self.columns:
            self.row_of[column] = self.row_of[came_from[column]]
            column = came_from[column]

    def _cheapest_path(self) -> tuple[list[int], int]:
        """The column before each one on the path, and the free column where the path ends."""
        slack, came_from = [inf] * self.columns, [self.columns] * self.columns
        reached, column = [False] * (self.columns + 1), self.columns
        while self.row_of[column] >= 0:
            reached[column] = True
            self._relax(column, reached, slack, came_from)
            step, following = min((slack[other], other) for other in range(self.columns) if not reached[other])
            self._reprice(step, reached, slack)
            column = following
        return came_from, column

    def _relax(self, column: int, reached: list[bool], slack: list[float], came_from: list[int]) -> None:
        row = self.row_of[column]
        for other in range(self.columns):
            cost = -self.weights[row][other] - self.row_price[row] - self.column_price[other]
            if not reached[other] and cost < slack[other]:
                slack[other], came_from[other] = cost, column

    def _reprice(self, step: float, reached: list[bool], slack: list[float]) -> None:
        for column in range(self.columns + 1):
            if reached[column]:
                self.row_price[self.row_of[column]] += step
                self.column_price[column] -= step
            elif column < self.columns:
                slack[column] -= step
