"""The contract as a page to read."""

from __future__ import annotations

from hscrisk.schema.fields import Contract, Field

_HEAD = """# Fields

Written from `hscrisk/schema/dictionary` (version {version}) by `make docs`; do not edit it here.

The transplant is the unit: one row each. Times are whole days from infusion, ages years, cell
doses per kg of the patient. A value outside the usual range is doubted (soft); outside the limits,
or none of the levels, it quarantines the record (hard). An outcome's status is 0 (followed without
it), 1 (event), 2 (death without it) or 3 (another competing event); its day is the day of that, for
0 the last day followed.
"""
_COLUMNS = ("field", "what it is", "type", "usual range (limits)", "known", "for")


def render_fields(contract: Contract) -> str:
    """Return every field of the contract as Markdown tables, one a section."""
    parts = [_HEAD.format(version=contract.version)]
    for title in dict.fromkeys(field.section for field in contract.values()):
        rows = [_row(field) for field in contract.values() if field.section == title]
        head = f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}"
        parts.append("\n".join([f"## {title}\n", head, *rows, ""]))
    return "\n".join(parts)


def _row(field: Field) -> str:
    cells = (
        f"`{field.name}`",
        f"{field.label[:1].upper()}{field.label[1:]}. {field.description}".strip(),
        _type(field),
        _range(field),
        field.when.replace("_", " "),
        field.population.replace("_", " "),
    )
    return f"| {' | '.join(' '.join(cell.split()) for cell in cells)} |"


def _type(field: Field) -> str:
    if field.levels:
        return ", ".join(f"`{level}`" for level in field.levels)
    return f"{field.kind}, {field.unit}" if field.unit else field.kind


def _range(field: Field) -> str:
    usual = f"{field.plausible[0]:g}–{field.plausible[1]:g}" if field.plausible else ""
    limits = f"({field.hard[0]:g}–{field.hard[1]:g})" if field.hard else ""
    return f"{usual} {limits}".strip()
