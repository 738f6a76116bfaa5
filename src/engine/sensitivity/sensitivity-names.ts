/** Sensitivity metrics that a configuration can name. */
export const SENSITIVITY_NAMES = ["predicted", "weight-noise", "accuracy-drop"] as const;
/** The name of a built-in sensitivity metric, for a configuration. */
export type SensitivityName = (typeof SENSITIVITY_NAMES)[number];
