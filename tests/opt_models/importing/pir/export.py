"""Networks that paddlepaddle itself exports and runs: arguments FOLDER SEED.

A program of its own, for the environment that has paddlepaddle. Each network becomes a folder with
``inference.json``, ``inference.pdiparams`` and ``expected.npz``: inputs ``0.x``, ``1.x`` and what
the network makes of them, ``0.0``, ``0.1``, ... . Attributes are drawn anew for each seed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812
from paddle import nn


class Network(nn.Layer):
    """A network whose outputs are all the tensors it is told to keep.

    Args:
        random: draws attributes.
    """

    #: Of the input, -1 for what stays free.
    spec: Any = (-1, 3, -1, -1)
    #: Inputs to run on.
    sizes: Any = ((1, 3, 24, 40), (2, 3, 32, 28))

    def __init__(self, random: np.random.Generator) -> None:
        super().__init__()
        # Paddle writes no file of weights where there are none.
        self.one = self.create_parameter((1,), default_initializer=nn.initializer.Constant(1.0))
        self.build(random)

    def build(self, random: np.random.Generator) -> None:
        """Make the layers."""

    def forward(self, x: Any) -> Any:
        raise NotImplementedError


def choice(random: np.random.Generator, *choices: Any) -> Any:
    return choices[int(random.integers(len(choices)))]


class Activations(Network):
    def build(self, random: np.random.Generator) -> None:
        self.slope = float(random.uniform(0.01, 0.4))
        self.beta = float(random.uniform(0.5, 2))
        self.low, self.high = sorted(map(float, random.uniform(-1, 1, 2)))
        self.power = float(choice(random, 2.0, 3.0, 0.5))
        self.axis = choice(random, 1, 2, 3, -1)
        self.prelu = nn.PReLU(3, init=self.slope)
        self.prelu_all = nn.PReLU(1, init=self.slope)

    def forward(self, x: Any) -> Any:
        positive = paddle.abs(x) + 0.3
        return [
            F.relu(x), F.relu6(x * 9), F.sigmoid(x), F.tanh(x), F.hardswish(x * 4),
            F.hardsigmoid(x * 4), F.hardsigmoid(x * 4, slope=0.2, offset=self.low / 4),
            F.swish(x), F.silu(x * 2), F.gelu(x),
            F.leaky_relu(x, self.slope), F.elu(x, self.beta), F.softplus(x, beta=self.beta),
            self.prelu(x), self.prelu_all(x), paddle.clip(x, self.low, self.high),
            F.hardtanh(x, self.low, self.high), positive, paddle.sqrt(positive),
            paddle.rsqrt(positive), paddle.exp(x), paddle.log(positive), paddle.square(x),
            paddle.floor(x * 5), paddle.pow(positive, self.power), positive**-0.5,
            F.softmax(x, axis=self.axis), paddle.erf(x),
            F.mish(x),
        ]  # fmt: skip


class Arithmetic(Network):
    def build(self, random: np.random.Generator) -> None:
        def weight(*shape: int) -> Any:
            values = random.uniform(0.5, 1.5, shape).astype(np.float32)
            return self.create_parameter(shape, default_initializer=nn.initializer.Assign(values))

        self.number, self.channel = weight(1), weight(1, 3, 1, 1)
        self.column, self.whole = weight(40), weight(3, 1, 40)
        self.plain, self.pixel = weight(1, 1, 1, 1), weight(3, 8, 40)
        self.factor, self.bias = map(float, random.uniform(-2, 2, 2))

    spec = (-1, 3, 8, 40)
    sizes = ((1, 3, 8, 40), (2, 3, 8, 40))

    def forward(self, x: Any) -> Any:
        gate = F.sigmoid(F.adaptive_avg_pool2d(x, 1))
        row, grey = x.mean(2, keepdim=True), x.mean(1, keepdim=True)
        return [
            x + self.number, self.number * x, x * self.channel, self.channel + x,
            x - self.channel, self.channel - x, x / self.channel, x + self.column,
            x * self.whole, x * self.plain, x + self.pixel, self.pixel - x, self.column - x,
            x * gate, gate * x, x + gate, gate - x, x - gate, x + x * 2, x - row, row - x,
            x / (gate + 1), gate / (paddle.abs(x) + 1), x * self.factor + self.bias,
            (x + self.bias) * self.factor, 1 - x, F.relu(x + self.bias), self.factor - x,
            0.5 * (x + F.relu(x)), paddle.maximum(x, gate), paddle.minimum(gate, x),
            paddle.maximum(x, self.channel), self.number / (paddle.abs(x) + 1),
            (self.number + 1) * x, self.channel * self.number + x, paddle.assign(x) * 1.0,
            gate * row, grey * gate, gate - grey, grey + self.channel, row * self.whole,
            self.channel / (grey + 5),
        ]  # fmt: skip


class Convolutions(Network):
    def build(self, random: np.random.Generator) -> None:
        def conv(ins: int, outs: int, kernel: Any, **more: Any) -> Any:
            return nn.Conv2D(ins, outs, kernel, **more)

        stride = choice(random, 1, 2, (2, 1), (1, 2))
        self.first = conv(3, 8, 3, stride=stride, padding=choice(random, 0, 1, 2))
        self.deep = conv(8, 8, choice(random, 3, 5, 7), groups=8, padding=choice(random, 1, 2, 3))
        self.same = conv(8, 16, choice(random, 2, 3, 4), padding="SAME", bias_attr=False)
        self.valid = conv(16, 8, choice(random, (1, 5), (3, 1)), padding="VALID")
        self.sides = conv(8, 4, 3, padding=[1, 0, 2, 1], stride=choice(random, 1, 2))
        self.grouped = conv(8, 12, 1, groups=choice(random, 2, 4))
        self.wide = conv(8, 4, 3, dilation=2, padding=2)
        self.norm = nn.BatchNorm2D(8)
        self.up = nn.Conv2DTranspose(8, 6, 2, stride=2)
        self.overlap = nn.Conv2DTranspose(
            8, 6, 3, stride=2, padding=1, output_padding=choice(random, 0, 1)
        )
        self.spread = nn.Conv2DTranspose(8, 8, 4, stride=2, padding=1, groups=8)

    def forward(self, x: Any) -> Any:
        y = F.relu(self.first(x))
        z = self.norm(self.deep(y))
        return [
            y, z, self.valid(self.same(z)), self.sides(z), self.grouped(z), self.wide(z),
            self.up(z), self.overlap(z), self.spread(z),
        ]  # fmt: skip


class Pools(Network):
    def build(self, random: np.random.Generator) -> None:
        kernel = choice(random, 2, 3, (3, 2), (2, 3))
        self.options = {
            "kernel_size": kernel,
            "stride": choice(random, 1, 2, (2, 1)),
            "padding": choice(random, 0, 1),
        }
        self.ceil = bool(random.integers(2))
        self.exclusive = bool(random.integers(2))

    def forward(self, x: Any) -> Any:
        x = x * self.one
        return [
            F.max_pool2d(x, **self.options),
            F.avg_pool2d(x, **self.options, exclusive=self.exclusive),
            F.max_pool2d(x, 2, 2, ceil_mode=self.ceil), F.max_pool2d(x, 2, 1, padding="SAME"),
            F.max_pool2d(x, 2, 1, padding="SAME", ceil_mode=True),
            F.avg_pool2d(x, [3, 2]), F.avg_pool2d(x, 3, 2, padding=[1, 0]),
            F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1),
            x.mean([2, 3], keepdim=True), x.mean([2, 3]), x.mean(1, keepdim=True), x.mean(-1),
            x.max(1), x.max([2, 3], keepdim=True), x.min(1, keepdim=True), x.sum(3),
            x.mean(2),
        ]  # fmt: skip


class Interpolations(Network):
    def build(self, random: np.random.Generator) -> None:
        self.factor = choice(random, 2, 3, 4, [2, 3], 0.5)
        self.size = [int(size) for size in random.integers(5, 60, 2)]

    def forward(self, x: Any) -> Any:
        other = F.avg_pool2d(x * self.one, 2)
        return [
            F.interpolate(x, scale_factor=self.factor),
            F.interpolate(x, scale_factor=self.factor, mode="bilinear"),
            F.interpolate(x, scale_factor=self.factor, mode="bilinear", align_mode=1),
            F.interpolate(x, scale_factor=self.factor, mode="bilinear", align_corners=True),
            F.interpolate(x, size=self.size), F.interpolate(x, size=self.size, mode="bilinear"),
            F.interpolate(other, size=paddle.shape(x)[2:]),
            F.interpolate(other, size=paddle.shape(x)[2:], mode="bilinear"),
        ]  # fmt: skip


class Shapes(Network):
    spec = (-1, 6, 4, -1)
    sizes = ((1, 6, 4, 10), (3, 6, 4, 7))

    def build(self, random: np.random.Generator) -> None:
        self.order = [0, *(int(axis) + 1 for axis in random.permutation(3))]
        self.start, self.end = sorted(map(int, random.choice(6, 2, replace=False)))

    def forward(self, x: Any) -> Any:
        batch, _, height, width = x.shape[0], x.shape[1], x.shape[2], x.shape[3]
        size, x = paddle.shape(x), x * self.one
        flat = x.flatten(2).transpose([0, 2, 1])
        first, second = paddle.split(x, 2, axis=1)
        parts = paddle.split(x, [1, 3, -1], axis=1)
        halves = paddle.chunk(x, 2, axis=2)
        pieces = flat.reshape([0, -1, 3, 2]).transpose([2, 0, 1, 3])
        return [
            x.transpose(self.order), x.flatten(1), x.flatten(2), x.flatten(0, 1),
            x.flatten(1, 2), flat.reshape([0, height, -1, 6]),
            x.reshape([0, 3, -1, width]), x.reshape([batch, 24, width]),
            flat.reshape([size[0], 4, size[3], 6]), x.reshape([batch, 12, 2, -1]),
            x.reshape([size[0] * 2, 3, 4, size[3]]), x.reshape([size[0], size[3] * 2, 12]),
            x[:, self.start : self.end], x[:, :, 1:3, 1:-1], x[:, -1], x[:, 2:, 0],
            pieces[0], pieces[1] + pieces[2], first + second, *parts, halves[1],
            paddle.concat([x, first], axis=1), paddle.concat([first, x * 2, second], axis=-3),
            paddle.concat([x, x], axis=3), paddle.stack([first, second], axis=1),
            x.mean(2, keepdim=True).squeeze(2), x[:, :1].squeeze(1), x.unsqueeze(2),
            x[:, :, 0].unsqueeze([1, 2]), paddle.tile(x, [1, 2, 1, 1]),
            x[:, :1].expand([-1, 5, -1, -1]), x[:, :, :1].expand([batch, 6, 3, width]),
        ]  # fmt: skip


class Linears(Network):
    spec = (-1, -1, 24)
    sizes = ((1, 9, 24), (2, 5, 24))

    def build(self, random: np.random.Generator) -> None:
        self.heads = choice(random, 2, 3, 4)
        self.qkv, self.out = nn.Linear(24, 72), nn.Linear(24, 24, bias_attr=False)
        self.norm = nn.LayerNorm(24, epsilon=float(random.uniform(1e-6, 1e-3)))
        self.bare = nn.LayerNorm(24, weight_attr=False, bias_attr=False)
        self.dropout = nn.Dropout(0.3)
        self.other = nn.Dropout(0.3, mode="downscale_in_infer")
        self.norm3 = nn.BatchNorm1D(24)

    def forward(self, x: Any) -> Any:
        y = self.norm(x)
        shape = [0, -1, 3, self.heads, 24 // self.heads]
        q, k, v = self.qkv(y).reshape(shape).transpose([2, 0, 3, 1, 4]).unbind(0)
        scores = F.softmax(paddle.matmul(q * 0.3, k, transpose_y=True), axis=-1)
        mixed = (self.dropout(scores) @ v).transpose([0, 2, 1, 3]).reshape([0, -1, 24])
        weights = self.out.weight
        return [
            y, scores, self.out(mixed) + x, self.bare(x), self.other(x),
            self.norm3(x.transpose([0, 2, 1])), paddle.matmul(x, weights, transpose_y=True),
            F.softmax(self.out(x), axis=2), k.transpose([0, 1, 3, 2]) @ q,
            paddle.matmul(x, x, transpose_x=True), F.softmax(self.qkv(x), axis=1),
        ]  # fmt: skip


class Squeeze(nn.Layer):
    """Squeeze and excitation as PP-LCNetV3 has it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.down = nn.Conv2D(channels, channels // 4, 1)
        self.up = nn.Conv2D(channels // 4, channels, 1)

    def forward(self, x: Any) -> Any:
        return x * F.hardsigmoid(self.up(F.relu(self.down(self.pool(x)))))


class Affine(nn.Layer):
    """A learnable scale and shift of one number each."""

    def __init__(self, random: np.random.Generator) -> None:
        super().__init__()
        scale, bias = (
            nn.initializer.Constant(float(value)) for value in random.uniform(0.5, 1.5, 2)
        )
        self.scale = self.create_parameter((1,), default_initializer=scale)
        self.bias = self.create_parameter((1,), default_initializer=bias)

    def forward(self, x: Any) -> Any:
        return self.scale * x + self.bias


class Block(nn.Layer):
    """A depthwise separable convolution with learnable scales."""

    def __init__(self, random: np.random.Generator, ins: int, outs: int, stride: Any) -> None:
        super().__init__()
        kernel = choice(random, 3, 5)
        self.depth = nn.Conv2D(ins, ins, kernel, stride, kernel // 2, groups=ins)
        self.point, self.norm = nn.Conv2D(ins, outs, 1), nn.BatchNorm2D(outs)
        self.first, self.second = Affine(random), Affine(random)
        self.gate = Squeeze(ins) if random.integers(2) else nn.Identity()

    def forward(self, x: Any) -> Any:
        x = self.first(F.hardswish(self.first(self.depth(x))))
        return self.second(F.hardswish(self.norm(self.point(self.gate(x)))))


class Detector(Network):
    """In the manner of PP-OCR's: blocks, a pyramid, a head with transposed convolutions."""

    sizes = ((1, 3, 64, 96), (2, 3, 96, 64))

    def build(self, random: np.random.Generator) -> None:
        self.stem = nn.Conv2D(3, 8, 3, 2, 1)
        self.blocks = nn.LayerList([Block(random, 8 * n, 8 * n + 8, 2) for n in (1, 2, 3)])
        self.ins = nn.LayerList([nn.Conv2D(8 * n + 8, 8, 1, bias_attr=False) for n in (1, 2, 3)])
        self.gate = Squeeze(8)
        self.head, self.norm = nn.Conv2D(24, 8, 3, padding=1, bias_attr=False), nn.BatchNorm2D(8)
        self.up = nn.Conv2DTranspose(8, 8, 2, 2)
        self.last = nn.Conv2DTranspose(8, 1, 2, 2)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        levels = []
        for block, level in zip(self.blocks, self.ins):
            x = block(x)
            levels.append(level(x))
        a, b, c = levels
        b = b + F.upsample(c, scale_factor=2, mode="nearest")
        a = a + F.upsample(b, scale_factor=2, mode="nearest")
        c = F.upsample(self.gate(c), scale_factor=4, mode="nearest")
        fused = paddle.concat([c, F.upsample(b, scale_factor=2, mode="nearest"), a], axis=1)
        y = F.relu(self.norm(self.head(fused)))
        return F.sigmoid(self.last(F.relu(self.up(y))))


class Recogniser(Network):
    """In the manner of PP-OCR's: blocks of unequal strides, attention, sizes taken from tensors."""

    spec = (-1, 3, 48, -1)
    sizes = ((1, 3, 48, 160), (2, 3, 48, 96))

    def build(self, random: np.random.Generator) -> None:
        self.stem = nn.Conv2D(3, 8, 3, 2, 1)
        self.blocks = nn.LayerList(
            [Block(random, 8, 16, (2, 1)), Block(random, 16, 24, choice(random, (1, 1), (2, 1)))]
        )
        self.heads = choice(random, 2, 4)
        self.norm, self.last_norm = nn.LayerNorm(24), nn.LayerNorm(24, epsilon=1e-6)
        self.qkv, self.out = nn.Linear(24, 72), nn.Linear(24, 24)
        self.up, self.down = nn.Linear(24, 48), nn.Linear(48, 24)
        self.dropout = nn.Dropout(0.1)
        self.mix, self.mix_norm = nn.Conv2D(48, 24, (1, 3), padding=(0, 1)), nn.BatchNorm2D(24)
        self.classes = nn.Linear(24, int(random.integers(20, 60)))

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        short = x = F.avg_pool2d(x, [x.shape[2], 2])
        width = paddle.shape(x)[3]
        x = x.flatten(2).transpose([0, 2, 1])
        y = self.qkv(self.norm(x)).reshape((0, -1, 3, self.heads, 24 // self.heads))
        y = y.transpose((2, 0, 3, 1, 4))
        q, k, v = y[0] * 0.4, y[1], y[2]
        y = self.dropout(F.softmax(q.matmul(k.transpose((0, 1, 3, 2))), axis=-1)).matmul(v)
        x = x + self.out(y.transpose((0, 2, 1, 3)).reshape((0, -1, 24)))
        x = x + self.down(F.swish(self.up(self.last_norm(x))))
        x = x.reshape([0, 1, width, 24]).transpose([0, 3, 1, 2])
        x = F.swish(self.mix_norm(self.mix(paddle.concat([short, x], axis=1))))
        x = x.squeeze(2).transpose([0, 2, 1])
        return F.softmax(self.classes(x), axis=2)


class Classifier(Network):
    """In the manner of PP-HGNetV2 and PP-LCNet: stem with a maximum, light blocks, a class."""

    spec = (-1, 3, 80, 160)
    sizes = ((1, 3, 80, 160), (2, 3, 80, 160))

    def build(self, random: np.random.Generator) -> None:
        self.stem = nn.Conv2D(3, 8, 3, 2, 1, bias_attr=False)
        self.left = nn.Conv2D(8, 4, 2, padding="SAME", bias_attr=False)
        self.right = nn.Conv2D(4, 8, 2, padding="SAME", bias_attr=False)
        self.norm = nn.BatchNorm2D(16)
        self.block = Block(random, 16, 24, 2)
        self.lights = nn.LayerList([nn.Conv2D(24, 24, 5, padding=2, groups=24) for _ in range(2)])
        self.gather, self.gate = nn.Conv2D(72, 24, 1), nn.Conv2D(24, 24, 1)
        self.last, self.classes = nn.Conv2D(24, 32, 1, bias_attr=False), nn.Linear(32, 2)
        self.dropout = nn.Dropout(
            0.2, mode=choice(random, "upscale_in_train", "downscale_in_infer")
        )

    def forward(self, x: Any) -> Any:
        x = F.relu(self.stem(x))
        pooled = F.max_pool2d(x, 2, 1, padding="SAME", ceil_mode=True)
        x = self.norm(paddle.concat([pooled, self.right(self.left(x))], axis=1))
        x = self.block(F.relu(x))
        rows = [x]
        for light in self.lights:
            rows.append(F.relu(light(rows[-1])))
        y = self.gather(paddle.concat(rows, axis=1))
        x = x + y * F.sigmoid(self.gate(y.mean([2, 3], keepdim=True)))
        x = self.dropout(F.hardswish(self.last(F.adaptive_avg_pool2d(x, 1))))
        return F.softmax(self.classes(x.flatten(1)), axis=-1)


NETWORKS = (
    *(Activations, Arithmetic, Convolutions, Pools, Interpolations, Shapes, Linears),
    *(Detector, Recogniser, Classifier),
)


def train(network: Network, random: np.random.Generator) -> None:
    """Give biases, norms and scales, which begin as 0 or 1, values as if they had been learnt."""
    for name, values in network.state_dict().items():
        if values.ndim == 1:
            drawn = random.uniform(0.5, 1.5, values.shape)
            signs = 1 if name.endswith("variance") else random.choice([-1, 1], values.shape)
            values.set_value((drawn * signs).astype(np.float32))


def export(network: Network, folder: Path, random: np.random.Generator) -> None:
    train(network, random)
    network.eval()
    spec = paddle.static.InputSpec(list(network.spec), "float32", "x")
    paddle.jit.save(network, str(folder / "inference"), input_spec=[spec])
    stored = {}
    for place, size in enumerate(network.sizes):
        stored[f"{place}.x"] = random.uniform(-1, 1, size).astype(np.float32)
        outputs = network(paddle.to_tensor(stored[f"{place}.x"]))
        for column, output in enumerate(outputs if isinstance(outputs, list) else [outputs]):
            stored[f"{place}.{column}"] = output.numpy()
    np.savez(folder / "expected.npz", **stored)


def main(folder: str, seed: str) -> None:
    for place, kind in enumerate(NETWORKS):
        random = np.random.default_rng([int(seed), place])
        paddle.seed(int(random.integers(1 << 30)))
        network = kind(random)
        export(network, Path(folder) / kind.__name__.lower(), random)


if __name__ == "__main__":
    main(*sys.argv[1:])
