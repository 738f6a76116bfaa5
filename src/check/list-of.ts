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
  const bounds = z.array(z.unknown()).min(min).max(max);
  return z.unknown().transform((list, context): z.output<T>[] => {
    const refuse = (error: z.core.$ZodError, path: readonly PropertyKey[]) => {
      const [issue] = error.issues;
      context.addIssue({ ...issue, path: [...path, ...(issue?.path ?? [])], input: list } as never);
      return z.NEVER;
    };
    const checked = bounds.safeParse(list);
    if (!checked.success) return refuse(checked.error, []);
    const found: z.output<T>[] = [];
    for (const [i, value] of checked.data.entries()) {
      const parsed = item.safeParse(value);
      if (!parsed.success) return refuse(parsed.error, [i]);
      found.push(parsed.data);
    }
    return found;
  });
}
