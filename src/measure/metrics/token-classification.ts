import { EvaluationError, InvalidArgumentError } from "../../errors.js";
import { fingerprint } from "../../numeric/fingerprint.js";
import { checkChoice, checkInteger, checkMetricOptions } from "./check-metric.js";
import type { Metric, MetricOptions } from "./metric.js";
import {
  argMax,
  type ClassIndices,
  classIndicesOf,
  readClassIndices,
  scoreRows,
} from "./outputs/score-rows.js";
import { readOutputs } from "./outputs/select-output.js";
import { jackknifeResult } from "./scores/jackknife.js";
import { judgedShare } from "./scores/judged-share.js";
import { f1Score } from "./scores/ranking.js";

/** How {@link tokenClassification} judges. */
export interface TokenClassificationOptions extends MetricOptions {
  /** `f1`: of tokens that are not outside, or with `tags` of whole entities. Default f1. */
  readonly measure?: "f1" | "accuracy" | undefined;
  /** Class of tokens that are none of the others, an integer from 0. Default 0. */
  readonly outside?: number | undefined;
  /**
   * The tag of each class in the form B-PER, I-PER, O: F1 then counts entities whose span and type
   * are both right.
   */
  readonly tags?: readonly string[] | undefined;
}

/**
 * Judges a class for each token [batch, time, classes]. F1 is the micro average over all classes
 * but the outside one, tokens that are outside for both left out; with `tags` that of entities, as
 * CoNLL-2003 and seqeval count them: an I tag that follows no entity of its type begins one. The
 * value is the score. F1 has no scores of samples and the delete-a-group jackknife's error;
 * accuracy is the share of right tokens.
 * @param labels the right class of each token, [batch, time] flattened; below 0 not judged
 * @throws InvalidArgumentError or InvalidDataError for other labels or options; from `evaluate`
 *   EvaluationError when they do not fit the output
 */
export function tokenClassification(
  labels: ClassIndices,
  options: TokenClassificationOptions = {},
): Metric {
  checkMetricOptions(options, ["measure", "outside", "tags"]);
  const { measure = "f1", outside = 0, tags, output } = options;
  checkChoice("measure", measure, ["f1", "accuracy"]);
  checkInteger("outside", outside, 0);
  if (tags !== undefined) checkTags(tags);
  const wanted = readClassIndices(labels, "labels");
  const how = `${measure} ${outside} ${tags?.join(" ") ?? ""}`;
  return {
    name: tags === undefined ? `token ${measure}` : "entity f1",
    identity: `token ${how} ${output ?? ""} ${fingerprint(wanted)}`,
    outputs: readOutputs(output),
    judgesPart: true,
    evaluate(outputs, _, call) {
      const scores = scoreRows(outputs, output, call);
      const truth = classIndicesOf(wanted, scores, "labels", call?.partial === true);
      if (measure === "accuracy")
        return judgedShare(scores, (row) =>
          truth[row]! < 0 ? undefined : argMax(scores, row) === truth[row],
        );
      if (tags !== undefined && tags.length < scores.classes)
        throw new EvaluationError(
          "metric.tags",
          `there are ${tags.length} tags for ${scores.classes} classes; allowed: one for each`,
        );
      const { starts } = scores;
      const counts = starts.slice(1).map((end, sample) => {
        const rows = Array.from({ length: end - starts[sample]! }, (_, i) => starts[sample]! + i);
        const judged = rows.filter((row) => truth[row]! >= 0);
        const found = judged.map((row) => argMax(scores, row));
        const right = judged.map((row) => truth[row]!);
        return tags === undefined
          ? countMatches(tokens(found, outside), tokens(right, outside))
          : countMatches(entities(found, tags), entities(right, tags));
      });
      return jackknifeResult(
        counts.length,
        (keep) => {
          const total = { truePositives: 0, falsePositives: 0, falseNegatives: 0 };
          counts.forEach(({ both, found, right }, sample) => {
            if (!keep(sample)) return;
            total.truePositives += both;
            total.falsePositives += found - both;
            total.falseNegatives += right - both;
          });
          return f1Score(total);
        },
        // Nothing is to be found, and nothing is.
        1,
      );
    },
  };
}

function checkTags(tags: readonly string[]): void {
  const wrong = Array.isArray(tags) ? tags.findIndex((tag) => !/^(O|[BI]-.+)$/.test(tag)) : 0;
  if (wrong < 0 && tags.length > 0) return;
  throw new InvalidArgumentError(
    "tags",
    `tags has ${JSON.stringify(tags?.[wrong])}; allowed: the tag of each class, O or B-TYPE or ` +
      "I-TYPE",
  );
}

/** Each token that is not outside, by place and class. */
function tokens(classes: readonly number[], outside: number): Set<string> {
  return new Set(classes.flatMap((each, at) => (each === outside ? [] : [`${at} ${each}`])));
}

/** Each entity, by first place, last place and type. */
function entities(classes: readonly number[], tags: readonly string[]): Set<string> {
  const found = new Set<string>();
  let start = 0;
  let type = "";
  [...classes.map((each) => tags[each]!), "O"].forEach((tag, at) => {
    const next = tag === "O" ? "" : tag.slice(2);
    if (type !== "" && (next !== type || tag.startsWith("B-")))
      found.add(`${start} ${at - 1} ${type}`);
    if (next !== type || tag.startsWith("B-")) start = at;
    type = next;
  });
  return found;
}

function countMatches(
  found: ReadonlySet<string>,
  right: ReadonlySet<string>,
): { both: number; found: number; right: number } {
  const both = [...found].filter((each) => right.has(each)).length;
  return { both, found: found.size, right: right.size };
}
