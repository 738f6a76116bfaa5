import { UnsupportedError } from "../errors.js";
import type { LayerQuantConfig } from "./layer-quant-config.js";

/**
 * A map that is filled once and then stays as it is, for those whom the type `ReadonlyMap` does not
 * stop.
 */
export class LayerConfigMap extends Map<string, LayerQuantConfig> {
  /** Puts an entry in before anybody else has the map. */
  static put(map: LayerConfigMap, name: string, config: LayerQuantConfig): void {
    put.call(map, name, config);
  }
  override set(): never {
    return refuse();
  }
  override delete(): never {
    return refuse();
  }
  override clear(): never {
    return refuse();
  }
}

const put = Map.prototype.set;

function refuse(): never {
  throw new UnsupportedError(
    "layerConfigs",
    "a genome's layerConfigs never change; make another genome: genome.with({ layerConfigs: " +
      "new Map(genome.layerConfigs).set(name, config) })",
  );
}
