"""REPORT.md and the summary in the README."""

from __future__ import annotations

import pathlib
import re

from validation.bench.measure import amount
from validation.result import NOT_CHECKABLE, STANDINGS, Result
from validation.runner import HERE, Outcome, stale

BEGIN, END = "<!-- validation:begin -->", "<!-- validation:end -->"


def report(outcomes: list[Outcome], bench: dict | None, *, full: bool) -> str:
    """Write up a run as Markdown, without dates."""
    scope = (
        "Written whole by a full run of `python -m validation`."
        if full
        else "Written by a quick or partial run (smaller sizes, or not all cases); the full one: validation/REPORT.md."
    )
    lines = [
        "# What pcmphys was held against",
        "",
        f"{scope} Every row: what was compared, the number found, its reference, how close it had to come, and what "
        "kind of reference that is. A row outside its tolerance is a MISS and fails the run; a known one says why.",
        "",
        *_summary_table(outcomes),
        "",
    ]
    for outcome in outcomes:
        lines += _case(outcome, figure=full)
    lines += ["## Speed and memory", "", *_bench(bench), ""]
    lines += _standings(outcomes)
    return "\n".join(lines).rstrip() + "\n"


def _summary_table(outcomes: list[Outcome]) -> list[str]:
    lines = ["| case | inside tolerance | standing |", "|---|---|---|"]
    for outcome in outcomes:
        judged = [r for r in outcome.results if r.standing != NOT_CHECKABLE]
        found = f"{sum(r.passed for r in judged)} of {len(judged)}" if outcome.complete else outcome.not_run
        known = sum(outcome.standing(r) == "MISS (known)" for r in judged)
        found += f" ({known} known miss{'es' if known > 1 else ''})" if known else ""
        kinds = ", ".join(kind for kind in STANDINGS if any(r.standing == kind for r in outcome.results))
        lines.append(f"| {outcome.title} | {found} | {kinds} |")
    return lines


def _case(outcome: Outcome, *, figure: bool) -> list[str]:
    lines = [f"## {outcome.title}", ""]
    if not outcome.complete:
        return [*lines, f"**{outcome.not_run}**", ""]
    lines += ["| quantity | value | reference | tolerance | standing | |", "|---|---:|---|---|---|---|"]
    lines += [_row(outcome, result) for result in outcome.results]
    lines.append("")
    for result in outcome.unmet:
        reason = outcome.known_misses.get(result.quantity)
        if reason:
            lines += [_escape(f"*Known miss*: {result.quantity}: {reason}."), ""]
    lines += [f"*Note*: {line}." for line in stale(outcome)]
    if outcome.notes:
        lines += [_escape(outcome.notes), ""]
    if figure and (HERE / outcome.name / "figure.png").is_file():
        lines += [f"![{outcome.title}]({outcome.name}/figure.png)", ""]
    return lines


def _row(outcome: Outcome, result: Result) -> str:
    verdict = outcome.standing(result)
    verdict = verdict if result.passed else f"**{verdict}**"
    cells = (
        result.quantity,
        f"{result.value:.3g}",
        result.reference,
        result.tolerance,
        result.standing,
        verdict,
    )
    return "| " + " | ".join(_escape(cell) for cell in cells) + " |"


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<=", "≤").replace("+-", "±").replace("^", "\\^").replace("_", "\\_")


def _bench(bench: dict | None) -> list[str]:
    if not bench:
        return ["Not run."]
    lines = [bench["machine"], ""]
    if bench.get("carried_over"):
        lines += ["*Carried over from an earlier full run; not measured in this one.*", ""]
    lines += ["| measurement | found | required | | distance to the floor | note |", "|---|---:|---|---|---:|---|"]
    for row in bench["rows"]:
        verdict = {True: "pass", False: "**MISS**", None: ""}[row["passed"]]
        found = amount(row["measured"], row["unit"])
        floor = "" if row.get("floor") is None else f"{row['floor']:.2f}"
        lines.append(f"| {row['name']} | {found} | {row['required']} | {verdict} | {floor} | {row['note']} |")
    lines += [
        "",
        "Ratios are taken between medians of alternated runs in one process. They do not decide over the run. Distance "
        "to the floor: the time over that of what the work cannot be done without, measured in the same run: random "
        "numbers, exponentials and memory of a device; one sweep along all lines for each iteration or input; one I-V "
        "of each physical device; the pulses and reads themselves.",
    ]
    return lines


def _standings(outcomes: list[Outcome]) -> list[str]:
    lines = ["## What these lines are worth", ""]
    for kind, meaning in STANDINGS.items():
        held = [(o, r) for o in outcomes for r in o.results if r.standing == kind]
        if not held:
            continue
        unmet = sum(not r.passed for _, r in held)
        count = f"{len(held)} line{'s' if len(held) > 1 else ''}" + (f", {unmet} missed" if unmet else "")
        where = ", ".join(dict.fromkeys(o.name for o, _ in held))
        lines.append(f"- **{kind}** ({count}; {where}): {meaning}.")
    return [*lines, "", *_LIMITS]


_LIMITS = [
    "In plain words:",
    "",
    "- *Measured data* are few: eight drift traces and the spread and drift statistics of one 90 nm technology, all "
    "digitised from printed figures. Nothing was measured at 14 nm that could be reached.",
    "- The statistical cells *are* the published fits: that they reproduce them shows that the code is right, not that "
    "the fits are. How far the 90 nm fits lie from their own measurements is a line of its own.",
    "- The published spread of the drift exponent was extracted from noisy reads. A statistical cell draws that spread "
    "and adds the read noise, as its authors do, so part of the noise counts twice wherever exponents are fitted to "
    "its reads.",
    "- The sources publish the variance of the read noise at one time. That reads of one device are correlated as 1/f "
    "noise is our reading of the published spectrum: checked against its formula, not against data.",
    "- The crossbar solver is held against other solvers of the same circuit. That the circuit (ohmic cells, wires as "
    "resistors, no capacitance) describes a chip is not checked by any line here.",
    "- Not checkable with what is published: amplitudes of telegraph noise, how the measured exponents were averaged, "
    "the split of the spread between devices and cycles, the read noise of the 90 nm cell point by point. Published as "
    "shapes, without digits at hand: drift of the threshold from 25 to 185 C, spread of retention over cells and "
    "cycles, resistance and threshold against temperature, recovery after the on-state.",
    "- Of many papers behind the cases of on-state, threshold, conduction and growth only abstracts and captions were "
    "seen: the references of the lines say so. They are of other devices than the 90 nm array, and of each other.",
]


def readme_block(outcomes: list[Outcome], bench: dict | None) -> str:
    """Build the short table for the README, with its markers."""
    lines = [BEGIN, *_summary_table(outcomes)]
    required = [row for row in (bench or {}).get("rows", []) if row["passed"] is not None]
    if required:
        lines += ["", "| speed and memory | found | required |", "|---|---:|---|"]
        for row in required:
            mark = "" if row["passed"] else " (missed)"
            lines.append(f"| {row['name']} | {amount(row['measured'], row['unit'])}{mark} | {row['required']} |")
    return "\n".join([*lines, END])


def with_block(readme: pathlib.Path, block: str) -> str | None:
    """Text of the README with its block replaced; None where the markers are missing."""
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    pattern = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.DOTALL)
    if not pattern.search(text):
        return None
    return pattern.sub(lambda _: block, text, count=1)
