import type { Phase, Point } from "../contract";

/** How long each phase took, in milliseconds, in their order. */
export type Spent = readonly (readonly [Phase, number])[];

/** Every phase, in their order. */
export const PHASES: readonly Phase[] = ["dns", "connect", "tls", "send", "first_byte", "body", "run", "assertion"];

/** How long `phase` took in `point`. */
export function spentIn({ phases_ms }: Point, phase: Phase): number {
  return phases_ms?.find(([known]) => known === phase)?.[1] ?? 0;
}
