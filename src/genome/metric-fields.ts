import { z } from "zod";

const nonNegative = z.number().min(0);

/** Fields that metrics have in every notation; each adds `violations` in its own. */
export const metricFields = {
  accuracy: z.number().min(0).max(1),
  accuracyKind: z.enum(["predicted", "measured"]),
  accuracyMetric: z.string(),
  accuracyMetricValue: z.number(),
  accuracySamples: z.number().min(1).optional(),
  accuracyStandardError: nonNegative.optional(),
  accuracyInterval: z.tuple([z.number().min(0), z.number().max(1)]).optional(),
  compressionRatio: nonNegative,
  sizeBytes: nonNegative,
  storedBytes: nonNegative,
  fileBytes: nonNegative.optional(),
  inferenceLatencyMs: nonNegative,
  memoryFootprintMb: nonNegative,
  energyPerInferenceMj: nonNegative,
  latencyRelativeError: nonNegative.optional(),
  energyRelativeError: nonNegative.optional(),
  costKind: z.enum(["predicted", "measured"]),
  fitnessScore: z.number(),
};

/** Arguments of `refine`: an interval is in order and holds its accuracy. */
export const intervalRule: [(metrics: Judged) => boolean, { error: string; path: string[] }] = [
  ({ accuracy, accuracyInterval: [low, high] = [0, 1] }) => low <= accuracy && accuracy <= high,
  { error: "[low, high] with low <= accuracy <= high", path: ["accuracyInterval"] },
];

interface Judged {
  readonly accuracy: number;
  readonly accuracyInterval?: readonly [number, number] | undefined;
}
