"""How the engine is compiled: a few functions each as a whole, the others as parts of those that call them.

numba optimises every function in a module of its own together with all that it calls, translates it to machine code
and keeps that on disk, although nobody but its callers ever runs it: with functions ten deep the same code is optimised
ten times. A part is lowered and no more; whoever calls it takes its code in and optimises all of it once.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from numba import njit
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NativeLowering

OPTIONS = {"_nrt": False, "nogil": True, "error_model": "numpy", "fastmath": {"contract"}}


class _Library(JITCodeLibrary):
    """Code of a part, as it was lowered."""

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
        state.flags.no_compile = True
        super().run_pass(state)
        lowered = state["cr"]
        name = lowered.fndesc.mangled_name
        state["cr"] = lowered._replace(cfunc=name)
        state.targetctx.insert_user_function(name, lowered.fndesc, [state.library])
        return True


class _Compiler(CompilerBase):
    """numba's compiler up to lowering."""

    def define_pipelines(self) -> list[Any]:
        """Return what is done, one after the other."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [(_Lowering if one is NativeLowering else one, what) for one, what in passes.passes]
        passes._finalized = False  # noqa: SLF001
        passes.finalize()
        return [passes]


class _Part(CPUDispatcher):
    """A part; called from Python it gets a caller of its own."""

    @cached_property
    def _whole(self) -> Any:
        part = self

        @njit(**OPTIONS)
        def call(*arguments):
            return part(*arguments)

        return call

    def add_overload(self, cres: Any) -> None:
        """Keep what has been lowered for callers: there is nothing that Python could call."""
        self.overloads[tuple(cres.signature.args)] = cres

    def __call__(self, *arguments: Any) -> Any:
        """Run it as Python would."""
        return self._whole(*arguments)


def inner(function: Callable[..., Any]) -> Any:
    """Let a function be compiled with every function that calls it."""
    return _made(function, "never")


def inlined(function: Callable[..., Any]) -> Any:
    """Let a function be written out, before it is compiled, wherever it is called."""
    return _made(function, "always")


def _made(function: Callable[..., Any], inline: str) -> Any:
    options = OPTIONS | {"nopython": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "inline": inline}
    return _Part(function, targetoptions=options, pipeline_class=_Compiler)


whole = njit(cache=True, **OPTIONS)
"""Let a function be compiled and kept on disk with all that it calls."""

__all__ = ["OPTIONS", "inlined", "inner", "whole"]
