"""Other solvers on the twelve-state problem, each used as its documentation recommends for many subjects."""
