import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDocumentError } from "../../src/errors.js";
import {
  archiveToString,
  exportToString,
  paretoFrontSvg,
  parseQuantizationConfig,
  writeQuantizationConfig,
} from "../../src/export.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";

const genome = new QuantizationGenome({ layerConfigs: { a: {} } });

/** Calls with arguments that the types forbid. */
const text = (...args: unknown[]) => exportToString(...(args as Parameters<typeof exportToString>));
const write = (...args: unknown[]) =>
  writeQuantizationConfig(...(args as Parameters<typeof writeQuantizationConfig>));
const archive = (source: unknown) => archiveToString(source as QuantizationGenome[]);
const svg = (...args: unknown[]) => paretoFrontSvg(...(args as Parameters<typeof paretoFrontSvg>));

describe("arguments of the wrong kind", () => {
  const genomeWanted = /allowed: a QuantizationGenome/;
  const cases: [call: string, run: () => unknown, path: string, message: RegExp][] = [
    ["no genome", () => text(undefined, "json"), "genome", genomeWanted],
    ["an object", () => text({}, "json"), "genome", genomeWanted],
    ["plain data", () => text(genome.toDict(), "yaml"), "genome", genomeWanted],
    [
      "a format",
      () => text(genome, { f: 1 }),
      "format",
      /format is an object; allowed: json, yaml/,
    ],
    ["null context", () => text(genome, "json", null), "context", /context is null; allowed/],
    [
      "unknown context",
      () => text(genome, "json", { calibrate: 1 }),
      "calibrate",
      /allowed: target/,
    ],
    [
      "calibrated",
      () => text(genome, "json", { calibrated: {} }),
      "calibrated",
      /is an object; allowed: a Map/,
    ],
    ["notes", () => text(genome, "json", { notes: "n" }), "notes", /is "n"; allowed: a list/],
    ["a target", () => text(genome, "json", { target: 3 }), "target", /target is 3; allowed: text/],
    ["write nothing", () => write(undefined, "/tmp/never.json"), "genome", genomeWanted],
    ["write nowhere", () => write(genome, 3), "outputPath", /outputPath is 3; allowed: the path/],
    ["archive of {}", () => archive({}), "source", /without paretoFront; allowed: a list/],
    ["archive of nothing", () => archive(undefined), "source", /source is undefined; allowed/],
    ["archive of text", () => archive("paretoFront"), "source", /is "paretoFront"; allowed/],
    ["archive of objects", () => archive([genome, {}]), "source.1", genomeWanted],
    [
      "a front that is none",
      () => archive({ paretoFront: null }),
      "paretoFront",
      /is null; allowed: a list/,
    ],
    ["notes", () => archive({ paretoFront: [], notes: 1 }), "notes", /is 1; allowed/],
    ["draw null", () => svg(null), "genomes", /genomes is null; allowed: a list/],
    ["draw objects", () => svg([{}]), "genomes.0", genomeWanted],
    ["null options", () => svg([genome], null), "options", /is null; allowed/],
    ["unknown option", () => svg([genome], { size: 1 }), "size", /allowed: x, y/],
    ["an axis", () => svg([genome], { x: "toString" }), "x", /x is "toString"; allowed: accuracy/],
    ["a title", () => svg([genome], { title: 1 }), "title", /is 1; allowed: text/],
    [
      "marks",
      () => svg([genome], { marks: [null] }),
      "marks",
      /allowed: a list of \{ label, genome \}/,
    ],
    [
      "a mark",
      () => svg([genome], { marks: [{ label: "l", genome: 1 }] }),
      "marks.0.genome",
      genomeWanted,
    ],
  ];
  it.each(cases)("%s", async (_, run, path, message) => {
    const error: unknown = await (async () => run())().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ path, message: expect.stringMatching(message) });
  });
});

describe("messages about documents", () => {
  const data = JSON.parse(exportToString(genome)) as { layers: object[] };
  const layer = (patch: object) =>
    JSON.stringify({ ...data, layers: [{ ...data.layers[0], ...patch }] });
  const cases: [document: string, message: string][] = [
    [
      JSON.stringify({ ...data, layers: [] }),
      "layers is an empty list; allowed: a list of at least 1",
    ],
    [JSON.stringify({ ...data, layers: undefined }), "layers is missing; allowed: a list"],
    [layer({ name: "" }), 'layers.0.name is ""; allowed: text of at least 1 character'],
    [
      layer({ weightBits: 7 }),
      "layers.0.weightBits is 7; allowed: 1, 1.58, 2, 3, 4, 5, 6, 8, 16, 32",
    ],
    [layer({ groupSize: 0.5 }), "layers.0.groupSize is 0.5; allowed: an integer"],
    [layer({ groupSize: 0 }), "layers.0.groupSize is 0; allowed: a number at least 1"],
    [layer({ useSymmetric: "no" }), 'layers.0.useSymmetric is "no"; allowed: true or false'],
    [
      layer({ weight: { scale: [0], zeroPoint: [0] } }),
      "layers.0.weight.scale.0 is 0; allowed: a number above 0",
    ],
    [
      layer({ weight: { scale: [1], zeroPoint: [70000] } }),
      "layers.0.weight.zeroPoint.0 is 70000; allowed: a number at most 65535",
    ],
    [
      layer({ weight: { scale: [1], zeroPoint: [0, 0] } }),
      "layers.0.weight.zeroPoint is a list of 2; allowed: as many zero points as scales",
    ],
    ["kind: a\n--- \nb: c\n", "line 2: there is a second document; allowed: one"],
    ["kind: a\n...\nb: c\n", "line 3: there is a second document; allowed: one"],
    [
      "kind: 'a\n",
      "line 2: a quote, bracket, comma, colon or space is missing; allowed: one document of " +
        "YAML 1.2",
    ],
    ["kind:\n\t- a\n", "line 2: a tab indents the line; allowed: spaces"],
  ];
  it.each(cases)("%s", (document, message) => {
    expect(() => parseQuantizationConfig(document)).toThrow(InvalidDocumentError);
    expect(() => parseQuantizationConfig(document)).toThrow(message);
  });
});
