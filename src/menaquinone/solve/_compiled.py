"""How the engine is compiled: a few functions each as a whole, the others as parts of those that call them.

numba optimises every function in a module of its own together with all that it calls, translates it to machine code
and keeps that on disk, although nobody but its callers ever runs it: with functions ten deep the same code is optimised
ten times. A part is lowered and no more; whoever calls it takes its code in and optimises all of it once.
"""

import hashlib
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar

from numba import njit, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, Flags
from numba.core.compiler_machinery import register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NativeLowering

LINE = 64
"""Bytes in a line of memory."""
OPTIONS = {"_nrt": False, "nogil": True, "error_model": "numpy", "fastmath": {"contract"}}


class _Library(JITCodeLibrary):
    """Code of a part, as it was lowered."""

    def add_ir_module(self, ir_module: Any) -> None:
        """Add code whose frames begin with a line of memory: vectors that registers have no room for lie in them."""
        for function in ir_module.functions:
            if not function.is_declaration:
                function.attributes.alignstack = LINE
                function.attributes.add("nounwind")  # llvmlite writes out nothing where there is only the other
        super().add_ir_module(ir_module)

    def add_llvm_module(self, ll_module: Any) -> None:
        """Add code without optimising it."""
        self._final_module.link_in(ll_module)

    def finalize(self) -> None:
        """Take in what is called; nothing is optimised or translated."""
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)  # noqa: SLF001 (numba offers no other way)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)  # noqa: SLF001
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _Lowering(NativeLowering):
    """Lower a function to code that only its callers translate."""

    _name = "lowering_of_a_part"

    def run_pass(self, state: Any) -> bool:
        """Leave in the target what callers look for."""
        state.library = _Library(state.targetctx.codegen(), state.func_id.func_qualname)
        super().run_pass(state)
        lowered = state["cr"]
        name = lowered.fndesc.mangled_name
        state["cr"] = lowered._replace(cfunc=name)
        state.targetctx.insert_user_function(name, lowered.fndesc, [state.library])
        return True


class _Flags(Flags):
    """Flags of which there is one object for equal ones: numba looks its own functions up by them all the time."""

    __slots__ = ("_hash",)
    _known: ClassVar[dict[str, "_Flags"]] = {}

    @classmethod
    def equal_to(cls, flags: Flags) -> "_Flags":
        """Return the object for flags."""
        return cls._known.setdefault(repr(flags), cls(flags))

    def __init__(self, flags: Flags) -> None:
        super().__init__(flags)
        self._hash = hash(flags)

    __eq__ = Flags.__eq__

    def __hash__(self) -> int:
        """Return what equal flags have, too."""
        return self._hash

    def copy(self) -> "_Flags":
        """Return these: nobody changes them any more."""
        return self


class _Compiler(CompilerBase):
    """numba's compiler up to lowering."""

    def __init__(self, *arguments: Any) -> None:
        *others, flags, local = arguments
        flags.no_compile = True
        super().__init__(*others, _Flags.equal_to(flags), local)

    def define_pipelines(self) -> list[Any]:
        """Return what is done, one after the other."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [(_Lowering if one is NativeLowering else one, what) for one, what in passes.passes]
        passes._finalized = False  # noqa: SLF001
        passes.finalize()
        return [passes]


class _Part(CPUDispatcher):
    """A part; called from Python it gets a caller of its own."""

    exact = False

    @cached_property
    def _whole(self) -> Any:
        part = self

        @njit(**OPTIONS)
        def call(*arguments):
            return part(*arguments)

        return call

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Return the signature for arguments of these types, whatever is known of their values unless that is asked."""
        if self.exact:
            return super().get_call_template(args, kws)
        return super().get_call_template([types.unliteral(one) for one in args], kws)

    def add_overload(self, cres: Any) -> None:
        """Keep what has been lowered for callers: there is nothing that Python could call."""
        self.overloads[tuple(cres.signature.args)] = cres

    def __call__(self, *arguments: Any) -> Any:
        """Run it as Python would."""
        return self._whole(*arguments)


def inner(function: Callable[..., Any], **options: Any) -> Any:
    """Let a function be compiled with every function that calls it.

    Parameters
    ----------
    function
        Written for numba.
    options
        Of numba's, in place of the engine's.
    """
    wanted = {"nopython": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True} | (options or OPTIONS)
    return _Part(function, targetoptions=wanted, pipeline_class=_Compiler)


def exact(function: Callable[..., Any]) -> Any:
    """Do the same, anew for every number that callers write out, so that loops over it can be."""
    made = inner(function)
    made.exact = True
    return made


def inlined(function: Callable[..., Any]) -> Any:
    """Let a function be written out, before it is compiled, wherever it is called."""
    return inner(function, inline="always", **OPTIONS)


def whole(function: Callable[..., Any]) -> Any:
    """Let a function be compiled and kept on disk with all that it calls."""
    return _kept(function)


def addressed(function: Callable[..., Any]) -> Any:
    """Do the same with a function that is called by its address alone, which nothing in Python can call."""
    return _kept(function, no_cpython_wrapper=True)


def _kept(function: Callable[..., Any], **options: Any) -> Any:
    """Compile and keep a function.

    numba looks at the file of the function alone to find out whether what it has kept still holds: the name says which
    state of all the engine's files it was made from.
    """
    function.__qualname__ += f"_{_sources()}"
    return njit(cache=True, no_cfunc_wrapper=True, **OPTIONS | options)(function)


@cache
def _sources() -> str:
    """Return a digest of the engine's source files."""
    found = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:16]


__all__ = ["OPTIONS", "addressed", "exact", "inlined", "inner", "whole"]
