"""Rounds a model's weights the plainest way, to see what a uniform width costs before anything is
searched.

    python examples/model/round-weights.py model.onnx 4 /tmp/w4.onnx [LAYER ...]

Symmetric, one scale per output channel from its largest absolute weight, round to nearest; biases
and activations stay in float32. With layer names, only those are rounded.
"""

import sys

import numpy as np
import onnx
from onnx import numpy_helper

source, bits, target, *layers = sys.argv[1:]
largest = 2 ** (int(bits) - 1) - 1
model = onnx.load(source)
for initializer in model.graph.initializer:
    layer, _, kind = initializer.name.rpartition(".")
    if kind != "weight" or (layers and layer not in layers):
        continue
    weight = numpy_helper.to_array(initializer)
    scale = np.abs(weight).max(axis=tuple(range(1, weight.ndim)), keepdims=True) / largest
    scale[scale == 0] = 1
    rounded = (np.rint(weight / scale) * scale).astype(np.float32)
    initializer.CopyFrom(numpy_helper.from_array(rounded, initializer.name))
onnx.save(model, target)
