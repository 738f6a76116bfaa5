import type { Individual } from "../../evaluation/individual.js";
import { costsNoMore } from "./costs-no-more.js";
import { isClearlyBetter, type SampleScores } from "./paired-difference.js";

/**
 * Those that have not lost yet. A genome has lost when a rival that costs no more in anything else
 * was more accurate on the samples that both were judged on by more than chance explains (see
 * {@link isClearlyBetter}). Losers are not measured any further; a genome without scores of samples
 * never loses.
 */
export function stillRacing(
  contenders: readonly Individual[],
  rivals: readonly Individual[],
  scores: SampleScores,
): readonly Individual[] {
  return contenders.filter(
    (contender) =>
      !rivals.some(
        (rival) =>
          rival.genome.key !== contender.genome.key &&
          costsNoMore(rival.objectives, contender.objectives) &&
          isClearlyBetter(rival.genome, contender.genome, scores),
      ),
  );
}
