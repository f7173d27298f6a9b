/** A stretch of time that a chart shows. */
export interface Stretch {
  from: number;
  to: number;
}

const HOUR = 3_600_000;

/** The stretches there are to choose from, in milliseconds. */
export const RANGES = { hour: HOUR, day: 24 * HOUR, week: 168 * HOUR, month: 720 * HOUR, year: 8760 * HOUR } as const;

export type Range = keyof typeof RANGES;

/** Into so many parts a stretch is divided; a part is no shorter than the engine remembers well. */
const PARTS = 240;
const PART_LEAST = 15_000;

/** The last `range` before `now`. */
export const last = (range: Range, now: number): Stretch => ({ from: now - RANGES[range], to: now });

export function parts({ from, to }: Stretch): number {
  return Math.max(12, Math.min(PARTS, Math.round((to - from) / PART_LEAST)));
}

/** The milliseconds after which a chart of `stretch` is worth asking for again. */
export function staleAfter({ from, to }: Stretch): number {
  return Math.max(10_000, (to - from) / PARTS);
}
