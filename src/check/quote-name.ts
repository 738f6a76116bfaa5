import { escapeControls } from "../errors.js";

/** A name in quotes, cut short where it is very long: models come from anywhere. */
export function quoteName(name: string): string {
  return escapeControls(JSON.stringify(name.length > 120 ? `${name.slice(0, 117)}...` : name));
}
