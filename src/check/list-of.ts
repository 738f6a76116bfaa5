import { z } from "zod";

/** How long a list may be. */
export interface ListBounds {
  /** Default 0. */
  readonly min?: number;
  /** Default: no bound. */
  readonly max?: number;
}

/**
 * The schema of a list that stops at its first faulty item, and looks at no item of a list that is
 * too long. `z.array` keeps an issue of every item, half a kilobyte each: a text of 10 MB of zeros
 * in the place of objects then takes gigabytes.
 */
export function listOf<T extends z.ZodType>(
  item: T,
  { min = 0, max = Number.POSITIVE_INFINITY }: ListBounds = {},
): z.ZodType<z.output<T>[]> {
  // Nothing is looked at in items that are unknown, and a list out of bounds is not passed on.
  const list = z.array(z.unknown()).min(min).max(max);
  return list.transform((items, context) => {
    const found: z.output<T>[] = [];
    for (const [i, value] of items.entries()) {
      const { data, error } = item.safeParse(value);
      const [issue] = error?.issues ?? [];
      if (issue !== undefined) {
        context.addIssue({ ...issue, path: [i, ...issue.path], input: items } as never);
        return z.NEVER;
      }
      found.push(data as z.output<T>);
    }
    return found;
  });
}
