"""Python's own parser for expressions and programs, with a limit on nesting that the compiler's recursion can bear."""

from __future__ import annotations

import ast
import warnings
from typing import Literal

from .errors import ModelBoundsError

# Deeper than any equation. The compiler needs up to five Python calls for a level and Python allows 1000 in all, some of
# which the caller has used.
MAX_NESTING = 100

TOO_DEEP = (
    f"an expression nests more than {MAX_NESTING} operations, where a sum of {MAX_NESTING + 1} terms nests {MAX_NESTING}; "
    "give parts of it a name"
)


def parse(text: str, mode: Literal["exec", "eval"]) -> ast.AST:
    """The tree of a text.

    Raises
    ------
    SyntaxError : the text is not Python
    ModelBoundsError : it nests too deeply
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode=mode)
    except (RecursionError, MemoryError) as error:  # which of them depends on the version of Python
        raise ModelBoundsError(TOO_DEEP) from error
    except ValueError as error:  # a null character, before Python 3.12
        raise SyntaxError(str(error)) from error
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_NESTING:
            raise ModelBoundsError(TOO_DEEP)
        for child in ast.iter_child_nodes(node):
            operation = isinstance(child, ast.expr) and not isinstance(child, ast.Name | ast.Constant)
            stack.append((child, depth + operation))
    return tree
