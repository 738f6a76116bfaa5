import { InvalidArgumentError } from "../errors.js";
import { type Gene, type GeneValue, MODEL } from "../genes/gene.js";
import type { GeneKind } from "../genes/gene-kind.js";
import {
  hasEffect,
  type LayerQuantConfigFields,
  type LayerSpace,
  SEARCHED_SETTINGS,
  type SettingName,
  settingOf,
} from "../genes/precision.js";
import type { SearchSpace } from "../genes/search-space.js";
import { drawShare, stepChoice } from "../genes/step.js";
import type { ModelSpec } from "../model/layer-spec.js";
import { tiedUnits } from "../model/units.js";
import type { Random } from "../random/random.js";
import { checkUnit } from "./check-unit.js";
import { geneValuesOf } from "./gene-values.js";
import { LayerQuantConfig } from "./layer-quant-config.js";
import { QuantizationGenome } from "./quantization-genome.js";

/** What a {@link GeneSpace} is made from. */
export interface GeneSpaceOptions {
  /** Choices of each layer, and the layers that have equal settings. */
  readonly space: SearchSpace;
  /**
   * Settings that are fixed, by layer name; tied layers have the same. They hold whatever the space
   * says.
   */
  readonly pinned?: ReadonlyMap<string, Partial<LayerQuantConfigFields>> | undefined;
  /**
   * All layers have the same weight bits and the same activation bits, as far as these are not
   * pinned.
   */
  readonly uniformPrecision?: boolean | undefined;
  /** Parameters of each layer, carried into every genome. Default: unknown. */
  readonly parameterCounts?: ReadonlyMap<string, number> | undefined;
  /** Genes beside the settings of layers, each with the model that has their places. */
  readonly kinds?: readonly GeneKind[] | undefined;
  /** Needed where there are `kinds`. */
  readonly model?: ModelSpec | undefined;
}

/** Layers that have equal settings, or one layer: variation moves them as a whole. */
export interface Unit {
  /** In model order. */
  readonly layers: readonly string[];
  /** What each of them may become. */
  readonly space: LayerSpace;
  /** Parameters of all of them, at least 1. */
  readonly parameterCount: number;
}

/** Places of the genes that decide about one owner. */
export interface GeneOwner {
  readonly name: string;
  /** Layers that its genes hold for, in model order. */
  readonly layers: readonly string[];
  readonly genes: readonly number[];
}

/**
 * The search space as genes: a genome is a vector of choices, one for each gene, which search and
 * variation work on. {@link QuantizationGenome} is its decoded view. Settings without a choice
 * (pinned, or of one value) have no gene.
 *
 * Tied layers share their genes, as all layers share those of their bits under uniform precision:
 * no vector breaks a tie or a pin, so there is nothing to repair.
 */
export class GeneSpace {
  readonly genes: readonly Gene[];
  /** Choices of each gene. */
  readonly counts: Uint16Array;
  /** Every layer is in one unit; in model order of their first layers. */
  readonly units: readonly Unit[];
  /** Whose genes there are, in the order of the genes. */
  readonly owners: readonly GeneOwner[];
  readonly parameterCounts: ReadonlyMap<string, number>;
  /** What each layer may become, in model order. */
  readonly layers: ReadonlyMap<string, LayerSpace>;
  /** Groups of layers that have equal settings. */
  readonly ties: readonly (readonly string[])[];
  /** All layers have the same bits, as far as they are not pinned. */
  readonly uniformPrecision: boolean;
  readonly #kinds: ReadonlyMap<string, GeneKind>;
  readonly #coders: readonly UnitCoder[];
  readonly #places = new Map<string, number>();
  readonly #layerNames: readonly string[];
  readonly #unitOfLayer: readonly number[];
  /** By the first layer of each. */
  readonly #unitByOwner: ReadonlyMap<string, number>;

  /** @throws InvalidArgumentError when all layers are to have equal bits and have none in common */
  constructor(options: GeneSpaceOptions) {
    const { space, pinned = new Map(), uniformPrecision = false, kinds = [] } = options;
    this.parameterCounts = options.parameterCounts ?? new Map();
    this.layers = space.layers;
    this.ties = space.ties;
    this.uniformPrecision = uniformPrecision;
    this.#kinds = new Map(kinds.map((kind) => [kind.name, kind]));
    this.#layerNames = [...space.layers.keys()];
    const unitOf = new Map<string, number>();
    const units = tiedUnits(this.#layerNames, space.ties).map((layers, at): Unit => {
      for (const layer of layers) unitOf.set(layer, at);
      const count = layers.reduce((sum, name) => sum + (this.parameterCounts.get(name) ?? 0), 0);
      return {
        layers,
        space: space.layers.get(layers[0]!)!,
        parameterCount: Math.max(1, count),
      };
    });
    this.units = units;
    this.#unitByOwner = new Map(units.map(({ layers }, at) => [layers[0]!, at]));
    this.#unitOfLayer = this.#layerNames.map((name) => unitOf.get(name)!);

    const genes: Gene[] = [];
    const owners: { name: string; layers: readonly string[]; genes: number[] }[] = [];
    const add = (gene: Gene): number => {
      let owner = owners.at(-1);
      if (owner?.name !== gene.owner) {
        owner = { name: gene.owner, layers: gene.layers, genes: [] };
        owners.push(owner);
      }
      owner.genes.push(genes.length);
      this.#places.set(placeKey(gene.owner, gene.name), genes.length);
      return genes.push(gene) - 1;
    };
    const shared = new Map<SettingName, number>();
    const common = new Map<SettingName, readonly GeneValue[]>();
    if (uniformPrecision)
      for (const { name, choices } of SEARCHED_SETTINGS) {
        if (!UNIFORM.includes(name)) continue;
        const free = units.filter(({ layers }) => pinned.get(layers[0]!)?.[name] === undefined);
        if (free.length === 0) continue;
        const values = commonValues(free.map((unit) => unit.space[choices]));
        if (values.length === 0)
          throw new InvalidArgumentError(
            name,
            `the layers have no ${name} in common; allowed: layers that can all be alike, or ` +
              "mixed precision",
          );
        common.set(name, values);
        const layers = free.flatMap((unit) => unit.layers);
        if (values.length > 1)
          shared.set(name, add({ ...declared(name), owner: MODEL, layers, choices: values }));
      }
    const tables = new Map<string, ConfigTable>();
    this.#coders = units.map((unit) => {
      const [owner] = unit.layers as [string];
      const fixed: Record<string, unknown> = { ...pinned.get(owner) };
      const coded: { name: SettingName; gene: number; choices: readonly GeneValue[] }[] = [];
      for (const { name, choices: field } of SEARCHED_SETTINGS) {
        if (fixed[name] !== undefined) continue;
        const choices = common.get(name) ?? (unit.space[field] as readonly GeneValue[]);
        if (choices.length === 0) continue;
        if (choices.length === 1) fixed[name] = choices[0];
        else {
          const gene =
            shared.get(name) ?? add({ ...declared(name), owner, layers: unit.layers, choices });
          coded.push({ name, gene, choices });
        }
      }
      const key = JSON.stringify([fixed, coded.map(({ name, choices }) => [name, choices])]);
      let table = tables.get(key);
      if (table === undefined) {
        table = new ConfigTable(coded, fixed as Partial<LayerQuantConfigFields>);
        tables.set(key, table);
      }
      return { genes: Int32Array.from(coded, ({ gene }) => gene), table };
    });
    for (const kind of kinds)
      for (const place of kind.places(options.model!)) {
        if (!place.choices.includes(kind.default))
          throw new InvalidArgumentError(
            `genes.${kind.name}`,
            `the choices of ${kind.name} of ${JSON.stringify(place.owner)} are ` +
              `${place.choices.join(", ") || "none"}; allowed: choices that have the default ` +
              `${String(kind.default)} among them`,
          );
        if (place.choices.length > 1) {
          const { name, ordered, share } = kind;
          add({ name, ordered, share, ...place });
        }
      }
    this.genes = genes;
    this.owners = mergedOwners(owners);
    this.counts = Uint16Array.from(genes, ({ choices }) => choices.length);
  }

  /** The place of an owner's gene; -1 when there is nothing to choose. */
  indexOf(owner: string, name: string): number {
    return this.#places.get(placeKey(owner, name)) ?? -1;
  }

  /**
   * The place of the gene that decides a setting of a unit; -1 when there is nothing to choose.
   * @param unit place among `units`
   * @throws InvalidArgumentError when there is no such unit or setting
   */
  geneOfUnit(unit: number, name: SettingName): number {
    const coder = this.#coders[unit];
    const at = coder?.table.names.indexOf(name) ?? -1;
    if (at < 0) checkUnit(unit, this.units.length, name);
    return at < 0 ? -1 : coder!.genes[at]!;
  }

  /**
   * Settings of a unit's layers. The same object for the same choices.
   * @throws InvalidArgumentError when there is no such unit
   */
  configOf(vector: Uint16Array, unit: number): LayerQuantConfig {
    const coder = this.#coders[unit];
    if (coder === undefined) checkUnit(unit, this.units.length);
    const { genes, table } = coder!;
    return table.entry(vector, genes).config;
  }

  /** Whether a gene has an effect beside the others. */
  isActive(vector: Uint16Array, gene: number): boolean {
    const { owner, name } = this.genes[gene]!;
    if (owner === MODEL || this.#kinds.has(name)) return true;
    const { genes, table } = this.#coders[this.#unitByOwner.get(owner)!]!;
    return !table.entry(vector, genes).idle.includes(genes.indexOf(gene));
  }

  /**
   * Sets every gene that has no effect to the choice that its setting prefers, in place: genomes
   * that quantize alike have one vector.
   */
  normalize(vector: Uint16Array): void {
    for (const { genes, table } of this.#coders) {
      const { idle } = table.entry(vector, genes);
      for (const at of idle) vector[genes[at]!] = table.preferred[at]!;
    }
  }

  /** The genome that a vector stands for. Unevaluated. */
  decode(vector: Uint16Array): QuantizationGenome {
    const configs = this.#coders.map(({ genes, table }) => table.entry(vector, genes).config);
    const layerConfigs = new Map<string, LayerQuantConfig>();
    for (const [at, name] of this.#layerNames.entries())
      layerConfigs.set(name, configs[this.#unitOfLayer[at]!]!);
    return new QuantizationGenome({
      layerConfigs,
      parameterCounts: this.parameterCounts,
      ...(this.#kinds.size > 0 && { geneValues: this.#valuesOf(vector) }),
    });
  }

  #valuesOf(vector: Uint16Array) {
    const values: [string, string, GeneValue][] = [];
    for (const [at, gene] of this.genes.entries()) {
      const kind = this.#kinds.get(gene.name);
      if (kind === undefined) continue;
      const value = gene.choices[vector[at]!]!;
      if (value !== kind.default) values.push([gene.name, gene.owner, value]);
    }
    return geneValuesOf(values);
  }

  /**
   * The vector nearest to a genome: numbers go to the nearest choice, of two as near the larger,
   * other settings that are not among the choices to the one that is preferred; tied layers go to
   * the settings of the first of them. Layers that the genome lacks have preferred settings.
   */
  encode(genome: QuantizationGenome): Uint16Array {
    const vector = this.encodeUnits((unit) => {
      const config = genome.layerConfigs.get(unit.layers[0]!);
      return config?.calibrationMethod === undefined
        ? config?.with({ calibrationMethod: genome.calibrationMethod })
        : config;
    });
    for (const [at, gene] of this.genes.entries()) {
      const kind = this.#kinds.get(gene.name);
      if (kind === undefined) continue;
      const value = genome.geneValues.get(gene.name)?.get(gene.owner) ?? kind.default;
      vector[at] = choiceOf(gene, value, gene.choices.indexOf(kind.default));
    }
    return vector;
  }

  /**
   * The vector nearest to settings for each unit, see {@link GeneSpace.encode}; genes that are no
   * settings have their defaults. Under uniform precision the first unit decides the bits.
   * @param settingsOf undefined = the preferred ones
   */
  encodeUnits(
    settingsOf: (unit: Unit, index: number) => LayerQuantConfig | undefined,
  ): Uint16Array {
    const vector = new Uint16Array(this.genes.length);
    for (const [at, gene] of this.genes.entries()) {
      const kind = this.#kinds.get(gene.name);
      if (kind !== undefined) vector[at] = Math.max(0, gene.choices.indexOf(kind.default));
    }
    // Backwards, so that the first unit has the last word on genes that are shared.
    for (let unit = this.units.length - 1; unit >= 0; unit--) {
      const config = settingsOf(this.units[unit]!, unit);
      const { genes, table } = this.#coders[unit]!;
      for (let at = 0; at < genes.length; at++) {
        const place = genes[at]!;
        const value = config?.[table.names[at]!];
        vector[place] = choiceOf(this.genes[place]!, value, table.preferred[at]!);
      }
    }
    this.normalize(vector);
    return vector;
  }

  /**
   * One step of one gene of an owner, drawn by the shares of those that have an effect and another
   * choice, in place. Nothing changes where there is none.
   */
  stepOwner(vector: Uint16Array, owner: GeneOwner, random: Random): void {
    const movable = owner.genes.filter((gene) => this.isActive(vector, gene));
    if (movable.length === 0) return;
    const gene = movable[
      drawShare(
        movable.map((at) => this.genes[at]!.share),
        random,
      )
    ] as number;
    vector[gene] = stepChoice(this.counts[gene]!, vector[gene]!, this.genes[gene]!.ordered, random);
  }

  /**
   * Gives a unit settings, in place, when all that have an effect are among its choices.
   * @returns whether they are
   */
  setUnit(vector: Uint16Array, unit: number, config: LayerQuantConfig): boolean {
    const { genes, table } = this.#coders[unit]!;
    const wanted = table.names.map((name, at) =>
      hasEffect(name, config)
        ? this.genes[genes[at]!]!.choices.indexOf(config[name] as GeneValue)
        : vector[genes[at]!]!,
    );
    if (wanted.includes(-1)) return false;
    for (const [at, choice] of wanted.entries()) vector[genes[at]!] = choice;
    return true;
  }

  /** Draws every gene evenly from its choices. */
  draw(random: Random): Uint16Array {
    const vector = Uint16Array.from(this.counts, (count) => random.integer(count));
    this.normalize(vector);
    return vector;
  }
}

/** Settings that are the same in all layers under uniform precision. */
const UNIFORM: readonly SettingName[] = ["weightBits", "activationBits"];

const declared = (name: SettingName) => {
  const { ordered, share } = settingOf(name);
  return { name, ordered, share };
};

const placeKey = (owner: string, name: string) => `${name} ${owner}`;

function commonValues(lists: readonly (readonly GeneValue[])[]): readonly GeneValue[] {
  return lists.reduce((common, list) => common.filter((value) => list.includes(value)));
}

/** Owners that the same name brought together more than once are one. */
function mergedOwners(
  owners: readonly { name: string; layers: readonly string[]; genes: number[] }[],
): readonly GeneOwner[] {
  const merged = new Map<string, { name: string; layers: readonly string[]; genes: number[] }>();
  for (const owner of owners) {
    const known = merged.get(owner.name);
    if (known === undefined) merged.set(owner.name, { ...owner, genes: [...owner.genes] });
    else known.genes.push(...owner.genes);
  }
  return [...merged.values()];
}

/** Place of a value among the choices of a gene, or of the nearest number, or the preferred one. */
function choiceOf(gene: Gene, value: unknown, preferred: number): number {
  const at = gene.choices.indexOf(value as GeneValue);
  if (at >= 0) return at;
  if (typeof value !== "number" || !gene.ordered) return Math.max(0, preferred);
  const choices = gene.choices as readonly number[];
  return choices.reduce((best, choice, i) => {
    const closer = Math.abs(choice - value) - Math.abs(choices[best]! - value);
    return closer < 0 || (closer === 0 && choice > choices[best]!) ? i : best;
  }, 0);
}

/** The genes of a unit's settings, and what they mean. */
interface UnitCoder {
  readonly genes: Int32Array;
  readonly table: ConfigTable;
}

interface ConfigEntry {
  readonly config: LayerQuantConfig;
  /** Places among the table's settings that have no effect here. */
  readonly idle: readonly number[];
}

/** Settings by choices, made as they are asked for. Units that are alike share one. */
class ConfigTable {
  readonly names: readonly SettingName[];
  /**
   * The choice of each setting that stands for "no effect", and for values that are not allowed.
   */
  readonly preferred: readonly number[];
  readonly #choices: readonly (readonly GeneValue[])[];
  readonly #fixed: Partial<LayerQuantConfigFields>;
  readonly #entries = new Map<number, ConfigEntry>();

  constructor(
    coded: readonly { readonly name: SettingName; readonly choices: readonly GeneValue[] }[],
    fixed: Partial<LayerQuantConfigFields>,
  ) {
    this.names = coded.map(({ name }) => name);
    this.#choices = coded.map(({ choices }) => choices);
    this.#fixed = fixed;
    this.preferred = coded.map(({ name, choices }) =>
      Math.max(0, choices.indexOf(settingOf(name).default ?? PREFERRED_METHOD)),
    );
  }

  entry(vector: Uint16Array, genes: Int32Array): ConfigEntry {
    let code = 0;
    for (let at = 0; at < genes.length; at++)
      code = code * this.#choices[at]!.length + vector[genes[at]!]!;
    let entry = this.#entries.get(code);
    if (entry === undefined) {
      const fields: Record<string, unknown> = { ...this.#fixed };
      for (const [at, name] of this.names.entries())
        fields[name] = this.#choices[at]![vector[genes[at]!]!];
      let config = new LayerQuantConfig(fields as Partial<LayerQuantConfigFields>);
      // Bits decide what else has an effect and are never idle themselves.
      const idle = this.names.flatMap((name, at) => (hasEffect(name, config) ? [] : [at]));
      for (const at of idle)
        config = config.with({ [this.names[at]!]: this.#choices[at]![this.preferred[at]!] });
      entry = { config, idle };
      this.#entries.set(code, entry);
    }
    return entry;
  }
}

/** Calibration with the least squared error, where it is allowed. */
const PREFERRED_METHOD = "mse";
