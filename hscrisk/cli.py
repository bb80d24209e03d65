"""The command line: parse, call, print. Rooms are imported inside commands, so help is quick."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hscrisk._version import __version__
from hscrisk.errors import HscriskError, told

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


@app.command()
def check(
    data: Annotated[
        str, typer.Argument(help="CSV, ARFF or Parquet file, folder of tables, or a cohort.")
    ],
    mapping: Annotated[
        str | None,
        typer.Option(help="How its columns map to ours: a shipped name, or a YAML file."),
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Field that divides the cohort; may be repeated.")
    ] = None,
    quarantine: Annotated[
        Path | None, typer.Option(help="Write the quarantined rows and reasons to this CSV.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Also write the report as one HTML page, fit to pass on.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check records: every violation, what is missing, and each endpoint's incidence."""
    from hscrisk.cohort import summarise
    from hscrisk.cohort.text import check_tables
    from hscrisk.datasets import data_file, mapping_of
    from hscrisk.ingest import read_records

    result = read_records(data_file(data), mapping or mapping_of(data))
    if quarantine is not None:
        result.write_quarantined(quarantine)
    read, summary = result.to_dict(), summarise(result.accepted, by=by).to_dict()
    if html is not None:
        from hscrisk.cohort.page import write_report

        write_report(html, read, summary)
    if as_json:
        typer.echo(json.dumps({"read": read, "summary": summary}, indent=2, allow_nan=False))
    else:
        from rich.console import Console

        console = Console(markup=False)
        if not console.is_terminal:
            console = Console(markup=False, width=110)  # a file has no width to keep to
        for part in check_tables(read, summary):
            console.print(part, highlight=False, soft_wrap=isinstance(part, str))
    if read["n_quarantined"]:
        raise typer.Exit(1)


datasets = typer.Typer(
    help="Cohorts that ship with the package, and public ones of other owners.",
    no_args_is_help=True,
)
app.add_typer(datasets, name="datasets")


@datasets.command("list")
def list_datasets() -> None:
    """List the cohorts that ship, and public ones of other owners with where they are."""
    from hscrisk.datasets import COHORTS, owned_cohorts
    from hscrisk.datasets.fetch import fetched_file

    for cohort in COHORTS.values():
        typer.echo(f"{cohort.name}  {cohort.title}; ships with the package")
    for name, owned in owned_cohorts().items():
        where = fetched_file(name) or f"not here yet: hscrisk datasets fetch {name}"
        typer.echo(f"{name}  {owned.title}; {where}")


@datasets.command("fetch")
def fetch_dataset(
    name: Annotated[str, typer.Argument(help="Name of the cohort.")],
    source: Annotated[
        Path | None, typer.Option("--from", help="The file that you got from its owner.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to keep it in; your data folder by default.")
    ] = None,
) -> None:
    """Say where a cohort's owner offers it, or check the file from there and keep it."""
    from hscrisk.datasets.fetch import fetch_cohort, how_to_fetch

    if source is None:
        typer.echo(how_to_fetch(name))
        typer.echo("Nothing is downloaded: the owner's address of the file is not known here.")
        return
    fetched = fetch_cohort(name, source, out)
    typer.echo(f"{fetched.path}: known by its {fetched.checked_by}")
    if fetched.warning:
        typer.echo(f"hscrisk: {fetched.warning}.", err=True)


@datasets.command("export")
def export_dataset(
    name: Annotated[str, typer.Argument(help="Name of the cohort.")],
    out: Annotated[Path, typer.Option(help="CSV file to write.")],
) -> None:
    """Write a bundled cohort as CSV; its mapping has the same name."""
    from hscrisk.datasets import export_cohort

    typer.echo(f"{export_cohort(name, out)}: hscrisk check {out} --mapping {name}")


mapping_app = typer.Typer(help="From your columns to ours.", no_args_is_help=True)
app.add_typer(mapping_app, name="mapping")


@mapping_app.command("draft")
def draft_mapping(
    data: Annotated[Path, typer.Argument(help="CSV or Parquet, one row a transplant.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Mapping file to write; it must not exist yet. Without it: the screen."),
    ] = None,
) -> None:
    """Write a first mapping for an unseen file: what was guessed, why, and what to decide."""
    from hscrisk.ingest.draft import draft_mapping as look
    from hscrisk.ingest.draft_text import draft_text, write_draft

    if out is None:
        typer.echo(draft_text(look(data, data.stem)), nl=False)
        return
    draft = look(data, out.stem)
    path = write_draft(draft, out)
    sure = sum(guess.is_sure for guess in draft.guesses)
    typer.echo(
        f"{path}: {sure} fields mapped, {len(draft.guesses) - sure} to be decided, "
        f"{len(draft.left_over)} columns without a guess"
    )
    typer.echo(f"Read and decide, then: hscrisk check {data} --mapping {path}")


prior_app = typer.Typer(
    help="What other registries know: share a summary, pool summaries, look at either.",
    no_args_is_help=True,
)
app.add_typer(prior_app, name="prior")


@prior_app.command("summarise")
def summarise_prior(
    data: Annotated[
        str, typer.Argument(help="CSV, ARFF or Parquet file, folder of tables, or a cohort.")
    ],
    out: Annotated[Path, typer.Option(help="JSON file to write: the only thing to be shared.")],
    mapping: Annotated[
        str | None,
        typer.Option(help="How its columns map to ours: a shipped name, or a YAML file."),
    ] = None,
    study: Annotated[str | None, typer.Option(help="Its name; the mapping's by default.")] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Endpoint not to be shared; may be repeated.")
    ] = None,
) -> None:
    """Write what a cohort may share: no record; small cells can still be solved for (docs)."""
    from hscrisk.datasets import data_file, mapping_of
    from hscrisk.ingest import read_records
    from hscrisk.places import require_outside
    from hscrisk.priors.registry import ENDPOINTS, summarise_records
    from hscrisk.priors.writing import summary_to_dict, write

    require_outside(out)
    read = read_records(data_file(data), mapping or mapping_of(data))
    n, left = len(read.accepted), len(read.quarantined)
    typer.echo(f"read {read.n_read} = accepted {n} + quarantined {left}")
    stem = Path(data).stem.lower()
    if read.accepted.source == "records":  # in contract fields: no mapping gives it a name
        study = study or stem
    wanted = [name for name in ENDPOINTS if name not in (without or ())]
    about = {"source": "simulated, no row is a person"} if "simulated" in stem else {}
    summary = summarise_records(read.accepted, study=study, endpoints=wanted, about=about)
    write(out, summary_to_dict(summary))
    for name, anchors in summary.endpoints.items():
        days = ", ".join(f"{anchor.day:g}" for anchor in anchors)
        typer.echo(f"{name}: days {days}, {anchors[-1].n:,} patients")
    for what, why in summary.left_out.items():
        typer.echo(f"not shared: {what}, because {why}")
    typer.echo(f"{out}: read it before it is sent with hscrisk prior show {out}")


@prior_app.command("pool")
def pool_prior(
    summaries: Annotated[list[Path], typer.Argument(help="Summaries, in any order.")],
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    name: Annotated[str, typer.Option(help="What the prior is called.")] = "pooled",
) -> None:
    """Pool the summaries of many cohorts into a prior for the next one."""
    from hscrisk.places import require_outside
    from hscrisk.priors import Prior, read_summary
    from hscrisk.priors.writing import prior_to_dict, write

    require_outside(out)
    prior = Prior.of([read_summary(path) for path in summaries], name=name)
    write(out, prior_to_dict(prior))
    typer.echo(f"{out}: {len(prior.studies)} studies, {len(prior.endpoints)} endpoints")


@prior_app.command("show")
def show_prior(
    file: Annotated[str, typer.Argument(help="A summary or a prior (a file, or a shipped name).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what a summary or a prior says."""
    from hscrisk.errors import InvalidConfiguration
    from hscrisk.priors import load_prior, read_summary
    from hscrisk.priors.words import prior_lines, summary_lines
    from hscrisk.priors.writing import prior_to_dict, summary_to_dict

    try:
        prior = load_prior(file)
    except InvalidConfiguration:
        if not file.endswith(".json"):
            raise
        summary = read_summary(Path(file))
        told, lines = summary_to_dict(summary), summary_lines(summary)
    else:
        told, lines = prior_to_dict(prior), prior_lines(prior)
    typer.echo(json.dumps(told, indent=1) if as_json else "\n".join(lines))


@datasets.command("simulate")
def simulate_dataset(
    n: Annotated[int, typer.Option(help="Transplants.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same rows.")],
    out: Annotated[
        Path, typer.Option(help="File to write, .csv or .parquet; its name will say 'simulated'.")
    ],
    population: Annotated[
        str, typer.Option(help="allogeneic_adults, allogeneic_children or allogeneic.")
    ] = "allogeneic_adults",
    interactions: Annotated[
        bool, typer.Option("--interactions", help="Let products of features matter as well.")
    ] = False,
) -> None:
    """Write a simulated registry: every field of the contract, and nobody's data."""
    from hscrisk.datasets.simulated import write_registry

    path = write_registry(n, seed, population, out, interactions=interactions)
    typer.echo(f"{path}: {n} simulated transplants (no row is a person)")
    typer.echo(f"hscrisk check {path}")


@app.command()
def score(
    bundle: Annotated[Path, typer.Argument(help="Folder of the bundle.")],
    input: Annotated[Path, typer.Argument(help="CSV or Parquet, one row a transplant.")],
    output: Annotated[Path, typer.Argument(help="Where the risks go: .csv or .parquet.")],
    mapping: Annotated[
        str | None,
        typer.Option(
            help="How the columns map to the contract (name or file); its own by default."
        ),
    ] = None,
    quarantine: Annotated[
        Path | None,
        typer.Option(help="Where rows that break the contract go; beside OUTPUT by default."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also write what each variable contributes.")
    ] = False,
    expect: Annotated[
        str | None, typer.Option(help="The id (SHA-256) that the bundle must have.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Score a file: the risk of each endpoint and horizon, with interval, null and reasons."""
    from hscrisk.bundle import load_bundle
    from hscrisk.scoring import score_file

    summary = score_file(
        load_bundle(bundle, expect),
        input,
        output,
        mapping=mapping,
        quarantine=quarantine,
        explain=explain,
    )
    typer.echo(json.dumps(summary.to_dict(), indent=1) if as_json else summary.sentences())
    if summary.n_quarantined:
        raise typer.Exit(1)


@app.command()
def explain(
    bundle: Annotated[Path, typer.Argument(help="Folder of the bundle.")],
    record: Annotated[Path, typer.Argument(help="JSON object of contract fields: one transplant.")],
    out: Annotated[Path, typer.Option(help="Folder for the pages, figures and JSON.")],
    endpoint: Annotated[
        str | None, typer.Option(help="One endpoint; all of the bundle's by default.")
    ] = None,
    horizon: Annotated[
        float | None, typer.Option(help="Days; each endpoint's primary horizon by default.")
    ] = None,
    expect: Annotated[
        str | None, typer.Option(help="The id (SHA-256) that the bundle must have.")
    ] = None,
) -> None:
    """Explain one transplant: a page, a figure and JSON for each endpoint, and an index."""
    from hscrisk.bundle import load_bundle
    from hscrisk.errors import HorizonOutOfRange, NotEstimable
    from hscrisk.explain import write_explanations
    from hscrisk.explain.record_file import load_record
    from hscrisk.places import require_outside

    require_outside(out)
    loaded, given = load_bundle(bundle, expect), load_record(record)
    explained, refused = [], {}
    for name in [endpoint] if endpoint else loaded.endpoints:
        try:
            explained.append(loaded.explain(given, name, horizon))
        except (HorizonOutOfRange, NotEstimable) as error:
            if endpoint:
                raise
            refused[name] = error.rule
    written = write_explanations(out, explained, refused)
    typer.echo(written[0])
    typer.echo(f"{len(explained)} of {len(explained) + len(refused)} endpoints explained")
    for name, why in refused.items():
        typer.echo(f"not explained: {name}, because {why}")


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="Folder of the bundle.")],
    expect: Annotated[
        str | None, typer.Option(help="The id (SHA-256) that the bundle must have.")
    ] = None,
) -> None:
    """Compare every byte of a bundle with its manifest and print its id and what it holds."""
    from hscrisk.bundle import verify_bundle

    found = verify_bundle(bundle, expect)
    typer.echo(f"id         {found.id}")
    typer.echo(f"name       {found.name}")
    typer.echo(f"format     {found.format}")
    typer.echo(f"endpoints  {', '.join(found.endpoints)}")
    typer.echo(f"files      {found.n_files}")
    typer.echo("ok")


@app.command()
def serve(
    bundles: Annotated[list[Path], typer.Argument(help="Folders of bundles.")],
    host: Annotated[str, typer.Option(help="A loopback address: this machine only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8000,
) -> None:
    """Answer over HTTP on this machine, with a page: risks, explanations, cards."""
    from hscrisk.serving import serve as run

    run(bundles, host=host, port=port, say=typer.echo)


def main() -> None:
    """Run the command line; an error of ours is one clear line and a meaningful exit code."""
    try:
        app()
    except HscriskError as error:
        typer.echo(f"hscrisk: {told(error)}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
