"""The command line: rutrade run | book | renew | scenarios | sweep | plan | data."""

import sys

import click

from rutrade import InputError, RunError, __version__, unknown


class _Group(click.Group):
    """Bad input and failed runs end in one sentence, without a traceback: exit code 2 and 1."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except InputError as error:
            click.echo(f"rutrade: {error}", err=True)
            sys.exit(2)
        except RunError as error:
            click.echo(f"rutrade: {error}", err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("rutrade: stopped; nothing half-written, earlier results are unchanged", err=True)
            sys.exit(130)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rutrade")
def main() -> None:
    """Reproduce and test a paper on Russia-China trade: run notebooks, build the book, look at data."""


@main.command()
@click.argument("notebook")
@click.option("-p", "--parameter", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="Set one parameter.")
@click.option("-s", "--scenario", default="base", show_default=True, help="Preset, or path to a YAML file.")
@click.option("-o", "--output", type=click.Path(file_okay=False), help="Folder for the executed notebook.")
@click.option("--html", is_flag=True, help="Write a single HTML page, without code, beside the notebook.")
def run(notebook: str, pairs: tuple[tuple[str, str], ...], scenario: str, output: str | None, html: bool) -> None:
    """Execute NOTEBOOK (name or number) and print its key figures.

    The executed notebook goes into book/results/SCENARIO/, or for a preset that is a file of your own into a folder of
    its name where you are.
    """
    from pathlib import Path

    from rutrade.publish import report, runs

    overrides = _overrides(pairs)
    folder = Path(output) if output else None
    if folder is None and Path(scenario).suffix in (".yaml", ".yml"):
        folder = Path.cwd() / Path(scenario).stem  # a reader's own file never writes into the compendium
    job = runs.prepare(_number(notebook), scenario, overrides, folder)
    manifest = runs.execute(job)
    figures = report.figures(job.target)
    width = max(map(len, figures), default=0)
    for name, value in figures.items():
        click.echo(f"  {name:{width}}  {value:,.6g}" if isinstance(value, float) else f"  {name:{width}}  {value}")
    click.echo(f"{job.target} ({manifest['seconds']} s)")
    if html:
        click.echo(report.html(job.target))


def _overrides(pairs: tuple[tuple[str, str], ...]) -> dict[str, object]:
    """Values of `-p NAME VALUE`, read as YAML; InputError for a name given twice or a value that is no YAML."""
    from rutrade import scenarios as presets

    values: dict[str, object] = {}
    for name, value in pairs:
        if name in values:
            raise InputError(f"parameter '{name}' is given twice: a parameter has one value")
        values[name] = presets.parse(value, f"parameter '{name}' = {value!r}")
    return values


def _number(notebook: str) -> str:
    """A chapter's number as its file has it: 1 is 01."""
    return notebook.zfill(2) if notebook.isdigit() else notebook


@main.command("book")
@click.option("--all", "force", is_flag=True, help="Execute every notebook, also where nothing changed.")
@click.option("-j", "--jobs", default=2, show_default=True, type=click.IntRange(1), help="Notebooks at a time.")
@click.option("--pdf/--no-pdf", default=None, help="Demand or omit the PDF.  [default: if Chromium is installed]")
def book_(force: bool, jobs: int, pdf: bool | None) -> None:
    """Execute the notebooks that changed, build the book and its PDF, check its pages."""
    from rutrade.publish import build

    build.build(force, jobs, pdf)


@main.command()
@click.argument("notebooks", nargs=-1)
@click.option("--parameters", is_flag=True, help="Only write parameter cells and the schema of presets anew.")
def renew(notebooks: tuple[str, ...], parameters: bool) -> None:
    """Write parameter cells and store new reference outputs of NOTEBOOKS (all when none is named).

    `sweeps` among them: the stored runs behind chapters 04, 06, 08 to 11 and the explorer; one of them by its name,
    such as `sweeps:explorer`.
    """
    from tqdm import tqdm

    from rutrade import scenarios as presets
    from rutrade.publish import runs, sweeps

    changed = presets.write_all()
    if parameters:
        click.echo(f"written: {', '.join(changed)}" if changed else "nothing changed")
        return
    chosen = [name.partition(":")[2] for name in notebooks if name.partition(":")[0] == "sweeps"]
    if chosen:
        for name, made in sweeps.renew([c for c in chosen if c] or None):
            click.echo(f"data/sweeps/{name}.csv: {made['runs']} runs in {made['seconds']} s")
        notebooks = tuple(name for name in notebooks if name.partition(":")[0] != "sweeps")
        if not notebooks:
            return
    for name in tqdm([_number(name) for name in notebooks] or runs.notebooks(), unit="notebook"):
        runs.renew(name)


@main.group(cls=_Group, invoke_without_command=True)
@click.pass_context
def scenarios(ctx: click.Context) -> None:
    """List the presets, or show one."""
    from rutrade import scenarios as presets

    if ctx.invoked_subcommand is None:
        for name in presets.names():
            click.echo(f"{name:20} {presets.meaning(name)}")


@scenarios.command("show")
@click.argument("name")
def scenarios_show(name: str) -> None:
    """All parameters under the preset NAME: value, unit, allowed range, source."""
    from rutrade import scenarios as presets

    overrides = presets.load(name)
    for cls in presets.PARAMETERS.values():
        try:
            table = cls.check(**presets.select(cls, overrides)).table()
            click.echo(f"\n{cls.notebook}\n{table.drop(columns='meaning').to_string()}")
        except InputError as error:  # another notebook can use the value
            click.echo(f"\n{cls.notebook} cannot be run under this preset: {error}")


@scenarios.command("schema")
def scenarios_schema() -> None:
    """JSON schema of a preset, for editors; stored as notebooks/scenarios/schema.json."""
    from rutrade import scenarios as presets

    click.echo(presets.schema_text(), nl=False)


@scenarios.command("diff")
@click.argument("first")
@click.argument("second")
def scenarios_diff(first: str, second: str) -> None:
    """Parameters in which the presets FIRST and SECOND differ."""
    from rutrade import scenarios as presets

    click.echo(presets.difference(first, second).to_string())


@main.command()
@click.argument("grid", required=False, type=click.Path(dir_okay=False))
@click.option("-o", "--output", required=True, type=click.Path(file_okay=False), help="Folder of the results.")
@click.option("--draws", type=int, help="Monte Carlo: draw so many scenarios instead of a grid.")
@click.option("--design", help="morris: which parameters move the results, instead of a grid.")
@click.option("--trajectories", type=int, help="Trajectories of Morris' design, at least 4.  [default: 10]")
@click.option("--seed", default=1, show_default=True, help="Seed of the Monte Carlo or of the design.")
@click.option("-j", "--jobs", default=2, show_default=True, type=click.IntRange(1), help="Processes (joblib).")
@click.option("--executor", default="joblib", show_default=True, help="joblib, or dask on a running cluster.")
@click.option("--address", help="Address of the dask scheduler, such as tcp://host:8786.")
@click.option("--shard", default="1/1", show_default=True, metavar="I/N", help="Run the I-th of N parts.")
def sweep(
    grid: str | None,
    output: str,
    draws: int | None,
    design: str | None,
    trajectories: int | None,
    seed: int,
    jobs: int,
    executor: str,
    address: str | None,
    shard: str,
) -> None:
    """Run many scenarios of the chain: a GRID (YAML of lists, or CSV), --draws or --design; resumes where it stopped.

    With --design morris the indices of the key figures go into effects.csv beside the table once all runs are there.
    """
    from rutrade import sensitivity
    from rutrade import sweep as sweeps

    if sum(given is not None for given in (grid, draws, design)) != 1:
        raise InputError("give one of a grid file, --draws and --design")
    if design not in (None, "morris"):
        raise unknown("design", design, ("morris",))
    if trajectories is not None and design is None:
        raise InputError("--trajectories belongs to --design morris")
    if grid is not None:
        points = sweeps.read_grid(grid)
    elif draws is not None:
        points = sweeps.monte_carlo(draws, seed)
    else:
        points = sensitivity.morris(10 if trajectories is None else trajectories, seed, fixed={"draws": 0})
    try:
        i, n = (int(part) for part in shard.split("/"))
    except ValueError:
        raise InputError(f"shard = {shard} is not allowed: I/N, such as 1/4") from None
    table = sweeps.sweep(points, output, jobs, executor, address, (i, n))
    failed = int((table["failure"] != "").sum())
    click.echo(f"{len(table)} of {len(points)} scenarios in {output}/table.parquet, {failed} without a solution")
    if design is not None and len(table) == len(points):
        click.echo(f"{sensitivity.write(table, output, seed)}: indices of each figure, largest first")


@main.command("plan")
@click.option("--from", "from_year", default=2026, show_default=True, type=int, help="First year of the plan.")
@click.option(
    "--budget", type=float, help="Public money a year, bn RUB 2016.  [default: table plan_limits, assumption]"
)
@click.option("--staff", type=float, help="Staff, persons.  [default: table plan_limits]")
@click.option("--target", help="share+POINTS or turnover=BN_USD in 2030: the cheapest instruments that reach it.")
@click.option("--own", multiple=True, type=click.Path(dir_okay=False), help="YAML file of an object of your own.")
@click.option("--keep", multiple=True, metavar="BLOCK", help="A block that must go on from its first start.")
@click.option("-s", "--scenario", default="base", show_default=True, help="Preset, or path to a YAML file.")
@click.option(
    "--prices", default="model", show_default=True, help="model, model_wage (labour at 0.9 of pay) or market."
)
@click.option("-o", "--output", type=click.Path(file_okay=False), help="Folder for the tables and their manifest.")
def plan_(
    from_year: int,
    budget: float | None,
    staff: float | None,
    target: str | None,
    own: tuple[str, ...],
    keep: tuple[str, ...],
    scenario: str,
    prices: str,
    output: str | None,
) -> None:
    """Choose research objects and their starts under a budget; with --target, what reaching it would cost."""
    from rutrade import plan
    from rutrade import scenarios as presets
    from rutrade.publish import plan_runs

    wanted = None if target is None else plan.Target.read(target)
    chosen = presets.Scenario.check(**presets.select(presets.Scenario, presets.load(scenario)))
    policy = None if wanted is None else plan_runs.instruments().least(wanted)
    plan.check(from_year, budget, staff, own=own, keep=keep, prices=prices)
    if prices != "market":
        click.echo(
            "solving the economy in five years for its prices: this takes minutes, --prices market none", err=True
        )
    found = plan.solve(
        from_year, budget, staff, own=own, keep=keep, prices=prices, **plan.inputs.of_scenario(chosen)
    )  # fmt: skip
    click.echo(plan.text(found, policy))
    if output:
        for path in plan.save(found, output, policy):
            click.echo(path)


@main.group(cls=_Group)
def data() -> None:
    """The tables behind the book."""


@data.command("list")
def data_list() -> None:
    """Name, rows and title of every table."""
    from rutrade import data

    for name in data.names():
        click.echo(f"{name:24} {len(data.load(name)):6,} rows  {data.describe(name).title}")


@data.command("show")
@click.argument("name")
@click.option("-n", "--rows", default=20, show_default=True, type=click.IntRange(1), help="Rows shown.")
def data_show(name: str, rows: int) -> None:
    """Columns with units, and the first rows, of table NAME."""
    from rutrade import data

    table = data.describe(name)
    click.echo(f"{table.title}\n{table.description}\nlicence: {table.licence}\n")
    for field in table.fields:
        unit = f" [{field['unit']}]" if field.get("unit") else ""
        click.echo(f"  {field['name']}{unit}: {field['description']}")
    click.echo("\n" + data.load(name).head(rows).to_string(index=False))


@data.command("verify")
def data_verify() -> None:
    """Check every table's hash, schema, keys and sources."""
    from rutrade.data import checks

    report = checks.verify()
    click.echo(report.to_string(index=False))
    if (report["result"] != "ok").any():
        sys.exit(2)


@data.command("seal")
def data_seal() -> None:
    """Record the hashes of tables changed on purpose, after checking them."""
    from rutrade.data import checks

    changed = checks.seal()
    click.echo(f"recorded: {', '.join(changed)}" if changed else "nothing changed")


@data.command("update")
@click.option("--key", envvar="COMTRADE_KEY", help="Subscription key of UN Comtrade, if you have one.")
@click.option("--products", type=int, metavar="YEAR", help="Products of one year instead, in HS 2017 at six digits.")
def data_update(key: str | None, products: int | None) -> None:
    """Ask UN Comtrade for the missing chapters of 2013-2016 (needs a connection and the extra 'update')."""
    from rutrade.data import comtrade

    click.echo(comtrade.update(key) if products is None else comtrade.update_products(products, key))


if __name__ == "__main__":
    main()
