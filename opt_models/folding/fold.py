"""Folding: the passes in their order, on a model's files."""

from __future__ import annotations

from typing import Callable, Collection, Mapping

from opt_models.folding import (
    affine_into_next_conv,
    cleanup,
    concat_conv_to_sum,
    conv_2x2_to_3x3,
    convolution,
    depthwise_to_5x5,
    enlarged_to_transposed,
    equalise_strides,
    gate_to_norm,
    global_mean_to_product,
    linear,
    max_pool_2x2_to_shifts,
    nearest_to_copies,
    outputs_to_8,
    pad_first_filter,
    pooling,
    shift_as_batch_norm,
    squeeze_excite,
    static_height,
    swish,
    transposed_pair_to_one,
)
from opt_models.folding.graph import Graph
from opt_models.folding.rule import Rule
from opt_models.formats import params, program
from opt_models.formats.inference_model import ModelFiles

Pass = Callable[[Graph], int]

#: By what a pack calls them. Each says how much it changed and leaves the program computing the
#: same. A pass is tried when those before it find nothing any more.
PASSES: Mapping[str, Pass] = {
    "identities": cleanup.drop_identities,
    "shape tensors": cleanup.drop_shape_tensors,
    "linear layers": linear.as_mul,
    "after linear layers": linear.fold_after,
    "after convolutions": convolution.fold_after,
    "past pools": pooling.move_past,
    "ahead": affine_into_next_conv.fold,
    "transposed pairs": transposed_pair_to_one.join,
    "gates": squeeze_excite.fold_residual,
}

#: Those that count on the heights of tensors, which must be the same for all inputs.
OF_ROWS: Mapping[str, Pass] = {
    "uneven strides": equalise_strides.equalise,
    "pools over rows": pooling.over_rows,
}

#: Round what the library for ARM is slow at.
OF_ARM: Mapping[str, Pass] = {
    "max pools": max_pool_2x2_to_shifts.as_shifts,
    "2x2 to 3x3": conv_2x2_to_3x3.for_arm,
    "depthwise windows": depthwise_to_5x5.for_arm,
}

#: Round what the library for x86 is slow at or wrong with. Last: the others would undo them.
OF_X86: Mapping[str, Pass] = {
    "depthwise windows": depthwise_to_5x5.for_x86,
    "means": global_mean_to_product.as_product,
    "swishes": swish.as_product,
    "shifts": shift_as_batch_norm.as_norms,
    "for any shape": pad_first_filter.pad,
}

#: The same for pictures, whose heights differ. Lines of text are too small to gain by them, and
#: convolutions of 3x3 would need models opened anew for each width of a line.
OF_X86_PICTURES: Mapping[str, Pass] = {
    "outputs": outputs_to_8.round_up,
    "2x2 to 3x3": conv_2x2_to_3x3.for_x86,
    "concat sums": concat_conv_to_sum.split,
    "enlarged tensors": enlarged_to_transposed.as_transposed,
    "nearest": nearest_to_copies.as_copies,
    "gate products": gate_to_norm.as_norm,
}

#: Of all passes.
NAMES = frozenset((*PASSES, *OF_ROWS, *OF_ARM, *OF_X86, *OF_X86_PICTURES))


def fold(
    files: ModelFiles,
    target: ModelFiles,
    height: int = 0,
    arch: str = "arm",
    without: Collection[str] = (),
) -> dict[str, int]:
    """Write a model that computes the same with less.

    Args:
        files: an inference model in fp32.
        target: the files to write; not written if there is nothing to fold.
        height: that all of its inputs will have, in pixels; 0 if they differ.
        arch: ``x86`` or ``arm``: what the model is for.
        without: passes to leave out, of :data:`NAMES`; for measurements.

    Returns:
        how often each pass that was tried changed something; empty if none did.

    Raises:
        OptError: the files are no inference model, or do not belong together.
    """
    graph, done = _folded(files, height, arch, without)
    if done:
        graph.write(target.program, target.params)
    return done


def obstacles(files: ModelFiles, height: int = 0, arch: str = "arm") -> list[str]:
    """What rules leave as it is in a folded model, and why.

    Args and errors as of :func:`fold`.
    """
    graph, _ = _folded(files, height, arch, ())
    rules = (*PASSES.values(), *_of_arch(arch, height > 0).values())
    return [line for rule in rules if isinstance(rule, Rule) for line in rule.obstacles(graph)]


def _folded(
    files: ModelFiles, height: int, arch: str, without: Collection[str]
) -> tuple[Graph, dict[str, int]]:
    graph = read(files)
    # A program may say a height that only its exporter had in mind.
    rows = height > 0 and static_height.declare(graph, height)
    done: dict[str, int] = {}
    for passes in ({**PASSES, **OF_ROWS} if rows else PASSES, _of_arch(arch, rows)):
        chosen = {name: rewrite for name, rewrite in passes.items() if name not in without}
        done.update(run(graph, chosen))
    return graph, done


def _of_arch(arch: str, rows: bool) -> Mapping[str, Pass]:
    """Passes for one kind of processor."""
    if arch != "x86":
        return OF_ARM
    return OF_X86 if rows else {**OF_X86_PICTURES, **OF_X86}


def read(files: ModelFiles) -> Graph:
    """A model's program and weights as a graph.

    Raises:
        OptError: the files are no inference model, or do not belong together.
    """
    message = program.parse(files.program)
    weights = program.topology(message).weights
    params.check_weights(weights, files.program.name, files.params)
    return Graph(message, params.load(files.params, weights))


def run(graph: Graph, passes: Mapping[str, Pass] = PASSES) -> dict[str, int]:
    """Apply passes until none finds anything; counts as of :func:`fold`.

    A program of several blocks, or one that writes variables twice, is left alone: there, who makes
    a variable depends on when one asks.
    """
    done = dict.fromkeys(passes, 0)
    if not graph.is_simple:
        return {}
    while any(_count(done, name, rewrite(graph)) for name, rewrite in passes.items()):
        pass
    graph.sweep()
    return {name: count for name, count in done.items() if count}


def _count(done: dict[str, int], name: str, count: int) -> bool:
    done[name] += count
    return bool(count)
