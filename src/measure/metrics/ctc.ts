import { describeValue } from "../../check/describe-value.js";
import { quoteName } from "../../check/quote-name.js";
import { EvaluationError, InvalidArgumentError } from "../../errors.js";
import { fingerprint } from "../../numeric/fingerprint.js";
import { checkInteger, checkMetricOptions } from "./check-metric.js";
import type { Metric, MetricCall, MetricOptions, OutputTensor } from "./metric.js";
import { isIds } from "./outputs/decisions.js";
import { elements } from "./outputs/output-samples.js";
import { readOutputs, requireReference, selectOutput } from "./outputs/select-output.js";
import { editDistance } from "./scores/edit-distance.js";
import { relativeErrorResult } from "./scores/relative-error.js";

/** How {@link ctc} judges. */
export interface CtcOptions extends MetricOptions {
  /** Class of the blank, an integer from 0. Default 0. */
  readonly blank?: number | undefined;
  /** The output is [time, batch, classes] and not [batch, time, classes]. Default false. */
  readonly timeMajor?: boolean | undefined;
  /**
   * The character of each class, that of the blank included (any); needed when the texts are
   * strings.
   */
  readonly characters?: readonly string[] | undefined;
}

/**
 * Character error rate of connectionist temporal classification (text in pictures, speech): the
 * greatest score of each step, repetitions and blanks left out (greedy decoding: Graves et al.,
 * 2006), against the texts by edits over the texts' characters together. Integers [batch, time] are
 * taken as classes.
 *
 * The value is the rate, 0 at best. The score is 1 - 0.99 rate up to a rate of 1, which an empty
 * answer has, and 0.01 / rate beyond. A sample's score is 1 - 0.99 of its edits over the mean
 * length; the standard error is that of a mean over samples.
 * @param texts of each sample, as text or as classes without blanks; undefined: what the float
 *   model reads
 * @throws InvalidArgumentError for other texts or options; from `evaluate` EvaluationError when
 *   they do not fit the output
 */
export function ctc(
  texts?: readonly (string | readonly number[])[] | undefined,
  options: CtcOptions = {},
): Metric {
  checkMetricOptions(options, ["blank", "timeMajor", "characters"]);
  const { blank = 0, timeMajor = false, characters, output } = options;
  checkInteger("blank", blank, 0);
  const wanted = texts === undefined ? undefined : readTexts(texts, characters);
  const truth = wanted ? wanted.map((text) => text.join()).join(";") : "float";
  return {
    name: "character error rate",
    identity: `ctc ${blank} ${timeMajor} ${output ?? ""} ${fingerprint(truth)}`,
    outputs: readOutputs(output),
    needsReference: wanted === undefined,
    judgesPart: true,
    evaluate(outputs, reference, call) {
      const decode = (tensor: OutputTensor & { readonly name: string }) =>
        decodeGreedy(tensor, blank, timeMajor);
      const found = decode(selectOutput(outputs, output, call));
      const all = wanted ?? decode(selectOutput(requireReference(reference, "ctc"), output, call));
      requireTexts(all.length, found.length, call);
      // Of all texts, so that a part is judged as the whole is.
      const length = all.reduce((sum, text) => sum + text.length, 0) / all.length || 1;
      return relativeErrorResult(found.map((text, i) => editDistance(text, all[i]!) / length));
    },
  };
}

function requireTexts(texts: number, samples: number, call: MetricCall | undefined): void {
  if (call?.partial === true ? texts >= samples : texts === samples) return;
  throw new EvaluationError(
    "metric.texts",
    `there are ${texts} texts for ${samples} samples; allowed: one for each`,
  );
}

function readTexts(
  texts: readonly (string | readonly number[])[],
  characters: readonly string[] | undefined,
): (readonly number[])[] {
  const isText = (text: unknown) =>
    typeof text === "string" || (Array.isArray(text) && text.every(Number.isInteger));
  if (!Array.isArray(texts) || texts.length === 0 || !texts.every(isText))
    throw new InvalidArgumentError(
      "texts",
      `texts is ${describeValue(texts)}; allowed: a list of 1 text or more, each a string or a ` +
        "list of classes",
    );
  const needed = texts.some((text) => typeof text === "string");
  const isList =
    Array.isArray(characters) && characters.every((character) => typeof character === "string");
  if ((needed || characters !== undefined) && !isList)
    throw new InvalidArgumentError(
      "characters",
      `characters is ${describeValue(characters)}; allowed: the character of each class, a list ` +
        "of strings, which texts as strings need",
    );
  const classes = new Map(characters?.map((character, index) => [character, index]));
  return texts.map((text: string | readonly number[]) =>
    // What the model cannot write counts as an error.
    typeof text === "string" ? [...text].map((character) => classes.get(character) ?? -1) : text,
  );
}

/** The classes of each sample, without repetitions and blanks. */
function decodeGreedy(
  { data, dims, batchDims = [dims], name }: OutputTensor & { readonly name: string },
  blank: number,
  timeMajor: boolean,
): number[][] {
  const found: number[][] = [];
  let start = 0;
  for (const given of batchDims) {
    const shape = scoreShape(given, isIds(data), timeMajor);
    if (shape.length !== 3)
      throw new EvaluationError(
        "metric.output",
        `output ${quoteName(name)} has dims [${given.join(", ")}]; allowed: scores ` +
          `${timeMajor ? "[time, batch, classes]" : "[batch, time, classes]"}, or integers ` +
          "without the last",
      );
    const [samples, steps] = timeMajor ? [shape[1]!, shape[0]!] : [shape[0]!, shape[1]!];
    const classes = shape[2]!;
    for (let sample = 0; sample < samples; sample++) {
      const path = Array.from({ length: steps }, (_, step) => {
        const row = timeMajor ? step * samples + sample : sample * steps + step;
        const at = start + row * classes;
        return isIds(data) ? Number(data[at]) : greatest(data as ArrayLike<number>, at, classes);
      });
      found.push(path.filter((each, step) => each !== blank && each !== path[step - 1]));
    }
    start += elements(shape);
  }
  return found;
}

/** Ids are scores of one class; what has no batch is one sample. */
function scoreShape(given: readonly number[], ids: boolean, timeMajor: boolean): readonly number[] {
  const shape = ids ? [...given, 1] : given;
  if (shape.length !== 2) return shape;
  return timeMajor ? [shape[0]!, 1, shape[1]!] : [1, ...shape];
}

function greatest(data: ArrayLike<number>, start: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if (data[start + c]! > data[start + best]!) best = c;
  return best;
}
