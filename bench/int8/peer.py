"""
ONNX Runtime's own static quantization of one model, as its documentation recommends it: Q/DQ, per
channel, uint8 activations, int8 weights, min-max ranges on the same calibration samples.

Two ways to get there are tried, as some files only work with one: quant_pre_process as it is
("plain"), and with constants lifted, BatchNormalization folded and the opset raised first
("prepared"). Both files are written: own/NAME.onnx and own2/NAME.onnx.
"""

import json
import logging
import os
import sys
import warnings

import onnx
import onnx.version_converter
import onnxruntime as ort
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, quantize_static
from onnxruntime.quantization import QuantFormat, QuantType
from onnxruntime.quantization.shape_inference import quant_pre_process

from inputs import FOLDER, load

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
ort.set_default_logger_severity(4)


class Samples(CalibrationDataReader):
    """Hands out the calibration samples of a model, one by one."""

    def __init__(self, name: str):
        self.samples = iter(load(name, "calib"))

    def get_next(self):
        return next(self.samples, None)


def quantize(source: str, target: str, name: str) -> None:
    """Quantizes a prepared file and runs what came of it once."""
    quantize_static(
        source,
        target,
        Samples(name),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )
    ort.InferenceSession(target).run(None, load(name, "test")[0])


def opset_of(model: onnx.ModelProto) -> int:
    return next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))


def plain(name: str) -> None:
    """quant_pre_process, with and without symbolic shapes, then none; opset 17 where that fails."""
    source = f"{FOLDER}/models/{name}.onnx"
    prepared = f"{FOLDER}/own/{name}.prepared.onnx"
    problem: Exception | None = None
    for step in ("symbolic", "shapes", "none", "opset 17"):
        try:
            if step == "opset 17":
                onnx.save(onnx.version_converter.convert_version(onnx.load(source), 17), prepared)
            elif step == "none":
                onnx.save(onnx.load(source), prepared)
            else:
                quant_pre_process(source, prepared, skip_symbolic_shape=step == "shapes")
            quantize(prepared, f"{FOLDER}/own/{name}.onnx", name)
            return
        except Exception as error:
            problem = error
    raise problem


def prepared(name: str) -> None:
    """The runtime's basic optimization first: it lifts constants and folds BatchNormalization."""
    model = onnx.load(f"{FOLDER}/models/{name}.onnx")
    model.ir_version = max(model.ir_version, 8)
    raised, optimized = f"{FOLDER}/own2/{name}.raised.onnx", f"{FOLDER}/own2/{name}.basic.onnx"
    problem: Exception | None = None
    for target in [17, 13, None] if opset_of(model) < 13 else [None]:
        try:
            converted = onnx.version_converter.convert_version(model, target) if target else model
            onnx.save(converted, raised)
            options = ort.SessionOptions()
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
            options.optimized_model_filepath = optimized
            ort.InferenceSession(raised, options)
            quantize(optimized, f"{FOLDER}/own2/{name}.onnx", name)
            return
        except Exception as error:
            problem = error
    raise problem


if __name__ == "__main__":
    NAME = sys.argv[1]
    REPORT = {"name": NAME}
    for WAY in (plain, prepared):
        try:
            WAY(NAME)
            REPORT[WAY.__name__] = "ok"
        except Exception as ERROR:
            REPORT[WAY.__name__] = str(ERROR)[:200]
    print(json.dumps(REPORT), flush=True)
