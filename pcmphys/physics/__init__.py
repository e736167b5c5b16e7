"""One effect a file or folder: its parameters, its laws, and the kernels that step it."""
