"""Which names a definition may use: lower case, and no reserved word of any language that a target is printed in."""

from __future__ import annotations

import builtins
import keyword
import re

from .errors import ModelNameError

PATTERN = re.compile(r"[a-z][a-z0-9_]*")

_CPP = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl concept
const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default delete do double
dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable namespace new noexcept
not not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires return short signed sizeof
static static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename union
unsigned using virtual void volatile wchar_t while xor xor_eq errno near far small interface uint16_t uint32_t int32_t
"""

_GLSL = """
const uniform buffer shared attribute varying coherent volatile restrict readonly writeonly layout centroid flat smooth
noperspective patch sample invariant precise break continue do for while switch case default if else subroutine in out inout
int void bool true false float discard return struct uint lowp mediump highp precision common partition active asm class
union enum typedef template this resource goto inline noinline public static extern external interface long short half fixed
unsigned superp input output filter sizeof cast namespace using main
radians degrees sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh pow exp log exp2 log2 sqrt inversesqrt abs sign
floor trunc round ceil fract mod modf min max clamp mix step smoothstep isnan isinf fma frexp ldexp length distance dot cross
normalize reflect refract transpose determinant inverse any all not barrier texture
"""

# Words of the language itself and of the code that the printers put around a model.
_OURS = """
next emit repeat select spike detach decay reciprocal to_int to_float neg add sub mul div and or not lt le eq load store
broadcast flush surrogate args begin end index dtype constants receptors states tape parameters options dt np numpy result
f draws minimum maximum next_states spikes state_gradients receptor_gradients spike_gradient
broadcast_f broadcast_i mask_bits constant surrogate_derivative
"""

# Words that are fine: "decay" is a function of the language, but functions and values cannot be confused; the others are
# built in only where Python's site module was imported.
_FREE = {"decay", "exit", "quit", "copyright", "credits", "license"}

_OUR_BEGINNINGS = ("grad_", "t_")
_OUR_ENDINGS = ("_", "_data", "_tape")

RESERVED: dict[str, str] = {}
for _words, _language in (
    (" ".join(dir(builtins)), "Python"),
    (" ".join([*keyword.kwlist, *keyword.softkwlist]), "Python"),
    (_GLSL, "GLSL"),
    (_CPP, "C++"),
    (_OURS, "the model language"),
):
    for _word in _words.split():
        RESERVED[_word] = _language
for _word in _FREE:
    RESERVED.pop(_word, None)


def check_form(name: object, what: str) -> str:
    """Return ``name`` if it has the form of a name; otherwise raise `ModelNameError`."""
    if not isinstance(name, str) or not PATTERN.fullmatch(name):
        raise ModelNameError(
            f"{what} '{name}': a name is lower-case letters, digits and underscores, beginning with a letter"
        )
    return name


def check(name: object, what: str) -> str:
    """Return ``name`` if it may stand for a value; otherwise raise `ModelNameError`."""
    name = check_form(name, what)
    if name in RESERVED:
        raise ModelNameError(f"{what} '{name}': this word is reserved in {RESERVED[name]}; take another name")
    if name.startswith(_OUR_BEGINNINGS) or name.endswith(_OUR_ENDINGS) or "__" in name:
        ours = ", ".join([*(f"{b}..." for b in _OUR_BEGINNINGS), *(f"...{e}" for e in _OUR_ENDINGS), "...__..."])
        raise ModelNameError(f"{what} '{name}': names such as {ours} belong to the compiler")
    return name


class UniqueNames:
    """Hands out names that are not taken yet: ``unique("v")`` is v, then v_2, v_3 ..."""

    def __init__(self, taken: set[str] | None = None) -> None:
        self._taken = set(taken or ())

    def unique(self, wish: str) -> str:
        name, count = wish, 1
        while name in self._taken:
            count += 1
            name = f"{wish}_{count}"
        self._taken.add(name)
        return name
