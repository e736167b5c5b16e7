"""Compiled functions as kernels call them: no entry from Python, no machine code of their own, one version a type.

Numba gives every compiled function two entries from outside, makes machine code of it, and compiles it once more for
each constant that a caller writes into an argument. What is only ever inlined into a kernel needs none of this, and it
was half of the time that a first use takes. `callee` splits a compiled function in two: what kernels see is compiled
as a part and no more; what Python calls is compiled when Python calls it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numba
from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class _NoEnvironment:
    @staticmethod
    def set_env(name, environment) -> None:
        """Nothing to set: without machine code there is no place for it."""


class _PartLibrary(JITCodeLibrary):
    """Optimised code that waits to be linked into a caller."""

    @property
    def codegen(self):
        return _NoEnvironment

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return 0


class _PartCompiler(Compiler):
    """Numba's compiler, into a `_PartLibrary`."""

    def __init__(self, typingctx, targetctx, library, args, return_type, flags, locals):
        library = _PartLibrary(targetctx.codegen(), "part")
        super().__init__(typingctx, targetctx, library, args, return_type, flags, locals)


def callee(compiled: Callable, function: Callable, **options: Any) -> Callable:
    """Let kernels that call ``compiled`` see its ``function`` as a part of theirs, compiled with these options.

    ``parts`` of the result is what they see: Numba's dispatcher, with its ``signatures``.
    """
    parts = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, pipeline_class=_PartCompiler, **options)(
        function
    )

    def get_call_template(arguments, keywords):
        # a constant is inlined all the same; it is no reason for another version
        keywords = {name: types.unliteral(kind) for name, kind in keywords.items()}
        return parts.get_call_template([types.unliteral(kind) for kind in arguments], keywords)

    compiled.get_call_template, compiled.get_overload, compiled.parts = get_call_template, parts.get_overload, parts
    return compiled


def quickly(compiled: Callable) -> Callable:
    """Let ``compiled`` be compiled without looking for garbage: a compiler makes millions of objects that stay."""
    compile_ = compiled.compile

    def compile_without_collecting(signature):
        if not gc.isenabled():
            return compile_(signature)
        gc.disable()
        try:
            return compile_(signature)
        finally:
            gc.enable()

    compiled.compile = compile_without_collecting
    return compiled
