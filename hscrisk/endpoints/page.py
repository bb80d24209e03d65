"""What competes with what, as a table to read."""

from __future__ import annotations

from collections.abc import Iterable

from hscrisk.endpoints.endpoint import Endpoint


def render_competing(endpoints: Iterable[Endpoint]) -> str:
    """Return what competes with each endpoint and who is not asked for it, as Markdown.

    >>> from hscrisk.endpoints import load_endpoint
    >>> print(render_competing([load_endpoint("relapse")]).splitlines()[2])
    | relapse or progression | death | AA, SCD, TDT, IMD, other_nonmalignant |
    """
    lines = ["| endpoint | competing events | left out |", "|---|---|---|"]
    for endpoint in endpoints:
        competing = ", ".join(event.name for event in endpoint.competing) or "none"
        gone = "; ".join(", ".join(levels) for levels in endpoint.excluded.values())
        label = endpoint.label[:1].lower() + endpoint.label[1:]
        lines.append(f"| {label} | {competing} | {gone} |")
    return "\n".join(lines) + "\n"
