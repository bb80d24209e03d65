"""A drafted mapping as YAML: what is mapped, with its evidence, and what is left to decide."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from hscrisk.errors import InputOutputFailed
from hscrisk.ingest.column_profile import ColumnProfile
from hscrisk.ingest.draft import Draft
from hscrisk.ingest.guess import Guess
from hscrisk.ingest.mapping import load_mapping
from hscrisk.ingest.yaml_text import printable, quoted
from hscrisk.places import require_outside
from hscrisk.schema import load_contract
from hscrisk.schema.values import parse_number

SMALL = 5
"""A code met by fewer rows is named without its count."""
_HEAD = (
    "It loads as it stands, and maps only what needed no decision. Every line that begins with",
    "'#   ' is a guess or a question for you: decide, then take the mark away.",
    "docs/mapping.md says how; docs/fields.md names every field.",
    f"How many rows have a code is told from {SMALL} on.",
)
_CLOSING = (
    "To decide before any outcome is used:",
    "- Is 1 the event in every status? Some files turn it round.",
    "- Whom do the rows stand for? Where all are alike, as transplant_type: {constant: allogeneic}",
    "  under fields; the endpoints of GVHD need it.",
    "- Which thresholds and gradings hold (neutrophil_threshold, platelet_threshold,",
    "  acute_gvhd_grading, ...)?",
    "- To which day was followed who did not have an event (follow_up, followed_to)?",
    "- Are days real, or imputed (dates_usable_from)?",
    "- Are the last years followed long enough (immature_years)?",
    "- Is a code such as 99 really missing? It may be a code in one column and a day in another.",
)
_DWO = " (death without the event? see 'cases' in docs/mapping.md)"


def draft_text(draft: Draft) -> str:
    """Return the draft as the text of a mapping file that `load_mapping` takes."""
    return "\n".join(_lines(draft)) + "\n"


def write_draft(draft: Draft, path: str | Path) -> Path:
    """Write the draft to a new file and return where it is.

    Raises
    ------
    InputOutputFailed
        When the file exists (it may hold decisions), or cannot be written.
    InvalidConfiguration
        When it would lie in a bundle.
    """
    require_outside(path)
    out = Path(path)
    if out.exists():
        mend = "Name another file; a mapping that somebody worked on is never written over."
        raise InputOutputFailed(f"{out.name} exists", mend=mend)
    temporary = out.with_name(f".{out.stem}.{secrets.token_hex(6)}.yaml")
    try:
        temporary.write_text(draft_text(draft), encoding="utf-8", newline="\n")
        load_mapping(temporary)  # a draft that cannot be loaded is worth nothing
        os.link(temporary, out)
    except FileExistsError as error:
        raise InputOutputFailed(f"{out.name} exists", mend="Name another file.") from error
    except OSError as error:
        rule = f"{out.name} cannot be written"
        raise InputOutputFailed(rule, mend="Check the folder and its rights.") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return out


def _lines(draft: Draft) -> Iterator[str]:
    sure = sum(guess.is_sure for guess in draft.guesses)
    yield f"# A first mapping, drafted from {draft.n:,} rows and {len(draft.columns)} columns."
    yield from (f"# {line}" for line in _HEAD)
    yield "#"
    yield f"# Mapped: {sure} fields. To be decided: {len(draft.guesses) - sure} fields."
    yield f"# Columns without a guess: {len(draft.left_over)}."
    yield f"registry: {quoted(draft.registry)}"
    if draft.separator != ",":
        yield f"separator: {quoted(draft.separator)}"
    if draft.decimal == ",":
        yield 'decimal: ","     # every number with a decimal mark has a comma'
    if draft.date_format is not None:
        yield f"date_format: {quoted(draft.date_format)}     # as most columns of dates are written"
    yield "# extraction_date: 2024-06-30     # to decide: the day on which the data were taken"
    words = sorted({w for column in draft.columns.values() for w in column.missing_words})
    if words:
        listed = ", ".join(map(quoted, words))
        yield f"missing: [{listed}]     # met in the file; an empty cell is missing always"
    yield ""
    yield "fields:"
    yield from _identity(draft)
    contract, heading = load_contract(), ""
    for guess in draft.guesses:
        if guess.field == "transplant_id":
            continue
        if contract[guess.field].section != heading:
            heading = contract[guess.field].section
            yield f"  # -- {heading}"
        yield from _field(guess, draft)
    yield from _left(draft)
    yield ""
    yield "definitions:"
    yield "  follow_up: overall     # to decide: overall, per_endpoint or recorded"
    yield from (f"#   {line}" for line in _CLOSING)


def _identity(draft: Draft) -> Iterator[str]:
    found = next((g for g in draft.guesses if g.field == "transplant_id" and g.is_sure), None)
    if found is None:
        yield "  transplant_id: {row_number: true}     # to decide: no column names every row"
        return
    yield f"  # {printable(found.column)}: {found.fit.evidence}"
    yield f"  transplant_id: {quoted(found.column)}"
    if not any(guess.field == "patient_id" for guess in draft.guesses):
        asked = "to decide: has nobody two transplants here?"
        yield f"  patient_id: {quoted(found.column)}     # {asked}"


def _field(guess: Guess, draft: Draft) -> Iterator[str]:
    column, field = draft.columns[guess.column], load_contract()[guess.field]
    why = f"named like '{guess.alias}'; {guess.fit.evidence}".rstrip("; ")
    met = _met(column)
    others = draft.others.get(guess.field, ())
    if guess.is_sure:
        yield f"  # {printable(guess.column)}: {printable(why, 300)}"
        if met and field.is_categorical:
            yield f"  # met: {met}"
        yield f"  {guess.field}: {{{_source(guess, column, draft)}}}"
    else:
        yield f"  #   {field.label}: to decide ({guess.score:.2f})"
        yield f"  #   {printable(guess.column)}: {printable(why, 300)}"
        if met:
            yield f"  #   met: {met}"
        if field.levels:
            yield f"  #   levels: {', '.join(field.levels)}"
        yield f"  #   {guess.field}: {{{_source(guess, column, draft)}}}"
    if others:
        yield f"  #   or from: {', '.join(map(printable, others))}"


def _source(guess: Guess, column: ColumnProfile, draft: Draft) -> str:
    field, fit = load_contract()[guess.field], guess.fit
    parts = {} if "cases" in fit.parts else {"column": quoted(guess.column)}
    parts |= fit.parts
    if "cases" in parts:
        return _flow(parts)
    never = fit.codes is not None and set(fit.codes) <= set(column.missing_codes)
    if fit.unit:
        parts["unit"] = quoted(fit.unit)
    if column.dates is not None and column.dates.form != draft.date_format:
        parts["date_format"] = quoted(column.dates.form)
    if column.decimal == "," != draft.decimal and field.is_numeric and fit.codes is None:
        parts["decimal"] = '","'
    codes, missing = _codes(guess, column)
    if codes is not None:
        told = codes if not never else dict(fit.codes or {})
        said = (f"{quoted(c)}: {m if m == '?' else quoted(m)}" for c, m in told.items())
        parts["codes"] = f"{{{', '.join(said)}}}"
    if never:
        parts["otherwise"] = "1"
    elif missing:
        parts["missing"] = f"[{', '.join(map(quoted, missing))}]"
    return _flow(parts)


def _flow(parts: Mapping[str, str]) -> str:
    return ", ".join(f"{key}: {said}" for key, said in parts.items())


def _codes(guess: Guess, column: ColumnProfile) -> tuple[dict[str, str] | None, tuple[str, ...]]:
    """Return the codes to tell, None where numbers are numbers, and those that mean 'missing'."""
    field, fit = load_contract()[guess.field], guess.fit
    missing = (*column.missing_codes, *(c for c in column.unknown if c not in (fit.codes or {})))
    if fit.codes is None and not field.is_categorical:
        return None, missing
    listed = dict.fromkeys(column.real_codes, "?") | (fit.codes or {})
    if any(level.startswith(("other", "unknown")) for level in field.levels):
        # 88 may be 'other' as well as 'missing': here it is asked.
        listed |= dict.fromkeys(column.missing_codes, "?")
        missing = tuple(c for c in missing if c not in column.missing_codes)
    return listed, missing


def _met(column: ColumnProfile) -> str:
    """Return the codes of a column; of free text, or where most are rare, only how many."""
    if not column.is_coded:
        return ""
    common = sum(n for n in column.codes.values() if n >= SMALL)
    wordy = any(parse_number(code) is None for code in column.codes)
    if wordy and common < 0.5 * column.n_filled:
        return f"{column.n_distinct} different texts, not listed here"
    return ", ".join(
        f"{printable(code)} ({n:,})" if n >= SMALL else f"{printable(code)} (<{SMALL})"
        for code, n in column.codes.items()
    )


def _left(draft: Draft) -> Iterator[str]:
    if not draft.left_over:
        return
    yield ""
    yield "# Columns without a guess. Map them, or list them under 'ignore:'."
    for name in draft.left_over:
        column = draft.columns[name]
        said = column.dates.words if column.dates else ""
        said = said or _met(column) or f"{column.n_distinct:,} different values"
        if column.n_filled == 0:
            said = "empty"
        hint = (
            " (death without the event? see 'cases' in docs/mapping.md)"
            if name.startswith("dwo")
            else ""
        )
        yield f"#   {printable(name)}: {said}{hint}"
