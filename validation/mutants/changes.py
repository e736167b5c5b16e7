"""The mistakes, by room: what stands in the package, what is put in its place, the tests that should notice."""

from __future__ import annotations

from typing import NamedTuple


class Change(NamedTuple):
    """One mistake.

    Attributes
    ----------
    file : str
        Below pcmphys/.
    old, new : str
        Text that occurs exactly once in the file, and what replaces it.
    tests : str
        Files of tests below tests/, separated by blanks; the doctests of the file itself are run as well.
    excuse : str
        Why no test need notice; empty for a change that one must.
    """

    file: str
    old: str
    new: str
    tests: str
    excuse: str = ""


CHANGES = [
    # numerics: elementary functions, random numbers, checks, moments, threads, kernels on disk
    Change("numerics/elementary.py", "1.0 / 17.0 + z * p", "1.0 / 18.0 + z * p", "numerics/test_elementary.py"),
    Change("numerics/elementary.py", "s = _S3 + z * s", "s = _S3 - z * s", "numerics/test_elementary.py"),
    Change("numerics/random.py", "k0, k1, U64(4))", "k0, k1, U64(5))", "numerics/test_random.py"),
    Change("numerics/random.py", "        cell >> half,\n", "        U64(0),\n", "numerics/test_random.py"),
    Change("numerics/random.py", "math.lgamma(k + 1.0)", "math.lgamma(k + 1.2)", "numerics/test_random.py"),
    Change("numerics/check.py", "not (steps > 0).all():", "not (steps >= 0).all():", "numerics/test_check.py"),
    Change("numerics/moment.py", "_sum(total, self.rest + lost)", "_sum(total, lost)",
           "cells/mushroom/test_clock.py cells/statistical/test_devices.py"),
    Change("numerics/compile.py", "raise failed[min(failed)]", "raise failed[max(failed)]", "numerics/test_compile.py"),
    Change("numerics/cache.py", "        waiting |= new", "        waiting |= set()", "numerics/test_cache.py"),
    # physics: laws
    Change("physics/geometry.py", "min(max(SECTORS * share, 0.0), 1.0)", "max(SECTORS * share, 0.0)",
           "physics/test_geometry.py"),
    Change("physics/heat.py", "exp(p.crowding * log(", "exp(log(", "physics/test_heat.py"),
    Change("physics/heat.py", "drop * inside * inside", "drop * inside", "physics/test_heat.py"),
    Change("physics/thermal/network.py", "made[:-1] += half", "made[:-1] += 2.0 * half", "physics/test_thermal.py"),
    Change("physics/thermal/network.py", "molten, glassy), p.dome", "molten, glassy), p.crystal",
           "physics/test_thermal.py"),
    Change("physics/thermal/shape.py", "(inner - level) / (inner - outer)", "(inner - level) / inner",
           "physics/test_thermal.py"),
    Change("physics/thermal/shape.py", "b[k] + x * (d[k] - b[k])", "b[k]", "physics/test_thermal.py"),
    Change("cells/mushroom/heated.py", "return step, rate, free == 0", "return step, rate, True",
           "cells/mushroom/test_twin.py"),
    Change("physics/switching.py", "max(log_drift, 0.0)", "log_drift", "physics/test_switching.py"),
    Change("physics/relaxation.py", "left - forth * (less / towards)", "left + forth * (less / towards)",
           "physics/test_relaxation.py"),
    Change("physics/relaxation.py", "return left, -rest * less", "return 1.0, -rest * less",
           "physics/test_relaxation.py"),
    Change("physics/liner.py", "outer * outer - inner * inner", "outer * outer", "physics/test_liner.py"),
    Change("physics/flicker.py", "np.exp(-2.0 * rate * duration)", "np.exp(-rate * duration)",
           "physics/test_flicker.py"),
    Change("physics/conduction/laws.py", "else 2.0 * a * c / (root - b)", "else 0.25 * (b + root)",
           "physics/test_conduction.py"),
    Change("physics/crystallization/viscosity.py", "p.glass_activation / BOLTZMANN", "p.glass_activation",
           "physics/test_viscosity.py"),
    Change("physics/crystallization/rates.py", "critical ** (2.0 / 3.0)", "critical ** (1.0 / 3.0)",
           "physics/test_crystallization.py"),
    Change("physics/telegraph/laws.py", "exp(-p.crowding * log(path))", "exp(p.crowding * log(path))",
           "physics/test_telegraph.py"),
    # physics: what kernels are made of
    Change("physics/dome.py", "inverse = (a + b) + (c + d)", "inverse = 2.0 * (a + b)",
           "cells/mushroom/test_switching.py"),
    Change("physics/conduction/structure.py", "chalcogenide * film * b * inverse + rung",
           "chalcogenide * film * b * inverse", "cells/mushroom/test_twin.py"),
    Change("physics/conduction/solve.py", "edge_conductance * closed / (SECTORS * dome_activated)",
           "edge_conductance * closed / SECTORS", "cells/mushroom/test_current.py cells/mushroom/test_twin.py"),
    Change("physics/crystallization/pulse.py", "p.heat.melt_limit * span", "span", "cells/mushroom/test_melt.py"),
    Change("physics/crystallization/nuclei.py", "_keep(grain[s], count[s], 0.0, radius + rim[s])",
           "_keep(grain[s], count[s], 0.0, np.inf)", "cells/mushroom/test_twin.py"),
    Change("physics/crystallization/anneal.py", "speed * (duration - kept_of[s, _BORN + k])", "speed * duration",
           "cells/mushroom/test_disturb.py"),
    Change("physics/telegraph/traps.py", "lag[i] += duration", "lag[i] = duration",
           "cells/mushroom/test_disturb.py"),
    Change("physics/telegraph/traps.py", "hazard[place[trap] + now]", "hazard[place[trap] + was]",
           "cells/mushroom/test_traps.py"),
    # cells: pulses, clocks, reads, draws
    Change("cells/mushroom/drive.py", "(rise - target) * steps[j, HALF_DECAY]", "(rise - target) * steps[j, DECAY]",
           "cells/mushroom/test_twin.py"),
    Change("cells/mushroom/glass.py", "state.age[i, s] = fresh", "pass", "cells/mushroom/test_twin.py"),
    Change("cells/mushroom/glass.py", "p.seen_order if lived", "p.initial if lived", "cells/mushroom/test_twin.py"),
    Change("cells/mushroom/draws.py", "deviate[0, s], deviate[1, s] = dome, films",
           "deviate[0, s], deviate[1, s] = dome, dome", "cells/mushroom/test_twin.py"),
    Change("physics/telegraph/traps.py", "(U64(bits) & ~there)", "(U64(0) & ~there)", "cells/mushroom/test_twin.py"),
    Change("cells/mushroom/clock.py", "(self._pending[0] + duration, temperature)", "(duration, temperature)",
           "cells/mushroom/test_clock.py"),
    Change("cells/mushroom/clock.py", "self._looks.append(self._trap_now)", "self._looks.append(Moment())",
           "cells/mushroom/test_clock.py cells/mushroom/test_traps.py"),
    Change("cells/mushroom/devices.py", "self._live_through(pulse.duration, warmed)",
           "self._live_through(0.5 * pulse.duration, warmed)", "crossbar/analysis/test_writing.py"),
    Change("cells/statistical/kernels.py", "byte_table[768 + (up >> 24)] - byte_table[768 + (down >> 24)]",
           "byte_table[768 + (up >> 24)]", "cells/statistical/test_devices.py"),
    Change("cells/statistical/devices.py", "self._now.after(-duration)", "self._now",
           "cells/statistical/test_devices.py"),
    Change("cells/film.py", "3.0 * step * second", "2.0 * step * second", "cells/test_film.py"),
    # programming
    Change("programming/closed_loop.py", "amplitude[fresh] = first[fresh]", "amplitude[fresh] = amplitude[fresh]",
           "programming/test_scheme.py"),
    Change("programming/pulse.py", "(np.cumsum(cuts) - 0.5 * cuts) / length", "np.cumsum(cuts) / length",
           "programming/test_pulse.py"),
    # crossbar: solver and residual, selectors, analysis
    Change("crossbar/solver/measure.py", "size = abs(difference)", "size = difference",
           "crossbar/solver/test_measure.py"),
    Change("crossbar/solver/measure.py", "wire * moment + end * cells", "wire * moment",
           "crossbar/solver/test_measure.py"),
    Change("crossbar/solver/lines.py", "wire, rise = neighbours(line[WIRE], first, last)",
           "wire, rise = neighbours(line[WIRE], first, first)", "crossbar/solver/test_linear.py"),
    Change("crossbar/solver/coarse.py", "out[WIRE] = apart / _shared", "out[WIRE] = 1.0 / _shared",
           "crossbar/solver/test_two_grid.py"),
    Change("crossbar/solver/side_by_side.py", "x1 - x2 - wire * sums", "x0 - x2 - wire * sums",
           "crossbar/solver/test_side_by_side.py"),
    Change("crossbar/solver/recalled.py", "ratio * (3.0 - 2.0 * t)", "ratio * (3.0 - t)",
           "crossbar/solver/test_recalled.py"),
    Change("crossbar/solver/beginning.py", "together**2 * ends.row_wire", "together * ends.row_wire",
           "crossbar/solver/test_beginning.py"),
    Change("crossbar/solver/beginning.py", "together * ends.column_wire", "ends.column_wire",
           "crossbar/solver/test_beginning.py"),
    Change("crossbar/solver/merging.py", "lean = 0.5 * cube", "lean = 0.4 * cube", "crossbar/solver/test_merging.py"),
    Change("crossbar/solver/newton.py", "float(np.maximum(residual, voltage_law))", "float(residual)",
           "crossbar/solver/test_measure.py"),
    Change("crossbar/solver/states.py", "excess.max(axis=(0, 1))) & (", "excess.max(axis=(0, 1))) | (",
           "crossbar/solver/test_states.py"),
    Change("crossbar/solver/ends.py", "far_open = far_open | short", "far_open = far_open",
           "crossbar/test_bias.py"),
    Change("crossbar/solver/loose.py", "of_columns[j] += lost[j]", "of_columns[j] += 0.0",
           "crossbar/solver/test_loose.py crossbar/solver/test_open_lines.py"),
    Change("crossbar/selectors/diode.py", "m += e * (step + 0.5 * step * step)", "m += e * 0.0",
           "crossbar/selectors/test_series.py"),
    Change("crossbar/selectors/ots.py", "g * (size - p.hold_voltage) > p.hold_leakage",
           "size > p.hold_voltage", "crossbar/selectors/test_series.py"),
    Change("crossbar/selectors/transistor.py", "p.modulation * abs(flat)", "p.modulation * flat",
           "crossbar/selectors/test_laws.py"),
    Change("crossbar/analysis/noise.py", "(1.0 - fano) * thermal", "thermal", "crossbar/analysis/test_noise.py"),
    Change("crossbar/analysis/margins.py", "np.abs(device[others]).max()", "device[others].max()",
           "crossbar/analysis/test_margins.py"),
    # matrix: mapping, converters, compensation
    Change("matrix/mapping/split.py", "rest - significance[k])", "rest - 1.0)",
           "matrix/test_several_pairs.py"),
    Change("matrix/mapping/search.py", "factor**2 * variance", "abs(factor) * variance", "matrix/test_optimise.py"),
    Change("matrix/periphery.py", "1.0 + 0.5 / steps", "1.0", "matrix/test_periphery.py"),
    Change("matrix/compensation.py", "(measured * measured).sum()", "(expected * expected).sum()",
           "matrix/test_analog_matrix.py"),
    # fit and readers
    Change("fit/drift/kernels.py", " + math.log(information))", ")", "fit/drift/test_noise.py"),
    Change("fit/drift/sweep.py", "gain[k, m] = loading * left", "gain[k, m] = left", "fit/drift/test_noise.py"),
    Change("fit/drift/noise.py", "chance = np.exp(np.array(totals) - max(totals))", "chance = np.ones(len(totals))",
           "fit/drift/test_coverage.py"),
    Change("fit/drift/kernels.py", "i] - reads.delay[d]", "i]", "fit/drift/test_delay.py"),
    Change("fit/drift/spread.py", "max(float(part.mean()), 0.0)", "max(total, 0.0)", "fit/drift/test_spread.py"),
    Change("fit/readers/policies.py", "zero = self.reads.value == 0.0", "zero = self.reads.value < 0.0",
           "fit/readers/test_bad_files.py"),
    # export, study
    Change("export/ngspice.py", "b{i - 1}_{j} b{i}_{j} {ohm!r}", "b{i - 1}_{j} b{i}_{j} {2 * ohm!r}",
           "export/test_ngspice.py"),
    Change("study/network/chip.py", "left = time - (matrix.time - start)", "left = time",
           "study/network/test_chip.py"),
]  # fmt: skip
"""Kept aligned by hand, a row or two each."""
