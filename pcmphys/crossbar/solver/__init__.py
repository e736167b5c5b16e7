"""The exact solution of the wires, from ladders up.

- `ends`, `lines`: from bias and wires to networks; the recursions along word and bit lines under every solve
- `linear` with `two_grid`, `coarse`, `conjugate_gradient`: linear cells, one input; `sharing` among threads
- `batch` with `side_by_side` and `woven`, `polynomial`, `richardson`: linear cells, many inputs
- `newton` with `cells`, `beginning`, `merging`, `open_lines`, `loose`: cells of any monotone law; lines that hardly
  anything holds
- `recalled`: physical devices by a few points of each one's I-V
- `states`: threshold switches, on or off
- `measure`: terminal currents, and Kirchhoff's laws as the residual of every answer

Not modelled: capacitance and inductance; an answer is the settled one.
"""
