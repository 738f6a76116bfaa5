import { HardwareTarget } from "../contract.js";
import { loadHardwareProfile } from "../profile/load-hardware-profile.js";
import type { HardwareProfile } from "../profile/profile-schema.js";
import { appleNeuralEngine } from "./apple-neural-engine.js";
import { armDot } from "./arm-dot.js";
import { armNeon } from "./arm-neon.js";
import { figure } from "./figure.js";
import { qualcommHexagon } from "./qualcomm-hexagon.js";

const FIT =
  "fitted to the rows of the owner's document (1.75e9 weights, one token, serial sum of " +
  "arithmetic and bytes); not a measurement";
const fitted = <Unit extends string>(value: number, unit: Unit, why = "") =>
  figure(value, unit, "calibrated", why === "" ? FIT : `${FIT}; ${why}`);

interface Row {
  readonly gmacs: Readonly<Record<string, number>>;
  readonly pj: Readonly<Record<string, number>>;
  readonly dramGBs: number;
  readonly dramPj: number;
  readonly staticW: number;
  /** Factor on the MACs of asymmetric weights, where the table needs another than the device. */
  readonly asymmetric?: number;
}

/**
 * A default device adapted to the document's table. It keeps the support rules, and fits every
 * figure that the table depends on. It has no cost besides arithmetic, weights and power, since the
 * table has no other.
 */
function preset(base: HardwareProfile, name: string, row: Row): HardwareProfile {
  const {
    fusion,
    outputChannelTile,
    halfRateOutputs,
    depthwiseGmacsPerSecond,
    conversion,
    validation,
    ...rest
  } = base;
  const rates = (table: Readonly<Record<string, number>>, unit: "GMAC/s" | "pJ/MAC") =>
    Object.fromEntries(
      Object.entries(table).map(([format, value]) => [format, fitted(value, unit)]),
    );
  return loadHardwareProfile({
    ...rest,
    name,
    deviceId: "owner-document",
    device:
      "none: reproduces the table of the owner's document, 1.75e9 parameters, one token at batch 1",
    gmacsPerSecond: { ...base.gmacsPerSecond, ...rates(row.gmacs, "GMAC/s") },
    energyPerMacPj: { ...base.energyPerMacPj, ...rates(row.pj, "pJ/MAC") },
    efficiency: {},
    halfRateReuse: fitted(0, "MAC/weight", "the rates above are those of one token"),
    dram: {
      bandwidthGBs: fitted(row.dramGBs, "GB/s"),
      energyPerBytePj: fitted(row.dramPj, "pJ/B"),
    },
    overlap: fitted(0, "share", "the serial sum of section 7.2 of the hardware facts"),
    overheadPerOperatorUs: fitted(0, "us"),
    overheadPerGraphUs: fitted(0, "us"),
    staticPowerW: fitted(row.staticW, "W"),
    formats: {
      ...base.formats,
      ...(row.asymmetric === undefined
        ? {}
        : {
            weightSchemes: {
              ...base.formats.weightSchemes,
              asymmetric: {
                ...base.formats.weightSchemes.asymmetric,
                computePenalty: fitted(row.asymmetric, "x"),
              },
            },
          }),
      container: {
        name:
          "as small as the table says: 0.9 GB are 4.125 bits a weight, groups of 128 with " +
          "16-bit scales",
        scaleBits: fitted(16, "bit"),
        zeroPointBits: fitted(8, "bit"),
      },
      granularities: {
        ...base.formats.granularities,
        "per-group": {
          ...base.formats.granularities["per-group"],
          scalePenalty: fitted(0, "MAC/group"),
        },
      },
    },
  });
}

/**
 * Presets that reproduce the owner's "Hardware Performance" table, for the four targets that it has
 * rows for. They fit about twenty figures to twelve numbers. So they are a regression test of the
 * document, not evidence about devices.
 *
 * The document contradicts itself: 7 B parameters are 28 GB in float32, and its 7.0 GB are 1.75 B.
 * The presets take the 7.0 GB.
 */
export const ownerDocumentDevices: readonly HardwareProfile[] = /* @__PURE__ */ Object.freeze([
  preset(armNeon, `owner-document ${HardwareTarget.ARM_NEON}`, {
    gmacs: { float32: 28, int8: 36 },
    pj: { float32: 75, int8: 33 },
    dramGBs: 17,
    dramPj: 152,
    staticW: 2.15,
    asymmetric: 1.5,
  }),
  preset(armDot, `owner-document ${HardwareTarget.ARM_DOT}`, {
    gmacs: { int8: 114 },
    pj: { int8: 20 },
    dramGBs: 17,
    dramPj: 150,
    staticW: 2.45,
  }),
  preset(qualcommHexagon, `owner-document ${HardwareTarget.QUALCOMM_HEXAGON}`, {
    gmacs: { int8: 178 },
    pj: { int8: 3 },
    dramGBs: 13.8,
    dramPj: 130,
    staticW: 1.15,
  }),
  preset(appleNeuralEngine, `owner-document ${HardwareTarget.APPLE_NEURAL_ENGINE}`, {
    gmacs: { int8: 1650 },
    pj: { int8: 1 },
    dramGBs: 21.5,
    dramPj: 130,
    staticW: 3.1,
  }),
]);
