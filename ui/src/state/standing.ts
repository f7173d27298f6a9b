import type { Health, Standing } from "../contract";

/** How well something may be, as the engine sees it: what is worst first. */
export const STANDINGS: readonly Standing[] = ["down", "doubtful", "recovering", "unknown", "well", "idle"];

/** How many of `all` are how well: whoever counts, counts this. */
export function standings(all: Iterable<{ standing: Standing }>): Record<Standing, number> {
  const counts: Record<Standing, number> = { down: 0, doubtful: 0, recovering: 0, unknown: 0, well: 0, idle: 0 };
  for (const { standing } of all) counts[standing] += 1;
  return counts;
}

/** The mark and the word that fit how well something is. */
export function standingMark(standing: Standing): Health {
  switch (standing) {
    case "down":
      return "down";
    case "doubtful":
      return "suspect";
    case "recovering":
      return "recovering";
    case "unknown":
      return "unknown";
    case "well":
      return "up";
    case "idle":
      return "paused";
  }
}
