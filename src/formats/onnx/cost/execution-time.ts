import type { IntegerPlacement } from "../../../deploy/integer-operators.js";
import type { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import { conversionsUs, conversionUs, layerOf, roundingUs } from "./conversion-times.js";
import { KERNEL_TIMES } from "./kernel-times.js";
import { recurrentUs } from "./layer-times.js";
import { layoutsOf } from "./layout-changes.js";
import type { ModelTimes, Timed } from "./model-times.js";
import { channelsLastUs, plainPoolUs } from "./operator-times.js";

/** Microseconds of one run: of each layer with what lies behind it, and of the rest. */
export interface ExecutionTime {
  readonly layersUs: Float64Array;
  readonly restUs: number;
}

/** The time of a run in which the operators of `found` compute on codes. */
export function executionTime(
  times: ModelTimes,
  found: IntegerPlacement,
  configs: readonly LayerQuantConfig[],
): ExecutionTime {
  const layersUs = new Float64Array(configs.length);
  let restUs = 0;
  visitTimes(times, found, configs, (layer, us) => {
    if (layer >= 0) layersUs[layer]! += us;
    else restUs += us;
  });
  return { layersUs, restUs };
}

/** The parts of {@link executionTime}: operators, conversions and changes of layout. */
export function visitTimes(
  times: ModelTimes,
  found: IntegerPlacement,
  configs: readonly LayerQuantConfig[],
  charge: (layer: number, us: number, part: Timed | { readonly value: string }) => void,
): void {
  const layouts = layoutsOf(times, found);
  for (const one of times.timed) {
    if (layouts.joins.has(one)) continue;
    let us = operatorUs(one, found, configs, times.coldMb);
    if (layouts.last.has(one)) us += channelsLastUs(one.operator, one.work);
    const { operator, work } = one;
    const plain = !found.operators.has(operator) && !layouts.blocked.has(operator.makes[0] ?? "");
    if (plain) us += plainPoolUs(operator, work);
    charge(one.layer, us, one);
  }
  for (const change of layouts.changes)
    charge(
      change.layer,
      conversionUs(KERNEL_TIMES.reorder, times.elements(change.value), times.coldMb),
      change,
    );
  for (const coded of found.values)
    charge(layerOf(times, coded), conversionsUs(times, found, coded), coded);
}

function operatorUs(
  one: Timed,
  found: IntegerPlacement,
  configs: readonly LayerQuantConfig[],
  coldMb: number,
): number {
  if (found.operators.has(one.operator)) return one.integerUs;
  const config = configs[one.layer];
  const { type, layers, reads } = one.operator;
  if (config === undefined || layers.length === 0) return one.floatUs;
  const { activationBits, weightBits } = config;
  if (type === "LSTM" && activationBits === 8 && weightBits <= 8)
    return recurrentUs(one.work, true);
  const rounds = (activationBits === 4 || activationBits === 16) && reads.length > 0;
  return one.floatUs + (rounds ? roundingUs(one.work.inputs, coldMb) : 0);
}
