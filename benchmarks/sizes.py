"""What an installation weighs: packages and megabytes of the core and of every extra.

Read from the metadata of the installed packages, so it needs no network:
`python -m benchmarks.sizes`.
"""

from __future__ import annotations

from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement


def reachable(extra: str) -> set[str]:
    """Return the names of the installed packages that hscrisk with `extra` pulls in."""
    seen: set[tuple[str, str]] = set()
    todo = [("hscrisk", extra), ("hscrisk", "")]
    while todo:
        name, wanted = todo.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        for line in distribution(name).requires or []:
            need = Requirement(line)
            if need.marker is not None and not need.marker.evaluate({"extra": wanted}):
                continue
            try:
                distribution(need.name)
            except PackageNotFoundError:
                continue
            todo += [(need.name, e) for e in ("", *need.extras)]
    return {name.lower().replace("_", "-") for name, _ in seen} - {"hscrisk"}


def megabytes(package: Distribution) -> float:
    """Return the size on disk of the files that a package installed."""
    paths = [package.locate_file(f) for f in package.files or []]
    return sum(p.stat().st_size for p in paths if p.is_file()) / 2**20  # type: ignore[attr-defined]


def main() -> None:
    """Print one line for the core and one for each extra."""
    core = reachable("")
    sizes = {name: megabytes(distribution(name)) for name in core}
    print(f"{'core':<8} {len(core):>3} packages {sum(sizes.values()):>6.0f} MB")
    for extra in ("explain", "train", "serve"):
        more = reachable(extra) - core
        weight = sum(megabytes(distribution(name)) for name in more)
        print(f"{extra:<8} {len(more):>3} more     {weight:>6.0f} MB")
    heaviest = sorted(sizes, key=lambda name: -sizes[name])[:4]
    print("heaviest in the core:", ", ".join(f"{n} {sizes[n]:.0f} MB" for n in heaviest))


if __name__ == "__main__":
    main()
