import type { PlacedOperator, Placement, Reader } from "./placement.js";

/** What decides whether an operator computes on codes. */
export interface IntegerChoices {
  /** The layer's settings fit integer kernels: 8-bit activations, and weights that have one. */
  readonly fits: (layer: string) => boolean;
  /** The layer takes its activation in 8 bits. */
  readonly eight: (layer: string) => boolean;
  /** What is asked of a region: to stay in float, to be integer where possible, or neither. */
  readonly regionFormat: (region: string) => "auto" | "float" | "integer";
  /** The range of the value is known. */
  readonly covers: (value: string) => boolean;
}

/** A value that is rounded to codes. */
export interface CodedValue {
  readonly value: string;
  /** All that reads the value reads it rounded, not `readers` alone. */
  readonly everywhere: boolean;
  /** Those that compute on its codes. */
  readonly readers: readonly Reader[];
  /** The layer whose settings say how. */
  readonly layer: string;
  /** Values whose calibrated ranges it has, all of them together. */
  readonly ranges: readonly string[];
  /** The operator that makes it, where its integer kernel does. */
  readonly maker: PlacedOperator | undefined;
}

/** What computes on codes, and the values that are rounded for it. */
export interface IntegerPlacement {
  readonly operators: ReadonlySet<PlacedOperator>;
  readonly values: readonly CodedValue[];
}

/** Who makes and who reads the values of a graph. */
interface Wiring {
  readonly operators: readonly PlacedOperator[];
  readonly makers: ReadonlyMap<string, PlacedOperator>;
  readonly readers: ReadonlyMap<string, readonly PlacedOperator[]>;
  readonly returned: ReadonlySet<string>;
}

const wirings = new WeakMap<readonly PlacedOperator[], Wiring>();
const NONE: readonly PlacedOperator[] = [];

function wiringOf({ operators = [], returned = new Set() }: Placement): Wiring {
  const known = wirings.get(operators);
  if (known !== undefined) return known;
  const makers = new Map<string, PlacedOperator>();
  const readers = new Map<string, PlacedOperator[]>();
  for (const operator of operators) {
    for (const value of operator.makes) makers.set(value, operator);
    for (const { value } of operator.reads) {
      const list = readers.get(value);
      if (list === undefined) readers.set(value, [operator]);
      else list.push(operator);
    }
  }
  const wiring = { operators, makers, readers, returned };
  wirings.set(operators, wiring);
  return wiring;
}

/**
 * The operators that compute on codes: the largest set in which every operator has what its kernel
 * needs. A layer needs settings that fit; where its kernel exists only with a rounded result, every
 * layer that reads the result has to take it in 8 bits. What lies between layers needs operands
 * that are codes already, one of them at least from an integer kernel, and somebody who reads its
 * result as codes.
 */
export function integerPlacement(placement: Placement, choices: IntegerChoices): IntegerPlacement {
  const wiring = wiringOf(placement);
  const operators = integerOperators(wiring, choices);
  return { operators, values: codedValues(wiring, operators, choices) };
}

function integerOperators(wiring: Wiring, choices: IntegerChoices): Set<PlacedOperator> {
  const integer = new Set(wiring.operators.filter((operator) => isCandidate(operator, choices)));
  const native = nativeTest(wiring, integer, choices);
  for (let changed = true; changed; ) {
    changed = false;
    // One for a pass: what it remembers is of the set at the start, and the last pass changes none.
    const decider = layerFinder(wiring, native);
    for (const operator of integer)
      if (!keeps(operator, wiring, integer, choices, native, decider)) {
        integer.delete(operator);
        changed = true;
      }
  }
  return integer;
}

function isCandidate(operator: PlacedOperator, choices: IntegerChoices): boolean {
  const { kernel, layers, region, reads, makes } = operator;
  if (kernel.form === undefined || kernel.form === "clamp" || reads.length === 0) return false;
  if (!reads.every(({ value }) => choices.covers(value)) || !makes.every(choices.covers))
    return false;
  if (kernel.form === "layer") return kernel.pays !== false && layers.every(choices.fits);
  const asked = region === undefined ? "auto" : choices.regionFormat(region);
  return asked === "auto" ? kernel.pays !== false : asked === "integer";
}

type NativeTest = (value: string) => boolean;
type LayerFinder = (value: string) => string | undefined;

/** Whether a value is made as codes, so that all that reads it reads it rounded. */
function nativeTest(
  { makers, readers, returned }: Wiring,
  integer: ReadonlySet<PlacedOperator>,
  { eight }: IntegerChoices,
): NativeTest {
  // A value that thousands read is asked about by each of them.
  const wide = new Map<string, boolean>();
  const readInEight = (value: string, read: readonly PlacedOperator[]): boolean => {
    const known = wide.get(value) ?? read.every(({ layers }) => layers.every(eight));
    wide.set(value, known);
    return known;
  };
  return (value) => {
    const maker = makers.get(value);
    if (maker === undefined || !integer.has(maker)) return false;
    const read = readers.get(value) ?? NONE;
    if (!readInEight(value, read)) return false;
    // Without a rounded result the kernel gives floats, which float operators rather have.
    return maker.kernel.form !== "layer" || maker.kernel.roundedResult === true
      ? true
      : !returned.has(value) && read.length > 0 && read.every((one) => integer.has(one));
  };
}

function keeps(
  operator: PlacedOperator,
  wiring: Wiring,
  integer: ReadonlySet<PlacedOperator>,
  choices: IntegerChoices,
  native: NativeTest,
  decider: LayerFinder,
): boolean {
  const { kernel, reads, makes, region } = operator;
  if (kernel.form === "layer") return kernel.roundedResult !== true || makes.every(native);
  if (!makes.every(native)) return false;
  const forced = region !== undefined && choices.regionFormat(region) === "integer";
  // Codes that a layer reads anyway cost nothing more.
  const rounded = (value: string) =>
    native(value) ||
    (wiring.readers.get(value) ?? NONE).some(
      (one) => one.kernel.form === "layer" && integer.has(one),
    );
  const isReady =
    reads.some(({ value }) => native(value)) && reads.every(({ value }) => rounded(value));
  if (forced) {
    const values = [...reads.map(({ value }) => value), ...makes];
    if (!values.every((value) => choices.eight(decider(value) ?? ""))) return false;
  } else if (!isReady) return false;
  if (kernel.channelsLast === "needs" && !channelsLast(reads[0]!.value, wiring, integer))
    return false;
  return (
    forced ||
    makes.some((value) => (wiring.readers.get(value) ?? NONE).some((one) => integer.has(one)))
  );
}

/** Whether the codes of a value lie channels last: integer convolutions made what it comes from. */
function channelsLast(
  value: string,
  { makers }: Wiring,
  integer: ReadonlySet<PlacedOperator>,
): boolean {
  const maker = makers.get(value);
  if (maker === undefined || !integer.has(maker)) return false;
  const { channelsLast: order } = maker.kernel;
  if (order === "starts") return true;
  if (order === undefined) return false;
  return maker.reads.every((read) => channelsLast(read.value, { makers } as Wiring, integer));
}

function codedValues(
  wiring: Wiring,
  integer: ReadonlySet<PlacedOperator>,
  choices: IntegerChoices,
): CodedValue[] {
  const native = nativeTest(wiring, integer, choices);
  const coded = new Map<string, { everywhere: boolean; readers: CodeReader[] }>();
  for (const operator of wiring.operators) {
    if (!integer.has(operator)) continue;
    for (const { value, input } of operator.reads) {
      const entry = coded.get(value) ?? { everywhere: native(value), readers: [] };
      coded.set(value, entry);
      entry.readers.push({ operator, input });
    }
    for (const value of operator.makes)
      if (native(value) && !coded.has(value)) coded.set(value, { everywhere: true, readers: [] });
  }
  const groups = rangeGroups(coded, integer);
  const decider = layerFinder(wiring, native);
  const layerOf = (value: string): string =>
    (coded.get(value)!.everywhere ? undefined : readingLayer(coded.get(value)!.readers)) ??
    decider(value)!;
  const firsts = new Map<readonly string[], string>();
  return [...coded].flatMap(([value, { everywhere, readers }]): CodedValue[] => {
    const ranges = groups.get(value)!;
    // Layers that read a value of a float operator have a format of their own each.
    if (!everywhere && readers.every(({ operator }) => operator.layers.length > 0))
      return readers.map((reader): CodedValue => {
        const layer = reader.operator.layers[0]!;
        return { value, everywhere, readers: plain([reader]), layer, ranges, maker: undefined };
      });
    // All values of a group have one format: that of the first of them.
    const first = firsts.get(ranges) ?? value;
    firsts.set(ranges, first);
    const maker = everywhere ? wiring.makers.get(value) : undefined;
    const layer = layerOf(first);
    return [{ value, everywhere, readers: plain(readers), layer, ranges, maker }];
  });
}

/** An operator that computes on the codes of a value, and at which operand. */
interface CodeReader {
  readonly operator: PlacedOperator;
  readonly input: number;
}

function plain(readers: readonly CodeReader[]): Reader[] {
  return readers.map(({ operator, input }) => ({ operator: operator.operator, input }));
}

function readingLayer(readers: readonly CodeReader[]): string | undefined {
  return readers.find(({ operator }) => operator.layers.length > 0)?.operator.layers[0];
}

/**
 * The layer that makes a value, maybe through others, of which those that compute on codes come
 * first; else the first that reads it.
 */
function layerFinder({ makers, readers }: Wiring, native: NativeTest): LayerFinder {
  const known = new Map<string, string | undefined>();
  const above = (value: string): string | undefined => {
    if (known.has(value)) return known.get(value);
    known.set(value, undefined);
    const maker = makers.get(value);
    let found = maker?.layers[0];
    const read = maker?.reads.map((one) => one.value) ?? [];
    for (const one of [...read.filter(native), ...read]) found ??= above(one);
    known.set(value, found);
    return found;
  };
  const below = (value: string): string | undefined => {
    for (let next = [value], seen = new Set(next); next.length > 0; ) {
      const read = next.flatMap((one) => readers.get(one) ?? NONE);
      const layer = read.find(({ layers }) => layers.length > 0)?.layers[0];
      if (layer !== undefined) return layer;
      next = read.flatMap(({ makes }) => makes).filter((one) => !seen.has(one));
      for (const one of next) seen.add(one);
    }
    return undefined;
  };
  return (value) => above(value) ?? below(value);
}

/**
 * The values whose ranges each value has: of its group, which operators that move codes hold
 * together, those that hold all others.
 */
function rangeGroups(
  coded: ReadonlyMap<string, unknown>,
  integer: ReadonlySet<PlacedOperator>,
): Map<string, readonly string[]> {
  const parent = new Map<string, string>();
  const find = (value: string): string => {
    let root = value;
    while (parent.has(root)) root = parent.get(root)!;
    return root;
  };
  const held = new Set<string>();
  for (const { kernel, reads, makes } of integer) {
    if (kernel.form !== "pass" && kernel.form !== "join") continue;
    const inputs = reads.map(({ value }) => value).filter((value) => coded.has(value));
    const outputs = makes.filter((value) => coded.has(value));
    const [first, ...others] = [...inputs, ...outputs];
    for (const other of others) {
      const [a, b] = [find(first!), find(other)];
      if (a !== b) parent.set(b, a);
    }
    for (const value of kernel.form === "pass" ? outputs : inputs) held.add(value);
  }
  const members = new Map<string, string[]>();
  for (const value of coded.keys()) {
    const root = find(value);
    const list = members.get(root);
    if (list === undefined) members.set(root, [value]);
    else list.push(value);
  }
  const groups = new Map<string, readonly string[]>();
  for (const list of members.values()) {
    const sources = list.filter((value) => !held.has(value));
    const ranges = sources.length > 0 ? sources : list;
    for (const value of list) groups.set(value, ranges);
  }
  return groups;
}
