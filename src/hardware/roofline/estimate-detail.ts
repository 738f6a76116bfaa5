import type { FormatConversion, LayerCost } from "../contract.js";
import { summarizeSupport } from "../profile/summarize-support.js";

/** What of an estimate is only worked out when somebody reads it. */
export class EstimateDetail {
  readonly #work: () => { layers: LayerCost[]; conversions: FormatConversion[] };
  #parts: { layers: LayerCost[]; conversions: FormatConversion[] } | undefined;
  #summary: ReturnType<typeof summarizeSupport> | undefined;

  /** @param work works out costs by layer and conversions; called once at most */
  constructor(work: () => { layers: LayerCost[]; conversions: FormatConversion[] }) {
    this.#work = work;
  }

  get layers(): readonly LayerCost[] {
    return this.#both().layers;
  }

  get conversions(): readonly FormatConversion[] {
    return this.#both().conversions;
  }

  get notes(): readonly string[] {
    return this.#summarize().notes;
  }

  get refusedLayers(): readonly string[] {
    return this.#summarize().refusedLayers;
  }

  #both() {
    this.#parts ??= this.#work();
    return this.#parts;
  }

  #summarize() {
    this.#summary ??= summarizeSupport(this.layers);
    return this.#summary;
  }
}
