import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type IntegerChoices, integerPlacement } from "../../src/deploy/integer-operators.js";
import type { PlacedOperator, Placement } from "../../src/deploy/placement.js";
import type { OperatorProfile } from "../../src/deploy/placement-profile.js";

const KERNELS: Readonly<Record<string, Omit<OperatorProfile, "source">>> = {
  conv: { form: "layer", roundedResult: true, channelsLast: "starts" },
  matmul: { form: "layer" },
  add: { form: "compute", channelsLast: "keeps" },
  mul: { form: "compute", pays: false },
  concat: { form: "join", channelsLast: "keeps" },
  reshape: { form: "pass" },
  maxpool: { form: "pass", channelsLast: "needs" },
  tanh: {},
};

/** Operators from lines such as `c = conv a`; a conv's or matmul's layer has its result's name. */
function placementOf(text: string, returned: readonly string[] = []): Placement {
  const operators = text.split("; ").map((line): PlacedOperator => {
    const [made = "", , type = "", ...reads] = line.split(" ");
    const kernel = { ...KERNELS[type]!, source: "" };
    const isLayer = kernel.form === "layer";
    return {
      ...{ operator: made, type, kernel, layers: isLayer ? [made] : [], makes: [made] },
      reads: reads.map((value, input) => ({ value, input })),
      ...(!isLayer && { region: "all" }),
    };
  });
  const none = { weights: [], activations: [], floats: [] };
  return { ...none, operators, returned: new Set(returned) };
}

const ALL: IntegerChoices = {
  fits: () => true,
  eight: () => true,
  regionFormat: () => "auto",
  covers: () => true,
};

function integer(placement: Placement, choices: Partial<IntegerChoices> = {}): string {
  const { operators } = integerPlacement(placement, { ...ALL, ...choices });
  return [...operators].map(({ operator }) => operator).join(" ");
}

const values = (placement: Placement, choices: Partial<IntegerChoices> = {}) =>
  new Map(
    integerPlacement(placement, { ...ALL, ...choices }).values.map((one) => [one.value, one]),
  );

describe("integerPlacement", () => {
  const residual = placementOf("a = conv x; b = conv a; s = add a b; c = conv s", ["c"]);

  it("takes layers, and what lies between and reads codes", () => {
    expect(integer(residual)).toBe("a b s c");
    const found = values(residual);
    expect([...found.keys()]).toEqual(["x", "a", "b", "s", "c"]);
    expect([...found.values()].map(({ everywhere }) => everywhere)).toEqual([
      ...[false, true, true, true, true],
    ]);
    expect([...found.values()].map(({ layer }) => layer)).toEqual(["a", "a", "b", "a", "c"]);
  });

  it("stops where nobody reads codes, or an operand is no code", () => {
    expect(integer(placementOf("a = conv x; t = tanh a; s = add a t; c = conv s"))).toBe("a c");
    expect(integer(placementOf("a = conv x; s = add a a; t = tanh s; c = conv t"))).toBe("a c");
    expect(integer(placementOf("r = reshape x; a = conv r"))).toBe("a");
    // Codes that a layer reads anyway will do.
    expect(integer(placementOf("t = tanh x; a = conv t; s = add a t; c = conv s"))).toBe("a s c");
  });

  it("rounds products only where all that read them compute on codes", () => {
    const chain = placementOf("a = matmul x; b = matmul a");
    expect(values(chain).get("a")).toMatchObject({ everywhere: true });
    const open = placementOf("a = matmul x; t = tanh a; b = matmul a");
    expect(values(open).get("a")).toMatchObject({ everywhere: false });
    expect(integer(open)).toBe("a b");
    expect(values(placementOf("a = matmul x; b = matmul a", ["a"])).get("a")).toMatchObject({
      everywhere: false,
    });
  });

  it("leaves what other widths touch, and values without a range", () => {
    const eight = (layer: string) => layer !== "c";
    expect(integer(residual, { eight, fits: eight })).toBe("a b");
    expect(integer(residual, { fits: (layer) => layer !== "b" })).toBe("a c");
    expect(integer(residual, { covers: (value) => value !== "s" })).toBe("a b");
  });

  it("does what a region is told", () => {
    expect(integer(residual, { regionFormat: () => "float" })).toBe("a b c");
    const product = placementOf("a = conv x; t = tanh a; s = mul a t; c = conv s");
    expect(integer(product)).toBe("a c");
    expect(integer(product, { regionFormat: () => "integer" })).toBe("a s c");
    const loose = placementOf("s = add x y; r = reshape s");
    expect(integer(loose, { regionFormat: () => "integer", eight: (one) => one !== "" })).toBe("");
  });

  it("keeps channels-last kernels behind integer convolutions", () => {
    expect(integer(placementOf("a = conv x; m = maxpool a; c = conv m"))).toBe("a m c");
    expect(integer(placementOf("a = conv x; s = add a a; m = maxpool s; c = conv m"))).toBe(
      "a s m c",
    );
    expect(integer(placementOf("a = matmul x; m = maxpool a; c = conv m"))).toBe("a c");
  });

  it("has one range for what is moved and laid side by side: of what holds the rest", () => {
    const found = values(
      placementOf(
        "a = conv x; b = conv x; j = concat a b; r = reshape j; k = concat b b; " +
          "c = conv r; d = conv k",
      ),
    );
    for (const value of ["a", "b", "j", "r", "k"])
      expect([...found.get(value)!.ranges].sort(), value).toEqual(["j", "k"]);
    expect(found.get("c")!.ranges).toEqual(["c"]);
  });

  it("lets layers that read a float operator's value have formats of their own", () => {
    const { values: list } = integerPlacement(
      placementOf("t = tanh x; a = conv t; b = conv t"),
      ALL,
    );
    const read = list.filter(({ value }) => value === "t");
    expect(read.map(({ layer, readers }) => [layer, readers.length])).toEqual([
      ["a", 1],
      ["b", 1],
    ]);
  });

  it("gives every operator what its kernel needs, and asks layers of other widths for nothing", () => {
    const names = Object.keys(KERNELS);
    const line = fc.record({ type: fc.nat(names.length - 1), a: fc.nat(20), b: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 10 }), fc.nat(), (lines, odd) => {
        const text = lines.map(({ type, a, b }, i) => {
          const from = (at: number) => (at % (i + 1) === 0 ? "x" : `v${(at % (i + 1)) - 1}`);
          const binary = ["add", "mul", "concat"].includes(names[type]!);
          return `v${i} = ${names[type]} ${from(a)}${binary ? ` ${from(b)}` : ""}`;
        });
        const placement = placementOf(text.join("; "), [`v${lines.length - 1}`]);
        const choices = { ...ALL, eight: (layer: string) => layer !== `v${odd % lines.length}` };
        choices.fits = choices.eight;
        const found = integerPlacement(placement, choices);
        const coded = new Map(found.values.map((one) => [one.value, one]));
        for (const operator of found.operators) {
          for (const { value } of operator.reads) expect(coded.has(value)).toBe(true);
          if (operator.kernel.form !== "layer" || operator.kernel.roundedResult === true)
            for (const value of operator.makes) expect(coded.get(value)?.everywhere).toBe(true);
        }
        for (const { layer } of found.values) expect(choices.eight(layer)).toBe(true);
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});
