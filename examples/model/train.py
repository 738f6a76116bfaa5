"""Trains the embedded demo model and writes model.onnx. Run once; the library, its build and its
tests need no Python.

    npx tsx examples/model/generate-data.ts /tmp/glyphs
    python examples/model/train.py /tmp/glyphs examples/model/model.onnx

The network is trained in PyTorch on the CPU, and its batch norms are folded into the convolutions
before them. The ONNX graph is then written node by node, so that every name in it is ours.

The committed file: Python 3.11.7, torch 2.15.0, onnx 1.23.2, numpy 2.4.6, one thread, default
options, 4 minutes.
Six epochs over 100,000 images; validation 0.9805, test 0.9855; 69,932 parameters, 284,210 bytes.
"""

import argparse
import time

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

CLASSES = 20
SEED = 20261123

# name: inputs, outputs, kernel, stride, groups
CONVOLUTIONS = {
    "stem": (1, 12, 3, 1, 1),
    "block1.depthwise": (12, 12, 3, 1, 12),
    "block1.pointwise": (12, 24, 1, 1, 1),
    "block2.conv1": (24, 24, 3, 1, 1),
    "block2.conv2": (24, 24, 3, 1, 1),
    "block3.depthwise": (24, 24, 3, 2, 24),
    "block3.pointwise": (24, 48, 1, 1, 1),
    "block4.expand": (48, 96, 1, 1, 1),
    "block4.depthwise": (96, 96, 3, 1, 96),
    "block4.project": (96, 48, 1, 1, 1),
    "block5.conv": (48, 96, 3, 2, 1),
}
DENSE = {"hidden": (96, 48), "head": (48, CLASSES)}


class Graph:
    """What the network is, said once: `forward` runs it in PyTorch, `export` writes it as ONNX."""

    def build(self, x):
        x = self.relu("stem", self.conv("stem", x))
        x = self.pool("stem", x)
        x = self.relu("block1.depthwise", self.conv("block1.depthwise", x))
        x = self.relu("block1.pointwise", self.conv("block1.pointwise", x))
        y = self.relu("block2.conv1", self.conv("block2.conv1", x))
        y = self.conv("block2.conv2", y)
        x = self.relu("block2", self.add("block2", x, y))
        x = self.relu("block3.depthwise", self.conv("block3.depthwise", x))
        x = self.relu("block3.pointwise", self.conv("block3.pointwise", x))
        y = self.relu("block4.expand", self.conv("block4.expand", x))
        y = self.relu("block4.depthwise", self.conv("block4.depthwise", y))
        y = self.conv("block4.project", y)
        x = self.add("block4", x, y)
        x = self.relu("block5.conv", self.conv("block5.conv", x))
        x = self.average(x)
        x = self.relu("hidden", self.dense("hidden", x))
        return self.dense("head", x)


class Network(nn.Module, Graph):
    def __init__(self):
        super().__init__()
        key = lambda name: name.replace(".", "_")
        self.convs = nn.ModuleDict()
        self.norms = nn.ModuleDict()
        self.linears = nn.ModuleDict()
        for name, (inputs, outputs, kernel, stride, groups) in CONVOLUTIONS.items():
            self.convs[key(name)] = nn.Conv2d(
                inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False
            )
            self.norms[key(name)] = nn.BatchNorm2d(outputs)
        for name, (inputs, outputs) in DENSE.items():
            self.linears[key(name)] = nn.Linear(inputs, outputs)
        self.key = key

    def conv(self, name, x):
        return self.norms[self.key(name)](self.convs[self.key(name)](x))

    def dense(self, name, x):
        return self.linears[self.key(name)](x)

    def relu(self, _name, x):
        return F.relu(x)

    def add(self, _name, x, y):
        return x + y

    def pool(self, _name, x):
        return F.max_pool2d(x, 2)

    def average(self, x):
        return x.mean((2, 3))

    def forward(self, x):
        return self.build(x)

    def folded(self, name):
        """The weight and bias of a convolution with its batch norm inside, in double precision."""
        norm = self.norms[self.key(name)]
        weight = self.convs[self.key(name)].weight.detach().double()
        factor = norm.weight.detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)
        bias = norm.bias.detach().double() - norm.running_mean.double() * factor
        return (weight * factor[:, None, None, None]).float().numpy(), bias.float().numpy()


class Export(Graph):
    def __init__(self, network):
        self.network = network
        self.nodes = []
        self.initializers = []

    def node(self, kind, name, inputs, **attributes):
        output = "logits" if name == "head" else f"{name}.out"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=name, **attributes))
        return output

    def parameters(self, name, weight, bias):
        for suffix, values in (("weight", weight), ("bias", bias)):
            values = np.ascontiguousarray(values)
            self.initializers.append(numpy_helper.from_array(values, f"{name}.{suffix}"))
        return [f"{name}.weight", f"{name}.bias"]

    def conv(self, name, x):
        _, _, kernel, stride, groups = CONVOLUTIONS[name]
        return self.node(
            "Conv",
            name,
            [x, *self.parameters(name, *self.network.folded(name))],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[kernel // 2] * 4,
            dilations=[1, 1],
            group=groups,
        )

    def dense(self, name, x):
        linear = self.network.linears[name]
        values = (linear.weight.detach().numpy(), linear.bias.detach().numpy())
        return self.node("Gemm", name, [x, *self.parameters(name, *values)], transB=1)

    def relu(self, name, x):
        return self.node("Relu", f"{name}.relu", [x])

    def add(self, name, x, y):
        return self.node("Add", f"{name}.add", [x, y])

    def pool(self, name, x):
        return self.node("MaxPool", f"{name}.pool", [x], kernel_shape=[2, 2], strides=[2, 2])

    def average(self, x):
        average = self.node("GlobalAveragePool", "average", [x])
        return self.node("Flatten", "flatten", [average], axis=1)

    def model(self):
        self.build("image")
        graph = helper.make_graph(
            self.nodes,
            "glyphs",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 28, 28])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES])],
            self.initializers,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 17)],
            ir_version=8,
            producer_name="quantevo examples/model/train.py",
        )
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        onnx.checker.check_model(inferred, full_check=True)
        return model


def load(directory, part):
    images = torch.from_numpy(np.load(f"{directory}/{part}-images.npy"))
    labels = torch.from_numpy(np.load(f"{directory}/{part}-labels.npy").astype(np.int64))
    return images, labels


def accuracy(network, images, labels):
    network.eval()
    with torch.no_grad():
        right = sum(
            (network(x.float() / 255).argmax(1) == y).sum().item()
            for x, y in zip(images.split(500), labels.split(500))
        )
    return right / len(labels)


def train(directory, epochs, batch, peak):
    torch.manual_seed(SEED)
    images, labels = load(directory, "train")
    validation = load(directory, "validation")
    network = Network().to(memory_format=torch.channels_last)
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0}]
    )
    steps = epochs * (len(labels) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, peak, total_steps=steps, pct_start=0.2
    )
    start = time.time()
    for epoch in range(epochs):
        network.train()
        total = 0.0
        for rows in torch.randperm(len(labels)).split(batch):
            if len(rows) < batch:
                continue
            x = (images[rows].float() / 255).contiguous(memory_format=torch.channels_last)
            loss = F.cross_entropy(network(x), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(
            f"epoch {epoch + 1}: loss {total * batch / len(labels):.4f}, "
            f"validation {accuracy(network, *validation):.4f}, {time.time() - start:.0f} s",
            flush=True,
        )
    return network


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", help="the directory generate-data.ts wrote")
    parser.add_argument("output", help="the ONNX file to write")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--peak", type=float, default=8e-3, help="highest learning rate")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    network = train(options.data, options.epochs, options.batch, options.peak).eval()
    print(f"test {accuracy(network, *load(options.data, 'test')):.4f}")
    model = Export(network).model()
    onnx.save(model, options.output)
    count = sum(int(np.prod(i.dims)) for i in model.graph.initializer)
    print(f"{count} parameters, {len(model.SerializeToString())} bytes")


if __name__ == "__main__":
    main()
