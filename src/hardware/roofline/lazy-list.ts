/** Key of the function that fills a list, until it has run. */
const WORK = Symbol("work");

interface Unfilled<T> extends Array<T> {
  [WORK]?: (() => readonly T[]) | undefined;
}

function filled<T>(list: Unfilled<T>): T[] {
  const work = list[WORK];
  if (work !== undefined) {
    const items = work();
    delete list[WORK];
    for (const item of items) list.push(item);
    Object.freeze(list);
  }
  return list;
}

const HANDLER: ProxyHandler<Unfilled<never>> = {
  get: (list, key) => Reflect.get(filled(list), key),
  has: (list, key) => Reflect.has(filled(list), key),
  ownKeys: (list) => Reflect.ownKeys(filled(list)),
  getOwnPropertyDescriptor: (list, key) => Reflect.getOwnPropertyDescriptor(filled(list), key),
  set: () => false,
  defineProperty: () => false,
  deleteProperty: () => false,
};

/**
 * A read-only list whose items are computed when it is first read. It is a plain property of an
 * estimate, so `{ ...estimate }` keeps it. Four accessors would cost more than summing 50 layers.
 */
export function lazyList<T>(work: () => readonly T[]): readonly T[] {
  const list: Unfilled<T> = [];
  list[WORK] = work;
  return new Proxy(list, HANDLER as ProxyHandler<Unfilled<T>>);
}
