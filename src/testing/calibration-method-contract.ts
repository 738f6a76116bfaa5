import { addCalibrationMethod } from "../calibration/add-calibration-method.js";
import { calibrate } from "../calibration/calibrate.js";
import { createObserver } from "../calibration/create-observer.js";
import type { CalibrationMethodDefinition } from "../calibration/method-definition.js";
import { calibrationMethodOf } from "../calibration/method-registry.js";
import { rangeTarget } from "../calibration/range-target.js";
import { SliceSource } from "../calibration/sources/slice-source.js";
import { checkParams } from "../quantization/check-params.js";
import { fakeQuantize } from "../quantization/fake-quantize.js";
import type { QuantizationParams } from "../quantization/params.js";
import { QuantizationScheme } from "../quantization/scheme.js";
import { Random } from "../random/random.js";
import { assert, assertSame, assertWithin } from "./assertions.js";
import type { ContractCheck } from "./contract-check.js";

/**
 * What every {@link CalibrationMethodDefinition} keeps, built-in or your own: it can be added, its
 * ranges are finite and no wider than the data, and a stream gives the same in any order. The first
 * run of a check adds the method to this process.
 * @param method one object for all checks
 * @returns the checks, for a test runner of your choice
 * @example With node:test:
 * ```ts
 * import { test } from "node:test";
 * import { calibrationMethodContract } from "quantevo/testing";
 *
 * for (const check of calibrationMethodContract(myMethod)) test(check.name, () => check.run());
 * ```
 */
export function calibrationMethodContract(method: CalibrationMethodDefinition): ContractCheck[] {
  return [
    {
      name: "can be added, and twice as well as once",
      run() {
        const name = addCalibrationMethod(method);
        assertSame(name, method.name, "the name");
        assertSame(addCalibrationMethod(method), name, "the name of the second time");
        assertSame(calibrationMethodOf(name).code, method.code, "the code");
      },
    },
    {
      name: "chooses a range no farther from 0 than the data, the same again",
      run() {
        const source = new SliceSource();
        for (const [label, values] of samples()) {
          const before = values.slice();
          source.load(values);
          const farthest = Math.max(source.max, -source.min);
          for (const request of REQUESTS) {
            const target = rangeTarget(request, 99.9);
            const range = method.range(source, target);
            const what = `of ${label} in ${describeRequest(request)}`;
            assertWithin(range.low, -farthest, farthest, `low ${what}`);
            assertWithin(range.high, range.low, farthest, `high ${what}`);
            assertSame(method.range(source, target), range, `the second range ${what}`);
          }
          assertSame(values, before, `${label} after the ranges were chosen`);
        }
      },
    },
    {
      name: "gives valid parameters, in which every value stays finite",
      run() {
        const name = addCalibrationMethod(method);
        for (const [label, values] of samples())
          for (const request of REQUESTS) {
            const params = calibrate(values, { ...request, method: name });
            checkFinite(values, params, `${label} in ${describeRequest(request)}`);
          }
      },
    },
    {
      name: "gives the same for a stream in any order and in batches of any length",
      run() {
        const name = addCalibrationMethod(method);
        for (const [label, values] of samples()) {
          const whole = createObserver(name);
          whole.observe(values);
          const split = createObserver(name);
          const backwards = values.toReversed();
          for (let i = 0, length = 1; i < backwards.length; i += length, length *= 2)
            split.observe(backwards.subarray(i, i + length));
          for (const request of REQUESTS) {
            const what = `${label}, streamed, in ${describeRequest(request)}`;
            const params = whole.params(request);
            checkFinite(values, params, what);
            assertSame(split.params(request), params, what);
          }
        }
      },
    },
  ];
}

type Request = { bits: 2 | 4 | 8 | 16; scheme: QuantizationScheme; signed: boolean };

const REQUESTS: readonly Request[] = ([2, 4, 8, 16] as const).flatMap((bits) =>
  Object.values(QuantizationScheme).flatMap((scheme) =>
    [true, false].map((signed) => ({ bits, scheme, signed })),
  ),
);

const describeRequest = ({ bits, scheme, signed }: Request) =>
  `${bits} bits ${scheme} ${signed ? "signed" : "unsigned"}`;

/** Data of every kind that tensors hold, and of some that they should not. */
function samples(): [label: string, values: Float32Array][] {
  const random = new Random("calibration-method-contract");
  const normals = Float32Array.from({ length: 400 }, () => random.normal());
  return [
    ["normal deviates", normals],
    ["normal deviates with an outlier", normals.map((x, i) => (i === 7 ? 60 : x))],
    ["positive values", normals.map(Math.abs)],
    ["negative values", normals.map((x) => -Math.abs(x))],
    ["mostly zeros", normals.map((x, i) => (i % 50 === 0 ? x : 0))],
    ["zeros", new Float32Array(20)],
    ["values of 16 levels", normals.map((x) => Math.round(4 * x) / 4)],
    ["one value", Float32Array.of(-3.7)],
    ["equal values", new Float32Array(5).fill(0.3)],
    ["denormal values", Float32Array.of(1e-45, -1e-42, 3e-43)],
    ["values at the end of float32", Float32Array.of(3.4028234e38, -3.4028234e38, 1)],
  ];
}

function checkFinite(values: Float32Array, params: QuantizationParams, what: string): void {
  checkParams(params);
  const restored = fakeQuantize(values, { ...params, shape: [values.length] });
  assert(restored.every(Number.isFinite), `${what}: a value comes back as NaN or infinity`);
}
