import { LIMITS } from "../wire/limits.js";

/**
 * Takes a note about a model: what was found, and the node or tensor that it was found at. Notes
 * of one text are told as one.
 */
export type Note = (text: string, subject?: string) => void;

/** Subjects that are named; of the others the number is told. */
const NAMED = 4;

/** Gathers notes, those of one kind in one line. */
export class NoteList {
  /** Subjects by text, in the order of their first note. */
  readonly #subjects = new Map<string, Set<string>>();

  /** Adds a note; one that is there already is told once. */
  readonly add: Note = (text, subject) => {
    let subjects = this.#subjects.get(text);
    if (subjects === undefined) {
      if (this.#subjects.size >= LIMITS.notes) return;
      subjects = new Set();
      this.#subjects.set(text, subjects);
    }
    if (subject !== undefined) subjects.add(subject);
  };

  /** The notes: `subject: text`, or for several subjects `text (subject, subject and 3 more)`. */
  lines(): string[] {
    return [...this.#subjects].map(([text, subjects]) => {
      if (subjects.size === 0) return text;
      if (subjects.size === 1) return `${[...subjects][0]}: ${text}`;
      const named = [...subjects].slice(0, NAMED).join(", ");
      const rest = subjects.size - NAMED;
      return `${text} (${named}${rest > 0 ? ` and ${rest} more` : ""})`;
    });
  }
}
