import { describe, expect, it } from "vitest";
import {
  addCalibrationMethod,
  CALIBRATION_CODES,
  CalibrationMethod,
  type CalibrationMethodDefinition,
  type CalibrationMethodName,
  calibrate,
  calibrateAndQuantize,
  calibrationMethodOf,
  calibrationMethods,
  createObserver,
  isBuiltInMethod,
  isCalibrationMethod,
  type RangeSource,
} from "../../src/calibration/index.js";
import { BUILT_IN_METHODS } from "../../src/calibration/methods/index.js";
import {
  EvaluationError,
  InvalidArgumentError,
  InvalidDataError,
  UnsupportedError,
} from "../../src/errors.js";
import type {
  LayerQuantConfigFields,
  QuantizationEvolutionConfig,
  QuantizationGenomeFields,
} from "../../src/index.js";
import { describeCalibrationMethod } from "../_contracts/calibration-method.js";
import { normals } from "./arbitraries.js";

/** Half of the whole range. */
const half: CalibrationMethodDefinition = {
  name: "half-range",
  code: 16,
  reach: 0,
  range: ({ min, max }) => ({ low: min / 2, high: max / 2 }),
};

/** What a method that asks for nothing but the extremes is told. */
const extremesAlone: RangeSource = {
  min: 0,
  max: 0,
  squaredError: () => 0,
  squaredErrors: (formats) => new Float64Array(formats.length),
  percentile: () => 0,
  histogram: () => ({ counts: new Float64Array(0), zeroBin: 0, width: 1 }),
};

/** Watches a stream with an observer of its own. */
const watched: CalibrationMethodDefinition = {
  name: "extremes",
  code: 255,
  reach: 3,
  range: ({ min, max }) => ({ low: min, high: max }),
  observer: () => {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    return {
      observe(values) {
        for (const x of values) [min, max] = [Math.min(min, x), Math.max(max, x)];
      },
      source: () => ({ ...extremesAlone, min, max }),
    };
  },
};

/** Compiles only where the fields of settings, genomes and configurations take custom names. */
const custom: CalibrationMethodName = "half-range";
({ calibrationMethod: custom }) satisfies Partial<LayerQuantConfigFields>;
({ layerConfigs: {}, calibrationMethod: custom }) satisfies QuantizationGenomeFields;
({ calibrationMethods: [custom] }) satisfies QuantizationEvolutionConfig;

for (const method of [...BUILT_IN_METHODS, half]) describeCalibrationMethod(method);

describe("the built-in methods", () => {
  it("are the enumeration, with the codes that keys are made of", () => {
    const names = BUILT_IN_METHODS.map(({ name }) => name);
    const shared = names.filter((name, at) => names.indexOf(name) < at);
    expect(shared, "names that several built-in methods have").toEqual([]);
    const codes = BUILT_IN_METHODS.map(({ code }) => code);
    expect(codes, "codes of built-in methods: 0, 1, 2, ... in the order of the list").toEqual(
      codes.map((_, at) => at),
    );
    expect(codes.length, "codes from 16 on are for custom methods").toBeLessThanOrEqual(16);
    expect(BUILT_IN_METHODS.map(({ name, code }) => [name, code])).toEqual([
      ["min-max", 0],
      ["percentile", 1],
      ["mse", 2],
      ["entropy", 3],
    ]);
    expect(names.toSorted()).toEqual(Object.values(CalibrationMethod).toSorted());
    for (const { name } of BUILT_IN_METHODS) expect(isBuiltInMethod(name)).toBe(true);
    expect(CALIBRATION_CODES).toBe(256);
  });
});

describe("addCalibrationMethod", () => {
  it("makes a method that calibrates, whole and streamed", () => {
    const method = addCalibrationMethod(half);
    expect(method).toBe("half-range");
    expect(addCalibrationMethod(half)).toBe(method);
    expect(addCalibrationMethod(calibrationMethodOf(method))).toBe(method);
    expect(isCalibrationMethod(method)).toBe(true);
    expect(isBuiltInMethod(method)).toBe(false);

    const values = Float32Array.of(-1, 0.25, 2);
    const request = { bits: 8, scheme: "symmetric", method } as const;
    expect([...calibrate(values, request).scale]).toEqual([Math.fround(1 / 127)]);
    expect(calibrateAndQuantize(values, request).params).toEqual(calibrate(values, request));
    const observer = createObserver(method);
    observer.observe(values);
    expect(observer.params(request)).toEqual(calibrate(values, request));
    const other = createObserver("mse");
    other.observe(values);
    expect(other.params(request)).toEqual(calibrate(values, request));
  });

  it("searches as many exponents below the covering one as `reach` says", () => {
    const asked = (reach: number) => {
      let scales: number[] = [];
      const name = addCalibrationMethod({
        name: `reach-${reach}`,
        code: 100 + reach,
        reach,
        range: (source, target) => {
          const { squaredErrors } = source;
          source.squaredErrors = (formats, ...rest) => {
            scales = formats.map((format) => format.scale);
            return squaredErrors.call(source, formats, ...rest);
          };
          return { low: -target.qMax, high: target.qMax };
        },
      });
      const values = normals(64, 1);
      calibrate(values, { bits: 4, scheme: "power-of-two", method: name });
      return scales;
    };
    expect(asked(0)).toEqual([2, 1]);
    expect(asked(4)).toEqual([2, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]);
  });

  it("lists the methods in the order of their codes", () => {
    addCalibrationMethod({ ...half, name: "late", code: 40 });
    addCalibrationMethod({ ...half, name: "early", code: 30 });
    const names = calibrationMethods();
    expect(names.slice(0, 4)).toEqual(["min-max", "percentile", "mse", "entropy"]);
    expect(names.indexOf("early")).toBeLessThan(names.indexOf("late"));
    const codes = names.map((name) => calibrationMethodOf(name).code);
    expect(codes).toEqual(codes.toSorted((a, b) => a - b));
    expect(new Set(codes).size).toBe(codes.length);
  });

  it("cannot be changed from outside afterwards", () => {
    const given = { ...half, name: "fixed", code: 50 };
    addCalibrationMethod(given);
    given.code = 51;
    given.range = () => ({ low: -1, high: 1 });
    expect(calibrationMethodOf("fixed").code).toBe(50);
    expect(
      calibrate(Float32Array.of(8), { bits: 2, scheme: "symmetric", method: "fixed" }).scale[0],
    ).toBe(4);
    expect(Object.isFrozen(calibrationMethodOf("fixed"))).toBe(true);
  });

  it("keeps `this` of a method that is an object of a class", () => {
    class Shrunk implements CalibrationMethodDefinition {
      readonly reach = 3;
      readonly name = "shrunk";
      readonly code = 60;
      constructor(readonly part: number) {}
      range({ max }: RangeSource) {
        return { low: 0, high: max * this.part };
      }
    }
    const method = addCalibrationMethod(new Shrunk(1 / 4));
    const { scale } = calibrate(Float32Array.of(4), { bits: 2, scheme: "symmetric", method });
    expect(scale[0]).toBe(1);
  });

  it("watches a stream with the method's own observer", () => {
    const method = addCalibrationMethod(watched);
    const observer = createObserver(method);
    const request = { bits: 8, scheme: "symmetric" } as const;
    expect(() => observer.params(request)).toThrow(InvalidDataError);
    observer.observe(Float32Array.of(1, -3));
    observer.observe(new Float32Array(0));
    observer.observe(Float32Array.of(2));
    expect(observer.count).toBe(3);
    expect(observer.extremes()).toEqual({ min: -3, max: 2 });
    expect(observer.params(request)).toMatchObject({ shape: [3] });
    expect(observer.params(request).scale[0]).toBe(Math.fround(3 / 127));
    expect(() => observer.observe(Float32Array.of(Number.NaN))).toThrow(InvalidDataError);
    expect(() => observer.params({ ...request, method: "mse" })).toThrow(UnsupportedError);
    expect(observer.count).toBe(3);

    const unwatched = createObserver("mse");
    unwatched.observe(Float32Array.of(1));
    expect(() => unwatched.params({ ...request, method })).toThrow(/methods: \["extremes"\]/);

    const both = createObserver("mse", { methods: [method, "entropy"] });
    both.observe(Float32Array.of(-3, 1));
    expect(both.params({ ...request, method }).scale[0]).toBe(Math.fround(3 / 127));
    expect(both.params({ ...request, method: "min-max" }).scale[0]).toBe(Math.fround(3 / 127));
    expect(() => both.observe(Float32Array.of(0, Number.NaN))).toThrow(InvalidDataError);
    expect(both.count).toBe(2);
  });

  it("names what is wrong with a definition", () => {
    addCalibrationMethod(half);
    const wrong: [string, unknown][] = [
      ["definition", undefined],
      ["definition", "half-range"],
      ["ranges", { ...half, name: "a", code: 20, ranges: 1 }],
      ["name", { ...half, name: undefined, code: 20 }],
      ["name", { ...half, name: "", code: 20 }],
      ["name", { ...half, name: "Half range", code: 20 }],
      ["name", { ...half, name: "a".repeat(65), code: 20 }],
      ["name", { ...half, name: "half-range", code: 20 }],
      ["name", { ...half, name: "mse", code: 20 }],
      ["code", { ...half, name: "a", code: 16 }],
      ["code", { ...half, name: "a", code: 15 }],
      ["code", { ...half, name: "a", code: 256 }],
      ["code", { ...half, name: "a", code: 20.5 }],
      ["code", { ...half, name: "a", code: "20" }],
      ["reach", { ...half, name: "a", code: 20, reach: -1 }],
      ["reach", { ...half, name: "a", code: 20, reach: 253 }],
      ["reach", { ...half, name: "a", code: 20, reach: undefined }],
      ["range", { ...half, name: "a", code: 20, range: undefined }],
      ["observer", { ...half, name: "a", code: 20, observer: {} }],
    ];
    const before = calibrationMethods();
    for (const [path, definition] of wrong) {
      const run = () => addCalibrationMethod(definition as CalibrationMethodDefinition);
      expect(run, path).toThrow(InvalidArgumentError);
      expect(run).toThrow(
        expect.objectContaining({ path, message: expect.stringMatching(/allowed: /) }),
      );
    }
    expect(calibrationMethods()).toEqual(before);
    expect(isCalibrationMethod("a")).toBe(false);
    expect(isCalibrationMethod(7)).toBe(false);
    expect(isCalibrationMethod("constructor")).toBe(false);
    expect(() => calibrationMethodOf("a")).toThrow(/method is "a"; allowed: min-max, .*half-range/);
  });

  it("believes no range that is none", () => {
    const ranges = [undefined, {}, { low: 1, high: 0 }, { low: Number.NaN, high: 1 }];
    for (const [i, range] of [...ranges, { low: 0, high: Number.POSITIVE_INFINITY }].entries()) {
      const method = addCalibrationMethod({
        ...half,
        name: `bad-${i}`,
        code: 200 + i,
        range: () => range as never,
      });
      expect(() => calibrate(Float32Array.of(1), { bits: 8, scheme: "symmetric", method })).toThrow(
        EvaluationError,
      );
    }
  });
});
