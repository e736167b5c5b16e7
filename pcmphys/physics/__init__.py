"""One effect a file or folder: its parameters, its laws, and the kernels that step it.

A file of one effect begins with what it models, what it does not, and where it comes from; numbers stand in the
parameter files of the cells, each with its source or marked as assumed. `state` holds what a mushroom device is: the
arrays that the kernels of all effects share. No file here knows of checks, parameter files or classes of devices.
"""
