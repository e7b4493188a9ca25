"""What may be changed in one place of the source: a table from a node's class to its changes.

A change is a stretch of the source and the text to put there. Comparison, arithmetic, constants,
the way a condition leads, what is called, passed, stored and returned: nothing that only words.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mutants.source import PASSIVE_KEYWORDS, Source, Span, called


@dataclass(frozen=True)
class Change:
    kind: str
    span: Span
    text: str


COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
SWAPPED_NAMES = {
    "min": "max",
    "any": "all",
    "minimum": "maximum",
    "amin": "amax",
    "argmin": "argmax",
    "floor": "ceil",
    "width": "height",
    "append": "extend",
}
SWAPPED = SWAPPED_NAMES | {after: before for before, after in SWAPPED_NAMES.items()}
COMMUTATIVE = {"min", "max", "minimum", "maximum", "equal", "allclose", "gcd"}
"""Functions that give the same whichever of two arguments is first. Those of errors, message and
location, are for the type checker."""
LABEL_WORDS = 3
TEXT_TYPES = (ast.JoinedStr, ast.List, ast.Tuple, ast.Dict)


def is_text(node: ast.expr) -> bool:
    """Whether a sum or quotient with it is of texts, lists or paths: another sign only fails."""
    return isinstance(node, TEXT_TYPES) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def is_label(text: str) -> bool:
    """Whether a text is a word or a label rather than a sentence for people."""
    return "\n" not in text and len(text.split()) <= LABEL_WORDS


def comparison(node: ast.Compare, source: Source) -> Iterator[Change]:
    operands = [node.left, *node.comparators]
    for index, operator in enumerate(node.ops):
        before, after = COMPARISONS[type(operator)]
        between = source.between(operands[index], operands[index + 1])
        yield from token("comparison", between, before, after, source)


def arithmetic(node: ast.BinOp, source: Source) -> Iterator[Change]:
    if is_text(node.left) or is_text(node.right):
        return
    before, after = ARITHMETIC.get(type(node.op), ("@", "@"))
    yield from token("arithmetic", source.between(node.left, node.right), before, after, source)


def logic(node: ast.BoolOp, source: Source) -> Iterator[Change]:
    before, after = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for left, right in zip(node.values, node.values[1:], strict=False):
        yield from token("logic", source.between(left, right), before, after, source)


def token(kind: str, between: Span, before: str, after: str, source: Source) -> Iterator[Change]:
    """The operator between two operands, which may stand in brackets of their own."""
    found = re.search(re.escape(before), source.text_of(between))
    if found and before != after:
        start = between.start + found.start()
        yield Change(kind, Span(start, start + len(before)), after)


def constant(node: ast.Constant, source: Source) -> Iterator[Change]:
    span, value = source.span(node), node.value
    if isinstance(value, bool):
        yield Change("True and False", span, str(not value))
    elif isinstance(value, (int, float)) and value + 1 != value:
        yield Change("constant + 1", span, repr(value + 1))
        if node not in source.first_items:
            yield Change("constant - 1", span, repr(value - 1))
    elif isinstance(value, str) and source.text_of(span)[:1] in "\"'" and is_label(value):
        yield Change("text", Span(span.end - 1, span.end - 1), "X")


def unary(node: ast.UnaryOp, source: Source) -> Iterator[Change]:
    if isinstance(node.op, (ast.Not, ast.USub)):
        kind = "no not" if isinstance(node.op, ast.Not) else "no minus"
        yield Change(kind, source.span(node), f"({source.text_of(source.span(node.operand))})")


def choice(node: ast.IfExp, source: Source) -> Iterator[Change]:
    body, other = (source.text_of(source.span(part)) for part in (node.body, node.orelse))
    test = source.text_of(source.span(node.test))
    yield Change("choice turned", source.span(node), f"{other} if {test} else {body}")


def call(node: ast.Call, source: Source) -> Iterator[Change]:
    plain = [one for one in node.args if not isinstance(one, ast.Starred)]
    alike = called(node) in COMMUTATIVE or called(node).lower().endswith("error")
    if len(plain) == len(node.args) >= 2 and not alike:
        first, second = source.span(plain[0]), source.span(plain[1])
        between = source.text_of(Span(first.end, second.start))
        swapped = source.text_of(second) + between + source.text_of(first)
        yield Change("arguments swapped", Span(first.start, second.end), swapped)
    for keyword in node.keywords:
        if keyword.arg is not None and keyword.arg not in PASSIVE_KEYWORDS:
            yield Change("keyword dropped", source.with_comma(source.span(keyword)), "")


def name(node: ast.Name, source: Source) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load) and node.id in SWAPPED:
        yield Change("other name", source.span(node), SWAPPED[node.id])


def attribute(node: ast.Attribute, source: Source) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load) and node.attr in SWAPPED:
        end = source.span(node).end
        yield Change("other name", Span(end - len(node.attr), end), SWAPPED[node.attr])


def removed(node: ast.stmt, source: Source) -> Iterator[Change]:
    yield Change("statement removed", source.span(node), "pass")


def bare_call(node: ast.Expr, source: Source) -> Iterator[Change]:
    if isinstance(node.value, ast.Call):
        yield from removed(node, source)


def assignment(node: ast.Assign, source: Source) -> Iterator[Change]:
    """A name needs another value before, or removing its assignment only fails."""
    target = node.targets[0]
    if not isinstance(target, ast.Name) or source.is_bound_before(node, target.id):
        yield from removed(node, source)


def returned(node: ast.Return, source: Source) -> Iterator[Change]:
    if node.value is not None and ast.unparse(node.value) != "None":
        yield Change("returns None", source.span(node), "return None")


def jump(node: ast.Break | ast.Continue, source: Source) -> Iterator[Change]:
    text = "continue" if isinstance(node, ast.Break) else "break"
    yield Change("break and continue", source.span(node), text)


OPERATORS: dict[type[ast.AST], Callable[..., Iterator[Change]]] = {
    ast.Compare: comparison,
    ast.BinOp: arithmetic,
    ast.BoolOp: logic,
    ast.Constant: constant,
    ast.UnaryOp: unary,
    ast.IfExp: choice,
    ast.Call: call,
    ast.Name: name,
    ast.Attribute: attribute,
    ast.Expr: bare_call,
    ast.Assign: assignment,
    ast.AugAssign: removed,
    ast.Return: returned,
    ast.Break: jump,
    ast.Continue: jump,
}
