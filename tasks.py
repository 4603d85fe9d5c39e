"""The project's tasks: ``invoke --list``. Thin: parse, call, print.

What a task needs is imported where it is used: listing models must not wait for OpenCV, HTTP and
protobuf.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator

from invoke.collection import Collection
from invoke.context import Context

from cross_build.command import OptionalName, command
from cross_build.targets import target as find_target
from lite_runner import output, terminal
from lite_runner.errors import UsageError
from lite_runner.user_path import user_path
from opt_models import catalog, listing
from opt_models.sources import settings

if TYPE_CHECKING:
    from cross_build.board import Board
    from lite_runner import report

#: Locked: this project's own dependencies, those of its tests among them; and what builds it.
_DEVELOPMENT = ".ci/requirements.txt"
_BUILD_TOOLS = ".ci/build.in"
_SAMPLES = Path(__file__).parent / "samples"


@command()
def demo(c: Context, out: str = "out/demo") -> int:
    """Deploy to this computer and read the pictures in samples/; drawings go to --out."""
    from cross_build import deploy as deploys
    from cross_build import reading
    from lite_runner import sources

    samples = os.path.relpath(_SAMPLES)
    with _board("local") as board:
        print(deploys.summary(board, deploys.deploy(board)), flush=True)
        print()
        results = reading.read(
            board,
            sources.expand([samples]),
            [],
            Path(out),
            lambda result: output.tell(result, None),
        )
    code = output.finish(results, None)
    print(f"\ncompared with {samples}/labels.json: {_errors(results)}")
    print(f"annotated pictures: {out}")
    return code


_WHERE = {
    "target": "kind of board, see 'invoke targets'",
    "host": "the board: [USER@]HOST[:PORT], or a name of your SSH configuration; a phone's serial",
    "folder": "on the board, for releases; lite-ocr in your own folder there if not given",
    "emulate": "take an emulated board, see 'invoke board'",
}
_WHAT = {
    "pack": "a named pack, see 'invoke models.packs', also as NAME-fp16, or the folder of one",
    "runtime": "folder or archive of a Paddle-Lite library for the board, instead of a release's",
}


@command(
    iterable=["host"],
    help={
        **_WHERE,
        **_WHAT,
        "host": f"{_WHERE['host']}; once for each of many boards",
        "hosts": "file with many boards: a host a line, its target behind it if they differ",
        "parallel": "of many boards, how many at once",
        "dry-run": "only say what would be done",
        "json": "write what came of each board there; - for stdout",
    },
)
def deploy(
    c: Context,
    target: str = "local",
    host: list[str] | None = None,
    hosts: str = "",
    pack: str = "",
    runtime: str = "",
    folder: str = "",
    emulate: bool = False,
    dry_run: bool = False,
    parallel: int = 16,
    json: str = "",
) -> int:
    """Put a verified text reader on boards; does nothing where it is already."""
    from cross_build import deploy as deploys
    from cross_build.fleet import rollout
    from cross_build.fleet.hosts import chosen

    given = host or []
    if len(given) < 2 and not hosts and not json:
        with _board(target, "".join(given), folder, emulate) as board:
            if dry_run:
                print(deploys.preview(board, pack or None, runtime))
            else:
                print(deploys.summary(board, deploys.deploy(board, pack or None, runtime)))
        return 0
    if emulate:
        raise UsageError("--emulate: is one board of its own; leave out --host, --hosts and --json")
    if not given and not hosts:
        raise UsageError("--json: say which boards, with --host or --hosts")
    if json and dry_run:
        raise UsageError("--json: tells what was done; leave it out with --dry-run")
    found = chosen(given, Path(hosts) if hosts else None, target)
    at_once = _positive("--parallel", parallel)
    if dry_run:
        text, code = rollout.preview(found, pack or None, runtime, folder, at_once)
        print(text)
        return code
    done = rollout.deploy(found, pack or None, runtime, folder, at_once)
    if json:
        output.write_json(rollout.as_data(done.results), json)
    if json != output.STDOUT:
        print(rollout.summary(done))
    return done.code


@command(
    help={
        "check": "ask the boards themselves, and have each read its golden picture",
        "parallel": "with --check: how many boards at once",
        "forget": "take a board that is no more off the list",
        "json": "write the list there; - for stdout",
    }
)
def boards(
    c: Context, check: bool = False, parallel: int = 16, forget: str = "", json: str = ""
) -> int:
    """List what was deployed where from this computer."""
    from cross_build import records
    from cross_build.fleet import roll

    if forget:
        count = roll.forget(forget)
        print(f"{forget}: forgotten, {count} folder{'s' * (count != 1)} of releases")
        return 0
    found, code = records.known(), 0
    if check:
        found, code = roll.check(found, _positive("--parallel", parallel))
    if json:
        output.write_json(roll.as_data(found), json)
    if json != output.STDOUT:
        print(roll.table(found))
    return code


@command(help=_WHERE)
def rollback(
    c: Context, target: str = "local", host: str = "", folder: str = "", emulate: bool = False
) -> None:
    """Return to the release that was in use before."""
    from cross_build import deploy as deploys

    with _board(target, host, folder, emulate) as board:
        print(f"{target}: release {deploys.rollback(board)} is in use again")


@command(help=_WHERE)
def undeploy(
    c: Context, target: str = "local", host: str = "", folder: str = "", emulate: bool = False
) -> None:
    """Remove everything that deploys put on a board."""
    from cross_build import deploy as deploys

    with _board(target, host, folder, emulate) as board:
        gone = deploys.undeploy(board)
        print(f"{target}: {'removed' if gone else 'nothing to remove at'} {board.transport.root}")


@command(
    help={
        **_WHAT,
        "target": _WHERE["target"],
        "system": "what the board runs, see 'invoke targets'; the commonest if not given",
        "out": "folder for the archive, dist if not given; with --app the module's own",
        "app": "write a Gradle module for Android apps: android-arm64, android-armv7 or A,B",
        "strict": "with --app: refuse libraries that devices with pages of 16 KiB cannot load",
        "sign": "private SSH key to sign the archive with; see --verify of its installer",
    }
)
def build(
    c: Context,
    target: str,
    pack: str = "",
    runtime: str = "",
    system: str = "",
    out: str = "",
    app: bool = False,
    strict: bool = False,
    sign: str = "",
) -> None:
    """Write an archive with all a board needs, to be unpacked there: no connection, no network."""
    from cross_build import archive

    if app:
        from cross_build.android import module

        if sign:
            raise UsageError("--sign: is for archives of boards; leave it out with --app")
        if system:
            raise UsageError("--system: is for boards; leave it out with --app")
        print(module.build(target, pack, runtime, Path(out) if out else module.PLACE, strict))
    elif strict:
        raise UsageError("--strict: is for modules of apps; leave it out, or add --app")
    else:
        key = user_path(sign, "--sign") if sign else None
        print(archive.build(find_target(target), system, pack, runtime, Path(out or "dist"), key))


@command(name="targets")
def list_targets(c: Context) -> None:
    """List the kinds of boards."""
    from cross_build import targets

    print(targets.table())


@command(
    positional=["action"],
    help={
        "action": "up, down or status",
        "machine": "aarch64 or armv7l, a 32-bit system",
        "remove": "with down: remove its system, too",
    },
)
def board(c: Context, action: str, machine: str = "aarch64", remove: bool = False) -> None:
    """Start, stop or show an emulated board: Debian for ARM behind a real SSH server."""
    from cross_build import emulate

    if action not in ("up", "down", "status"):
        raise UsageError(f"board {action}: is not up, down or status")
    if action == "up":
        emulate.up(machine)
    if action == "down":
        print("stopped" if emulate.down(machine) else "was not up")
        if remove:
            emulate.remove(machine)
    else:
        print(emulate.told(machine))


@command(help={**_WHERE, "images": "a file, folder or 'pattern' in quotes"})
def read(
    c: Context,
    images: str,
    target: str = "local",
    host: str = "",
    folder: str = "",
    emulate: bool = False,
    json: str = "",
    draw: str = "",
    detect: bool = True,
    classify: bool = True,
    recognise: bool = True,
    batch: str = "",
    min_score: float = 0.5,
    threads: int = 0,
) -> int:
    """Read IMAGES, a file, folder or 'pattern' in quotes, on a board."""
    from cross_build import reading
    from lite_runner import sources

    options = [f"--min-score={min_score}"]
    options += [f"--batch={batch}"] if batch else []
    options += [f"--threads={threads}"] if threads else []
    stages = {"detect": detect, "classify": classify, "recognise": recognise}
    options += [f"--no-{stage}" for stage, wanted in stages.items() if not wanted]
    results: list[report.Result] = []

    def show(result: report.Result) -> None:
        results.append(result)
        output.tell(result, json or None)

    def read() -> None:
        with _board(target, host, folder, emulate) as board:
            drawings = Path(draw) if draw else None
            # In the order of the pictures, now that all are there.
            results[:] = reading.read(board, sources.expand([images]), options, drawings, show)

    return output.keeping(results, read, json or None)


@command(
    name="run",
    default=True,
    iterable=["pack", "peer"],
    help={
        **_WHERE,
        "pack": "a named pack or the folder of one; once for each to be measured",
        "runtime": _WHAT["runtime"],
        "peer": "measure this reader in the same run: rapidocr or rapidocrlite; once for each",
        "threads": "of each model, as in 1,2,4",
        "workers": "lines recognised side by side, as in 1,2,4",
        "power": "Paddle-Lite's power modes, as in high,unbound",
        "images": "a folder, with labels.json if it shall be scored; a file or 'pattern'",
        "limit": "seconds after which no turn begins any more",
        "tune": "find this board's best settings, which deploys then use",
        "within": "with --tune: how many points more of the characters may be wrong",
        "json": "write the record there",
        "markdown": "write it as tables there",
        "html": "write it as a page with plots there",
    },
)
def bench(
    c: Context,
    target: str = "local",
    host: str = "",
    folder: str = "",
    emulate: bool = False,
    pack: list[str] | None = None,
    runtime: str = "",
    peer: list[str] | None = None,
    threads: str = "",
    workers: str = "",
    power: str = "",
    images: str = "",
    limit: int = 600,
    tune: bool = False,
    within: float = 0.1,
    json: str = "",
    markdown: str = "",
    html: str = "",
) -> int:
    """Measure how fast and how well a board reads."""
    from cross_build.bench import benchmark, tuning
    from cross_build.bench.reports import history
    from lite_runner.bench import run, table
    from lite_runner.settings import POWER_MODES

    powers = [word for word in power.split(",") if word]
    unknown = [word for word in powers if word not in POWER_MODES]
    if unknown:
        raise UsageError(f"--power {unknown[0]}: is not one of {', '.join(POWER_MODES)}")
    sweep = benchmark.Sweep(
        packs=pack or [],
        threads=_numbers("--threads", threads),
        powers=powers,
        workers=_numbers("--workers", workers),
        peers=peer or [],
        runtime=runtime,
    )
    found = _pictures(images)
    if tune:
        if (
            emulate
            or len(sweep.packs) > 1
            or any((peer, threads, workers, power, json, markdown, html))
        ):
            raise UsageError(
                "--tune: takes a real board, one --pack, --images, --limit and --within; leave the"
                " others out"
            )
        with _board(target, host, folder) as board:
            plan = run.Plan(limit=float(limit))
            done = tuning.tune(board, "".join(sweep.packs), runtime, found, plan, within)
            for record in done.records:
                print(f"{table.text(record)}\n\nkept as {history.keep(record)}\n")
            print(tuning.summary(board, done))
        return 0
    # An emulated processor's times say nothing: once is enough for what it reads.
    plan = run.Plan(0, 1, 1, 1) if emulate else run.Plan(limit=float(limit))
    with _board(target, host, folder, emulate) as board:
        record = benchmark.bench(board, sweep, found, plan, emulate)
    print(table.text(record), flush=True)
    places = {"json": json, "markdown": markdown, "html": html}
    _report(record, {form: Path(place) for form, place in places.items() if place})
    print(f"kept as {history.keep(record)}")
    if not record["complete"]:
        return 130
    return 1 if any(one["failed"] for one in record["candidates"]) else 0


def _report(record: dict[str, Any], places: dict[str, Path]) -> None:
    """Write a record in the wanted forms."""
    from cross_build.bench.reports import history, markdown, page, result

    run = result.parse(record, "this run")
    for form, place in places.items():
        if form == "json":
            text = output.as_json(record)
        elif form == "markdown":
            text = markdown.document(run)
        else:
            text = page.page(run, history.earlier(run.target, run.host))
        output.write_atomically(place, text.encode())


@command(name="compare")
def compare_runs(c: Context, before: str, after: str) -> None:
    """Compare two records: ratios with their 95 % intervals, and what else differs."""
    from cross_build.bench.reports import compare, result

    print(compare.compare(result.load(Path(before)), result.load(Path(after))))


@command(
    help={
        **_WHERE,
        "pack": "a named pack or the folder of one, such as a quantised one",
        "against": "what it is compared with, such as its fp32 sibling",
        "runtime": _WHAT["runtime"],
        "images": "a folder, with labels.json if true characters shall count; a file or 'pattern'",
        "limit": "points more of the characters that may be wrong",
        "json": "write the record of both there",
    }
)
def evaluate(
    c: Context,
    pack: str,
    against: str,
    target: str = "local",
    host: str = "",
    folder: str = "",
    emulate: bool = False,
    runtime: str = "",
    images: str = "",
    limit: float = 0.5,
    json: str = "",
) -> int:
    """Compare a pack with another one line by line; 1 if it reads worse than allowed."""
    from cross_build.bench import evaluation

    with _board(target, host, folder, emulate) as board:
        found = evaluation.evaluate(
            board, pack, against, runtime, _pictures(images), limit, emulate
        )
    if json:
        output.write_atomically(Path(json), output.as_json(found.record).encode())
    print(evaluation.text(found))
    return 0 if found.passed else 1


@command(
    name="list",
    default=True,
    help={
        "task": "detection (det), recognition (rec) or classification (cls)",
        "language": "by PaddleOCR's name or in English: ch, en, french, korean, latin ...",
        "version": "v1.0, v1.1, v2.0, v2, v3, v4, v5 or v6",
        "slim": "pruned or quantised ones only",
        "json": "as JSON, with all addresses",
    },
)
def list_models(
    c: Context,
    task: str = "",
    language: str = "",
    version: str = "",
    slim: bool = False,
    json: bool = False,
) -> None:
    """List the published models; filters go together."""
    found = listing.select(task, language, version, slim)
    if json:
        output.print_json([listing.as_data(model) for model in found])
    else:
        print(listing.as_table(found))


@command(name="show")
def show_model(c: Context, name: str, json: bool = False) -> None:
    """Tell all about the model NAME: where its files are, what it needs, which packs have it."""
    found = catalog.model(name)
    if json:
        output.print_json(listing.as_data(found))
    else:
        print(listing.as_text(found))


@command(
    name="packs",
    help={
        "for": "a text, such as 'Straße 5 €': only the packs that can spell all of it",
        "json": "as JSON; with --for of every pack, and what it lacks",
    },
)
def list_packs(c: Context, for_: str = "", json: bool = False) -> int:
    """List the named packs that 'invoke pack' makes and 'invoke deploy --pack' deploys."""
    from opt_models import pack_listing, spelling

    if not for_:
        if json:
            output.print_json(pack_listing.as_data())
        else:
            print(pack_listing.as_table())
        return 0
    found = spelling.of(for_)
    if json:
        output.print_json(pack_listing.spelling_as_data(found))
    else:
        print(pack_listing.spelling_as_table(found, _defaults()))
    return 0 if any(not one.lacks for one in found) else 1


@command(
    name="fetch",
    help={
        "kind": "inference, onnx, trained, pretrained or slim (a ready .nb file); what packs are"
        " made of if not given",
        "models": "folder in which published files are looked for first",
        "offline": "do not use the network",
    },
)
def fetch_model(
    c: Context, name: str, kind: str = "", models: str = "", offline: bool = False
) -> None:
    """Download the model NAME, or take it from --models DIR; prints where it lies."""
    from opt_models import fetch

    settings.choose(models, offline)
    found = catalog.model(name)
    print(fetch.published(found, kind) if kind else fetch.network(found))
    print(fetch.advice(found, kind), end="", file=sys.stderr)


@command(name="inspect")
def inspect_model(c: Context, path: str, json: bool = False) -> None:
    """Tell what PATH, a .nb file, a pack or an inference model, is made of and runs on."""
    from opt_models import inspection

    found = inspection.inspect_all(user_path(path, "PATH"), catalog.verified())
    if json:
        output.print_json([inspection.as_json(one) for one in found])
    else:
        print("\n\n".join(map(inspection.as_text, found)))


@command(
    klass=OptionalName,
    iterable=["golden_text"],
    help={
        "pack": "a named pack, see 'invoke models.packs'; not needed with --det and --rec",
        "det": "folder of your own detector, as exported",
        "cls": "folder of your own direction classifier",
        "rec": "folder of your own recogniser",
        "dict": "the recogniser's characters, one a line",
        "golden": "picture to verify with, if none of ours suits your recogniser",
        "golden-text": "a line of that picture; once for every line",
        "name": "what the pack is called",
        "target": "local, armv8 or armv7hf: processor and Paddle-Lite release",
        "out": "where the pack goes, packs/NAME if not given",
        "precision": "fp32, fp16, int8 or int16, by opt's own switches",
        "published": "take the published .nb files as they are",
        "fold": "--no-fold leaves the networks as published, which is several times slower",
        "models": "folder in which published files are looked for first",
        "offline": "do not use the network",
    },
)
def pack(
    c: Context,
    pack: str,
    det: str = "",
    cls: str = "",
    rec: str = "",
    dict: str = "",
    golden: str = "",
    golden_text: list[str] | None = None,
    name: str = "",
    target: str = "local",
    out: str = "",
    precision: str = "",
    published: bool = False,
    fold: bool = True,
    models: str = "",
    offline: bool = False,
) -> None:
    """Make the pack PACK, or one of your own models: --det, --rec, --dict, perhaps --cls."""
    from opt_models import build_pack, ingredients, named_pack

    settings.choose(models, offline)
    runtime = find_target(target).runtime
    own = {"det": det, "cls": cls, "rec": rec}
    mine = any(own.values()) or bool(dict)
    recipe, asked = named_pack.named(pack) if pack else (None, None)
    if precision and asked not in (None, precision):
        raise UsageError(f"pack {pack}: is asked for in {asked}; leave out --precision {precision}")
    precision = precision or asked or ""
    called = name or pack
    if published and (mine or precision):
        raise UsageError(
            "--published takes .nb files as they are; leave it out with --precision, --det, --cls,"
            " --rec or --dict"
        )
    place = user_path(out or f"packs/{called}", "--out").absolute()
    if called:  # what is wrong is told before anything is fetched
        build_pack.check(called, precision or None, runtime)
        named_pack.check_place(place)
    picture = ingredients.golden(golden, golden_text or [])
    if recipe is None or mine:
        parts = ingredients.own(recipe, name, own, dict, runtime)
    else:
        parts = ingredients.from_recipe(recipe, runtime, published, bool(precision))
    parts = dataclasses.replace(parts, name=called, golden=picture)
    placed = named_pack.write(build_pack.build(parts, runtime, precision or None, fold), place)
    print(named_pack.summary(placed))


@command()
def doctor(c: Context) -> int:
    """Say what is installed, what is missing, and the command that mends it."""
    from cross_build import doctor as host
    from lite_runner import doctor as checks

    return checks.show(host.host_checks())


@command()
def test(c: Context, k: str = "") -> int:
    """Run the test suite; -k picks tests."""
    # All of it by three processes, one of which mostly waits for the emulated board: its tests are
    # first and take longest. A few tests would wait longer for these than they take.
    return _run(c, "pytest", *(["-k", k] if k else ["-n", "3", "--no-loadscope-reorder"]))


@command(
    help={
        "boards": "--no-boards leaves the packages that go to boards as they are",
        "development": "--no-development leaves this project's own dependencies as they are",
    }
)
def lock(c: Context, boards: bool = True, development: bool = True) -> int:
    """Renew the locks: the newest packages the index has, by version and sha256."""
    from cross_build import wheel_lock

    for platform in wheel_lock.platforms() if boards else ():
        print(os.path.relpath(wheel_lock.renew(platform)), flush=True)
    if not development:
        return 0
    extras = ("--extra", "test", "--extra", "samples")
    options = ("--universal", "--python-version", "3.10", "--generate-hashes", "--upgrade")
    code = _run(
        *(c, "uv", "pip", "compile", "pyproject.toml", _BUILD_TOOLS, *extras, *options),
        *("--quiet", "--custom-compile-command", "invoke lock", "--output-file", _DEVELOPMENT),
    )
    if code == 0:
        print(_DEVELOPMENT)
    return code


@command()
def lint(c: Context) -> int:
    """Check style and types."""
    codes = [
        _run(c, "ruff", "check", "."),
        _run(c, "ruff", "format", "--check", "."),
        _run(c, "mypy"),
    ]
    return max(codes)


@contextlib.contextmanager
def _board(name: str, host: str = "", folder: str = "", emulate: bool = False) -> Iterator[Board]:
    from cross_build.connection import connect

    found = connect(find_target(name), host=host, folder=folder, emulate=emulate)
    try:
        yield found
    finally:
        found.transport.close()


def _defaults() -> dict[str, str]:
    """The targets that get a pack by default, by its name."""
    from cross_build.targets import targets

    names: dict[str, list[str]] = {}
    for one in targets().values():
        names.setdefault(one.pack, []).append(one.name)
    return {pack: ", ".join(found) for pack, found in names.items()}


def _errors(results: list[report.Result]) -> str:
    from lite_runner import accuracy

    labels = json.loads((_SAMPLES / "labels.json").read_text(encoding="utf-8"))
    pairs = [
        (labels[Path(result["image"]).name], [line["text"] for line in result["lines"]])
        for result in results
        if "error" not in result
    ]
    plain, spaced = (
        accuracy.total(rule(*pair) for pair in pairs)
        for rule in (accuracy.compare, accuracy.compare_with_spaces)
    )
    return (
        f"{plain.errors} of {plain.characters} characters wrong, {spaced.errors} of"
        f" {spaced.characters} with spaces"
    )


def _run(c: Context, module: str, *arguments: str) -> int:
    """Run one of the development tools of this interpreter's environment."""
    line = shlex.join([sys.executable, "-m", module, *arguments])
    own = terminal.raw(sys.stdout)  # its colours
    result = c.run(line, warn=True, pty=own.isatty(), out_stream=own)
    return int(result.exited) if result is not None else 1


def _pictures(images: str) -> list[dict[str, Any]]:
    from lite_runner.bench import pictures

    return pictures.find([images or os.path.relpath(_SAMPLES)])


def _positive(option: str, number: int) -> int:
    if number < 1:
        raise UsageError(f"{option} {number}: is not a whole number of at least 1")
    return number


def _numbers(option: str, text: str) -> list[int]:
    words = [word for word in text.split(",") if word]
    for word in words:
        if not word.isdecimal() or int(word) < 1:
            raise UsageError(f"{option} {text}: {word!r} is not a whole number of at least 1")
    return [int(word) for word in words]


_bench = Collection("bench", bench, compare_runs)
_models = Collection("models", list_models, show_model, fetch_model, inspect_model, list_packs)
namespace = Collection(
    *(
        demo,
        deploy,
        boards,
        rollback,
        undeploy,
        read,
        evaluate,
        build,
        list_targets,
        board,
        pack,
        _models,
        _bench,
    ),
    *(doctor, test, lint, lock),
)
