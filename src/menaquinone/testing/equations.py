"""Reads an equation's source and says where it leaves plain arithmetic.

Engines compile rates, differentiate them with a complex step and hand them to exporters; all of that holds only for
``+ - * / **``, ``np.exp``, ``np.log`` and ``np.sqrt`` on named values, without branches and loops.
"""

import ast
import dis
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import numpy as np

ALLOWED = "plain arithmetic of + - * / **, np.exp, np.log and np.sqrt on named values"
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
_FUNCTIONS = (np.exp, np.log, np.sqrt)
_SPOKEN = {
    ast.If: "an if statement",
    ast.IfExp: "a conditional expression",
    ast.Compare: "a comparison",
    ast.BoolOp: "and/or",
    ast.For: "a for loop",
    ast.While: "a while loop",
    ast.ListComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.AugAssign: "an assignment in place",
    ast.Subscript: "an index",
    ast.Starred: "an unpacking",
    ast.Lambda: "a lambda",
    ast.Match: "a match statement",
    ast.Try: "a try statement",
    ast.Assert: "an assertion",
}


def departure(function: Any, _seen: frozenset[Any] = frozenset()) -> str | None:
    """Return the first thing in an equation that is not plain arithmetic, or nothing.

    Parameters
    ----------
    function
        A block's ``rates``, or a function that it calls. Functions called from it are read too.

    Returns
    -------
    str or None
        ``an if statement in line 3 of 'rates'``.
    """
    if not isinstance(function, FunctionType):
        return f"'{getattr(function, '__name__', function)}', which is not a Python function"
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, SyntaxError, TypeError):
        return _departure_of_code(function)
    if not isinstance(tree, ast.FunctionDef):
        return _departure_of_code(function)
    names = inspect.getclosurevars(function)
    scope = {**names.builtins, **names.globals, **names.nonlocals}
    for found, line in _departures(tree.body, scope):
        return f"{found} in line {line} of '{function.__name__}'"
    for called in _called(tree, scope):
        if isinstance(called, FunctionType) and called not in _seen and called is not function:
            deeper = departure(called, _seen | {function})
            if deeper is not None:
                return deeper
    return None


def _departures(statements: list[ast.stmt], scope: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for number, statement in enumerate(statements):
        if number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # the docstring
        value = _value_of(statement)
        if value is None:
            yield _spoken(statement), statement.lineno
        else:
            yield from _in_expression(value, scope)


def _value_of(statement: ast.stmt) -> ast.expr | None:
    if isinstance(statement, ast.Return | ast.AnnAssign):
        return statement.value
    named = isinstance(statement, ast.Assign) and all(isinstance(target, ast.Name) for target in statement.targets)
    return statement.value if named else None  # type: ignore[attr-defined]


def _in_expression(node: ast.expr, scope: dict[str, Any]) -> Iterator[tuple[str, int]]:
    match node:
        case ast.Name() | ast.Constant(value=None):
            return
        case ast.Constant(value=value) if isinstance(value, (int, float)) and not isinstance(value, bool):
            return
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _OPERATORS):
            yield from _in_expression(left, scope)
            yield from _in_expression(right, scope)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            yield from _in_expression(operand, scope)
        case ast.Attribute(value=value):
            yield from _in_expression(value, scope)
        case ast.Call(func=func, args=args, keywords=keywords):
            if not _may_be_called(_resolve(func, scope)):
                yield f"a call of '{ast.unparse(func)}'", node.lineno
            for argument in (*args, *(keyword.value for keyword in keywords)):
                yield from _in_expression(argument, scope)
        case _:
            yield _spoken(node), node.lineno


def _may_be_called(called: Any) -> bool:
    is_record = isinstance(called, type) and issubclass(called, tuple) and hasattr(called, "_fields")
    return is_record or isinstance(called, FunctionType) or any(called is one for one in _FUNCTIONS)


def _resolve(node: ast.expr, scope: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return scope.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_resolve(node.value, scope), node.attr, None)
    return None


def _called(tree: ast.AST, scope: dict[str, Any]) -> list[Any]:
    return [_resolve(node.func, scope) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _spoken(node: ast.AST) -> str:
    if isinstance(node, ast.BinOp):
        return f"the operator {type(node.op).__name__}"
    return _SPOKEN.get(type(node), f"'{ast.unparse(node)}'")


def _departure_of_code(function: FunctionType) -> str | None:
    # An equation typed into a shell, or a lambda, has no source to parse: its bytecode still shows branches and loops.
    for instruction in dis.get_instructions(function):
        if "JUMP" in instruction.opname or instruction.opname in ("COMPARE_OP", "FOR_ITER", "STORE_SUBSCR"):
            return f"a branch, a comparison or a loop in '{function.__name__}'"
    return None
