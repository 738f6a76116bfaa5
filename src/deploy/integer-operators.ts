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
  const search = new IntegerSearch(wiringOf(placement), choices);
  search.run();
  return { operators: search.integer, values: codedValues(search) };
}

/** Starts from all operators that may be integer, and takes out those that lack something. */
class IntegerSearch {
  readonly integer: Set<PlacedOperator>;
  /** How many reads of a value are by operators in the set, and by layers in the set. */
  readonly #integerReads = new Map<string, number>();
  readonly #layerReads = new Map<string, number>();
  /** Values that some layer reads in other widths. */
  readonly #wide = new Set<string>();
  readonly #deciders: ReadonlyMap<string, string>;

  constructor(
    readonly wiring: Wiring,
    readonly choices: IntegerChoices,
  ) {
    const { operators } = wiring;
    this.#deciders = decidingLayers(wiring, choices.eight);
    this.integer = new Set(operators.filter((operator) => this.#isCandidate(operator)));
    for (const operator of this.integer) this.#count(operator, 1);
    for (const { reads, layers } of operators)
      if (!layers.every(choices.eight)) for (const { value } of reads) this.#wide.add(value);
  }

  run(): void {
    let doubtful: Iterable<PlacedOperator> = [...this.integer];
    for (;;) {
      this.#shrink(doubtful);
      const misplaced = this.#misplaced();
      if (misplaced.length === 0) return;
      doubtful = misplaced.flatMap((operator) => this.#remove(operator));
    }
  }

  /** The value is made as codes, so that all that reads it reads it rounded. */
  isNative(value: string): boolean {
    const maker = this.wiring.makers.get(value);
    if (maker === undefined || !this.integer.has(maker) || this.#wide.has(value)) return false;
    const { form, roundedResult } = maker.kernel;
    if (form !== "layer" || roundedResult === true) return true;
    // Without a rounded result the kernel gives floats, which float operators rather have.
    const reads = this.wiring.readers.get(value)?.length ?? 0;
    const rounded = this.#integerReads.get(value) ?? 0;
    return !this.wiring.returned.has(value) && reads > 0 && rounded === reads;
  }

  /** The layer whose settings a value has that no layer of its own decides. */
  decider(value: string): string {
    return this.#deciders.get(value) ?? "";
  }

  #isCandidate(operator: PlacedOperator): boolean {
    const { kernel, layers, reads, makes } = operator;
    const { covers, fits, eight } = this.choices;
    if (kernel.form === undefined || kernel.form === "clamp" || reads.length === 0) return false;
    if (!reads.every(({ value }) => covers(value)) || !makes.every(covers)) return false;
    if (kernel.form === "layer") return kernel.pays !== false && layers.every(fits);
    // Without a layer of 8 bits nobody says how to round what it makes, or reads.
    const values = [...makes, ...(this.#isForced(operator) ? reads.map(({ value }) => value) : [])];
    return this.#isAsked(operator) && values.every((value) => eight(this.decider(value)));
  }

  #isAsked({ kernel, region }: PlacedOperator): boolean {
    const asked = region === undefined ? "auto" : this.choices.regionFormat(region);
    return asked === "auto" ? kernel.pays !== false : asked === "integer";
  }

  #isForced({ region }: PlacedOperator): boolean {
    return region !== undefined && this.choices.regionFormat(region) === "integer";
  }

  #count({ kernel, reads }: PlacedOperator, by: 1 | -1): void {
    for (const { value } of reads) {
      this.#integerReads.set(value, (this.#integerReads.get(value) ?? 0) + by);
      if (kernel.form === "layer")
        this.#layerReads.set(value, (this.#layerReads.get(value) ?? 0) + by);
    }
  }

  /** @returns the operators that may have lost what they need */
  #remove(operator: PlacedOperator): PlacedOperator[] {
    this.integer.delete(operator);
    this.#count(operator, -1);
    const { makers, readers } = this.wiring;
    const touched = operator.makes.flatMap((value) => readers.get(value) ?? NONE);
    for (const { value } of operator.reads) {
      const maker = makers.get(value);
      if (maker !== undefined) touched.push(maker);
      // The last layer that read it as codes is gone, or the first reader in float has come.
      const reads = readers.get(value) ?? NONE;
      const left = this.#integerReads.get(value) ?? 0;
      if (!this.#layerReads.get(value) || left === reads.length - 1) touched.push(...reads);
    }
    return touched.filter((one) => this.integer.has(one));
  }

  #shrink(doubtful: Iterable<PlacedOperator>): void {
    const waiting = [...doubtful];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
      if (this.integer.has(next) && !this.#keeps(next))
        for (const one of this.#remove(next)) waiting.push(one);
  }

  #keeps(operator: PlacedOperator): boolean {
    const { kernel, reads, makes } = operator;
    const native = (value: string) => this.isNative(value);
    if (kernel.form === "layer") return kernel.roundedResult !== true || makes.every(native);
    if (!makes.every(native)) return false;
    if (this.#isForced(operator)) return true;
    // Codes that a layer reads anyway cost nothing more.
    const rounded = (value: string) => native(value) || (this.#layerReads.get(value) ?? 0) > 0;
    return (
      reads.some(({ value }) => native(value)) &&
      reads.every(({ value }) => rounded(value)) &&
      makes.some((value) => (this.#integerReads.get(value) ?? 0) > 0)
    );
  }

  /** Operators that need codes with channels last, and have others. */
  #misplaced(): PlacedOperator[] {
    const last = new Set<string>();
    const misplaced: PlacedOperator[] = [];
    for (const operator of this.wiring.operators) {
      const { kernel, reads, makes } = operator;
      const { channelsLast } = kernel;
      if (channelsLast === undefined || !this.integer.has(operator)) continue;
      const isLast = channelsLast === "starts" || reads.every(({ value }) => last.has(value));
      if (isLast) for (const value of makes) last.add(value);
      else if (channelsLast === "needs") misplaced.push(operator);
    }
    return misplaced;
  }
}

/**
 * The layer that makes each value, maybe through operators without weights, of several one with
 * 8-bit activations; for what no layer makes the first that reads it, maybe through others.
 */
function decidingLayers(
  { operators }: Wiring,
  eight: (layer: string) => boolean,
): ReadonlyMap<string, string> {
  const deciders = new Map<string, string>();
  for (const { layers, reads, makes } of operators) {
    const found = reads.flatMap(({ value }) => deciders.get(value) ?? []);
    const layer = layers[0] ?? found.find(eight) ?? found[0];
    if (layer !== undefined) for (const value of makes) deciders.set(value, layer);
  }
  const readers = new Map<string, string>();
  for (const { layers, reads, makes } of operators.toReversed()) {
    const layer =
      layers[0] ?? makes.map((value) => readers.get(value)).find((one) => one !== undefined);
    if (layer !== undefined) for (const { value } of reads) readers.set(value, layer);
  }
  for (const [value, layer] of readers) if (!deciders.has(value)) deciders.set(value, layer);
  return deciders;
}

function codedValues(search: IntegerSearch): CodedValue[] {
  const { wiring, integer } = search;
  const coded = new Map<string, { everywhere: boolean; readers: CodeReader[] }>();
  for (const operator of wiring.operators) {
    if (!integer.has(operator)) continue;
    for (const { value, input } of operator.reads) {
      const entry = coded.get(value) ?? { everywhere: search.isNative(value), readers: [] };
      coded.set(value, entry);
      entry.readers.push({ operator, input });
    }
    for (const value of operator.makes)
      if (search.isNative(value) && !coded.has(value))
        coded.set(value, { everywhere: true, readers: [] });
  }
  const groups = rangeGroups(coded, integer);
  const layerOf = (value: string): string => {
    const { everywhere, readers } = coded.get(value)!;
    return (everywhere ? undefined : readingLayer(readers)) ?? search.decider(value);
  };
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
