import type { FormatConversion, LayerCost } from "../contract.js";
import { summarizeSupport } from "../profile/summarize-support.js";

/** The details of an estimate, which are computed when they are first read. */
export class EstimateDetail {
  readonly #work: () => { layers: LayerCost[]; conversions: FormatConversion[] };
  #parts: { layers: LayerCost[]; conversions: FormatConversion[] } | undefined;
  #summary: ReturnType<typeof summarizeSupport> | undefined;

  /** @param work computes costs by layer and conversions; called at most once */
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
