import type { Adapter } from "./adapter-site.js";
import {
  clipBoundsToInputs,
  dftAxisToInput,
  dropoutMaskToBool,
  dropoutRatioToInput,
  padsToInputs,
  sliceBoundsToInputs,
  topKCountToInput,
} from "./attributes-to-inputs.js";
import { axesToInput, splitCountsOutputs, splitSizesToInput } from "./axes-to-input.js";
import {
  batchNormalizationInference,
  batchNormalizationSpatial,
  groupNormalizationPerChannel,
} from "./normalization.js";
import { poolDropsPaddingWindows } from "./pooling.js";
import { castToFnuz, scanHasNoBatch } from "./refusals.js";
import {
  gridSampleModeNames,
  resizeFrom10,
  resizeFrom11,
  roiAlignKeepsCoordinates,
  upsampleFrom9,
  upsampleScalesToInput,
  upsampleToResize10,
} from "./resampling.js";
import { softmaxFlattens } from "./softmax.js";

/** Reduce operators whose axes stayed an attribute until 18; ReduceSum changed at 13. */
const REDUCE_18 = "L1 L2 LogSum LogSumExp Max Mean Min Prod SumSquare".split(" ");

/**
 * The breaking changes, by the opset that made them and then by operator. No other step of an
 * operator up to 26 changes a meaning (compared over all schemas of ONNX). Those steps add element
 * types, attributes whose default is the old meaning, or optional inputs and outputs. Or they
 * restate what implementations did already.
 */
const ADAPTERS: ReadonlyMap<number, ReadonlyMap<string, Adapter>> = new Map(
  Object.entries({
    9: {
      Upsample: upsampleScalesToInput,
      BatchNormalization: batchNormalizationSpatial,
      Scan: scanHasNoBatch,
    },
    10: {
      Dropout: dropoutMaskToBool,
      Slice: sliceBoundsToInputs,
      TopK: topKCountToInput,
      Upsample: upsampleToResize10,
    },
    11: {
      Clip: clipBoundsToInputs,
      Pad: padsToInputs,
      Resize: resizeFrom10,
      Upsample: upsampleFrom9,
      Scatter: (site) => {
        site.node.opType = "ScatterElements";
      },
    },
    12: { Dropout: dropoutRatioToInput },
    13: {
      Softmax: softmaxFlattens,
      LogSoftmax: softmaxFlattens,
      Hardmax: softmaxFlattens,
      Squeeze: axesToInput,
      Unsqueeze: axesToInput,
      ReduceSum: axesToInput,
      Split: splitSizesToInput,
      Resize: resizeFrom11,
    },
    14: { BatchNormalization: batchNormalizationInference },
    16: { RoiAlign: roiAlignKeepsCoordinates },
    18: {
      ...Object.fromEntries(REDUCE_18.map((name) => [`Reduce${name}`, axesToInput])),
      Split: splitCountsOutputs,
    },
    20: { DFT: dftAxisToInput, GridSample: gridSampleModeNames },
    21: { GroupNormalization: groupNormalizationPerChannel },
    22: { MaxPool: poolDropsPaddingWindows, AveragePool: poolDropsPaddingWindows },
    24: { Cast: castToFnuz, CastLike: castToFnuz },
  } satisfies Record<number, Record<string, Adapter>>).map(([version, byName]) => [
    Number(version),
    new Map(Object.entries<Adapter>(byName)),
  ]),
);

/** What the step to `opset` asks for, by operator; undefined when that step breaks nothing. */
export function adaptersAt(opset: number): ReadonlyMap<string, Adapter> | undefined {
  return ADAPTERS.get(opset);
}
