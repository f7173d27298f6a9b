import type { Phase, Point } from "../contract";

/** How long each phase took, in milliseconds, in their order. */
export type Spent = readonly (readonly [Phase, number])[];

/** Every phase, in their order. */
export const PHASES: readonly Phase[] = ["dns", "connect", "tls", "send", "first_byte", "body", "run", "assertion"];

/** The phases that any of `points` has, in their order. */
export function phasesOf(points: readonly Point[]): Phase[] {
  const known = new Set(points.flatMap(({ phases_ms }) => phases_ms ?? []).map(([phase]) => phase));
  return PHASES.filter((phase) => known.has(phase));
}

/** How long the phases took on average over `points`, each of which weighs as much as was observed of it. */
export function spentOver(points: readonly Point[]): Spent {
  const timed = points.filter(({ phases_ms, observed }) => (phases_ms?.length ?? 0) > 0 && observed > 0);
  const whole = timed.reduce((sum, { observed }) => sum + observed, 0);
  const mean = (phase: Phase) =>
    timed.reduce((sum, point) => sum + spentIn(point, phase) * point.observed, 0) / (whole || 1);
  return phasesOf(timed).map((phase) => [phase, mean(phase)]);
}

/** How long `phase` took in `point`. */
export function spentIn({ phases_ms }: Point, phase: Phase): number {
  return phases_ms?.find(([known]) => known === phase)?.[1] ?? 0;
}
