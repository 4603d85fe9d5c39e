"""Sizes of tensors that depend on a network's input: polynomials of free sizes.

A free size is a mark, a name. What convolutions make of it holds divisions that round down; each
such quotient is a mark itself, named by what it divides, so that equal sizes are equal objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import mul
from typing import Iterable, Sequence, SupportsInt, Tuple, Union

#: A product of marks, sorted; empty for the constant term.
_Product = Tuple[str, ...]
#: What sizes are added to and divided by: whole numbers, also numpy's.
Operand = Union["Free", SupportsInt]


@dataclass(frozen=True)
class Free:
    """A size that is not known before the network runs: a sum of products of marks.

    Attributes:
        terms: products and their factors, sorted, none of them zero.
    """

    terms: tuple[tuple[_Product, int], ...]

    def __add__(self, other: Operand) -> Size:
        return _sum((*self.terms, *_terms(other)))

    def __sub__(self, other: Operand) -> Size:
        return self + _sum((names, -factor) for names, factor in _terms(other))

    def __rsub__(self, other: Operand) -> Size:
        negative = self * -1
        return _sum((*_terms(negative), *_terms(other)))

    def __mul__(self, other: Operand) -> Size:
        return _sum(
            (tuple(sorted((*left, *right))), a * b)
            for left, a in self.terms
            for right, b in _terms(other)
        )

    def __floordiv__(self, other: Operand) -> Size:
        divisor = _size(other)
        exact = divide(self, divisor)
        if exact is not None:
            return exact
        if isinstance(divisor, Free):
            return mark(f"({self})//({divisor})")
        # floor((a d + r) / d) = a + floor(r / d), with every factor of r in [0, d).
        whole = _sum((product, factor // divisor) for product, factor in self.terms)
        rest = _sum((product, factor % divisor) for product, factor in self.terms)
        return whole + (rest // divisor if isinstance(rest, int) else mark(f"({rest})//{divisor}"))

    def __rfloordiv__(self, other: Operand) -> Size:
        return mark(f"({other})//({self})")

    __radd__ = __add__
    __rmul__ = __mul__

    def __str__(self) -> str:
        return " + ".join("*".join((str(factor), *product)) for product, factor in self.terms)


Size = Union[int, Free]
Shape = Tuple[Size, ...]


def mark(name: str) -> Free:
    """The free size of a name."""
    return Free((((name,), 1),))


def product(sizes: Iterable[Size]) -> Size:
    """All sizes multiplied; 1 if there are none."""
    return reduce(mul, sizes, 1)


def divide(dividend: Size, divisor: Size) -> Size | None:
    """The quotient where the division has no rest, whatever the marks are; None elsewhere."""
    leading = _terms(divisor)
    if not leading:
        return None
    rest, quotient = dividend, []
    while rest != 0:
        term = _divide_term(_terms(rest)[-1], leading[-1])
        if term is None:
            return None
        quotient.append(term)
        rest = rest - Free((term,)) * divisor
    return _sum(quotient)


def declared(shape: Sequence[Size]) -> tuple[int, ...]:
    """A shape as programs declare it: -1 for what is free."""
    return tuple(size if isinstance(size, int) else -1 for size in shape)


def _divide_term(
    dividend: tuple[_Product, int], divisor: tuple[_Product, int]
) -> tuple[_Product, int] | None:
    marks = list(dividend[0])
    for name in divisor[0]:
        if name not in marks:
            return None
        marks.remove(name)
    return None if dividend[1] % divisor[1] else (tuple(marks), dividend[1] // divisor[1])


def _size(value: Operand) -> Size:
    """A number as a size; fractions are none."""
    if isinstance(value, Free):
        return value
    if int(value) != value:
        raise ArithmeticError(f"{value} is no whole number")
    return int(value)


def _terms(value: Operand) -> tuple[tuple[_Product, int], ...]:
    size = _size(value)
    if isinstance(size, Free):
        return size.terms
    return (((), size),) if size else ()


def _sum(terms: Iterable[tuple[_Product, int]]) -> Size:
    factors: dict[_Product, int] = {}
    for names, factor in terms:
        factors[names] = factors.get(names, 0) + factor
    # By degree, so that the last term leads in divisions.
    kept = sorted(
        ((names, factor) for names, factor in factors.items() if factor),
        key=lambda term: (len(term[0]), term[0]),
    )
    if not kept or kept == [((), factors.get((), 0))]:
        return factors.get((), 0)
    return Free(tuple(kept))
