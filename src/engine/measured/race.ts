import type { Individual } from "../../operators/contract.js";
import type { MeasuredRecord } from "./measured-record.js";
import { pairedDifference } from "./paired-difference.js";

/** Standard errors by which a rival must lead: a one-sided error of 5%. */
const LEAD = 1.645;

/**
 * Those that have not lost yet. A genome has lost when a rival that costs no more in anything else was better on the
 * samples that both were judged on by more than chance explains ({@link pairedDifference}, {@link LEAD}). Losers
 * are not measured any further; a genome without scores of samples never loses.
 */
export function stillRacing(
  contenders: readonly Individual[],
  rivals: readonly Individual[],
  record: MeasuredRecord,
): readonly Individual[] {
  return contenders.filter(
    (contender) =>
      !rivals.some(
        (rival) =>
          rival.genome.key !== contender.genome.key &&
          costsNoMore(rival, contender) &&
          isClearlyBetter(rival, contender, record),
      ),
  );
}

/** In every objective after the first, which is accuracy. */
export function costsNoMore(a: Individual, b: Individual): boolean {
  return a.objectives.every((value, k) => k === 0 || value <= b.objectives[k]!);
}

/** More accurate by more than chance explains. */
export function isClearlyBetter(a: Individual, b: Individual, record: MeasuredRecord): boolean {
  const [better, worse] = [record.scoresOf(a.genome), record.scoresOf(b.genome)];
  if (better === undefined || worse === undefined) return false;
  const { mean, standardError } = pairedDifference(better, worse);
  return mean > LEAD * standardError;
}
