export { type ArchiveSource, archiveToString } from "./documents/archive-to-string.js";
export { type ExportContext, exportToString } from "./documents/export-to-string.js";
export type { LayerCalibration } from "./documents/genome-data.js";
export { type MergedArchive, type MergeSource, mergeArchives } from "./documents/merge-archives.js";
export {
  type ArchiveDocument,
  type DocumentFormat,
  parseArchive,
  parseQuantizationConfig,
  parseQuantizationDocument,
  type QuantizationDocument,
} from "./documents/parse-quantization-config.js";
export { writeQuantizationConfig } from "./documents/write-quantization-config.js";
export type { CheckpointStore } from "./engine/checkpoint/checkpoint-store.js";
export { foldFront } from "./report/fold-front.js";
export {
  type FrontAxis,
  type FrontMark,
  type ParetoFrontSvgOptions,
  paretoFrontSvg,
} from "./report/pareto-front-svg.js";
