"""
ONNX Runtime's own static quantization of one model, as its documentation recommends it: Q/DQ, per
channel, uint8 activations, int8 weights, min-max ranges on the same calibration samples.

There are two ways, as some files only work with one, and for some one is much better:

- plain, own/NAME.onnx: after quant_pre_process; without it, then at opset 17, where that fails;
- prepared, own2/NAME.onnx: opset 17 where it is below 13, then the runtime's basic optimization,
  which makes initializers of Constant nodes and folds BatchNormalization.

bench/int8-files.ts measures both and takes the faster as the peer, unless it is more than 3 dB
worse than the other.

python peer.py NAME, in the folder of the bench.
"""

import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator

import onnx
import onnx.version_converter
import onnxruntime as ort
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from samples import load

FOLDER = os.environ["QUANTEVO_INT8_FOLDER"]
# Per-channel Q/DQ needs opset 13.
LEAST_OPSET, RAISED_OPSET = 13, 17


class Samples(CalibrationDataReader):
    """Hands out the calibration samples of a model, one by one."""

    def __init__(self, name: str):
        self.samples = iter(load(FOLDER, name, "calib"))

    def get_next(self):
        return next(self.samples, None)


def path_of(folder: str, name: str) -> str:
    return os.path.join(FOLDER, folder, f"{name}.onnx")


def opset_of(model: onnx.ModelProto) -> int:
    return next(one.version for one in model.opset_import if one.domain in ("", "ai.onnx"))


def raised(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    # The converter keeps initializers that are no inputs only from IR version 4.
    model.ir_version = max(model.ir_version, 8)
    return onnx.version_converter.convert_version(model, opset)


def plain_ways(name: str) -> Iterator[Callable[[str], None]]:
    """What writes the file to quantize, in the order to try."""
    source = path_of("models", name)
    yield lambda target: quant_pre_process(source, target)
    yield lambda target: quant_pre_process(source, target, skip_symbolic_shape=True)
    yield lambda target: onnx.save(onnx.load(source), target)
    yield lambda target: onnx.save(raised(onnx.load(source), RAISED_OPSET), target)
    yield lambda target: onnx.save(raised(onnx.load(source), LEAST_OPSET), target)


def optimize(model: onnx.ModelProto, target: str) -> None:
    """Saves the model as the runtime's basic optimization leaves it, with shapes where known."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = target
    ort.InferenceSession(model.SerializeToString(), options)
    try:
        onnx.save(onnx.shape_inference.infer_shapes(onnx.load(target)), target)
    except Exception as error:
        print(f"shapes are not known: {str(error)[:100]}", file=sys.stderr)


def prepared_ways(name: str) -> Iterator[Callable[[str], None]]:
    """As `plain_ways`."""
    source = path_of("models", name)
    if opset_of(onnx.load(source)) < LEAST_OPSET:
        yield lambda target: optimize(raised(onnx.load(source), RAISED_OPSET), target)
        yield lambda target: optimize(raised(onnx.load(source), LEAST_OPSET), target)
    yield lambda target: optimize(onnx.load(source), target)


def quantize(name: str, ways: Iterator[Callable[[str], None]], target: str) -> str:
    """Tries the ways until a quantized file runs, and keeps that. Returns "ok" or the error."""
    if os.path.exists(target):
        return "is there"
    problem = "no way"
    test = load(FOLDER, name, "test")[0]
    for write in ways:
        # In FOLDER, so that the move stays on one disk.
        with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
            before, after = (os.path.join(scratch, f"{part}.onnx") for part in ("float", "int8"))
            try:
                write(before)
                quantize_static(
                    before,
                    after,
                    Samples(name),
                    quant_format=QuantFormat.QDQ,
                    per_channel=True,
                    activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8,
                    calibrate_method=CalibrationMethod.MinMax,
                )
                ort.InferenceSession(after).run(None, test)
                os.replace(after, target)
                return "ok"
            except Exception as error:
                problem = str(error)[:200]
    return problem


def main() -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    ort.set_default_logger_severity(4)
    name = sys.argv[1]
    # The tool leaves temporary files in the working directory.
    with tempfile.TemporaryDirectory(dir=FOLDER) as working:
        os.chdir(working)
        report = {
            "name": name,
            "plain": quantize(name, plain_ways(name), path_of("own", name)),
            "prepared": quantize(name, prepared_ways(name), path_of("own2", name)),
        }
        os.chdir(FOLDER)
    print(json.dumps(report), flush=True)


main()
