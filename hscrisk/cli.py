"""The command line: parse, call, print. Rooms are imported inside the commands, so help is quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hscrisk._version import __version__
from hscrisk.errors import HscriskError

app = typer.Typer(
    name="hscrisk",
    help="Predict engraftment and GVHD after stem cell transplantation, with reasons and limits. "
    "Research decision support, not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"hscrisk {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Predict engraftment and GVHD after stem cell transplantation."""


@app.command()
def card(
    bundle: Annotated[Path, typer.Argument(help="Folder of the bundle.")],
    endpoint: Annotated[
        str | None, typer.Option(help="One endpoint; all of the bundle's by default.")
    ] = None,
) -> None:
    """Print the model card of each endpoint of a bundle, or of one."""
    from hscrisk.bundle import load_bundle
    from hscrisk.bundle.card import facts_of, render_model_card

    loaded = load_bundle(bundle)
    names = [endpoint] if endpoint else list(loaded.endpoints)
    typer.echo("\n---\n\n".join(render_model_card(facts_of(loaded, name)) for name in names))


def main() -> None:
    """Run the command line; an error of ours is one clear line and a meaningful exit code."""
    try:
        app()
    except HscriskError as error:
        typer.echo(f"hscrisk: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
