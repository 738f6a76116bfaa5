/** Sensitivity metrics that a configuration may name. */
export const SENSITIVITY_NAMES = ["predicted", "weight-noise", "accuracy-drop"] as const;
/** One of the metrics that a configuration may name. */
export type SensitivityName = (typeof SENSITIVITY_NAMES)[number];
