export { type ArchiveSource, archiveToString } from "./archive-to-string.js";
export type { CheckpointStore } from "./checkpoint-store.js";
export { type ExportContext, exportToString } from "./export-to-string.js";
export type { LayerCalibration } from "./genome-data.js";
export { type MergedArchive, type MergeSource, mergeArchives } from "./merge-archives.js";
export {
  type FrontAxis,
  type FrontMark,
  type ParetoFrontSvgOptions,
  paretoFrontSvg,
} from "./pareto-front-svg.js";
export {
  type ArchiveDocument,
  type DocumentFormat,
  parseArchive,
  parseQuantizationConfig,
  parseQuantizationDocument,
  type QuantizationDocument,
} from "./parse-quantization-config.js";
export { writeQuantizationConfig } from "./write-quantization-config.js";
