import type { RunStatus, StepStatus } from "../contract";
import type { Stretch } from "./range";

/** A place on a time line: shares of its length, from 0 to 1. */
export interface Lane {
  from: number;
  length: number;
}

/** So many marks stand on a time line at most. */
const TICKS_MAX = 6;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The spans between two marks, in milliseconds; beyond the last, whole days. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12, 24].map((count) => count * HOUR),
];

const known = (moments: readonly (string | null | undefined)[]): number[] =>
  moments.filter((moment) => moment != null).map((moment) => Date.parse(moment));

/** From when to when `run` went; to `now`, or when a step is tried again, while it goes on. */
export function stretch({ began, ended, steps }: RunStatus, now: number): Stretch {
  // What was kept of an earlier run is of another time.
  const own = steps.filter(({ kept }) => !kept);
  const from = Math.min(Date.parse(began), ...known(own.map((step) => step.began)));
  const later = known(
    own.flatMap((step) => [step.began, step.ended, ended ? null : step.retry_at, step.undo?.began, step.undo?.ended]),
  );
  return { from, to: Math.max(from + 1, ended ? Date.parse(ended) : now, ...later) };
}

/** Where on `stretch` a step was under way, or was taken back; nothing of one that was not begun in this run. */
export function lane(
  { began, ended, kept }: Pick<StepStatus, "began" | "ended" | "kept">,
  stretch: Stretch,
  now: number,
): Lane | null {
  if (began === null || kept) return null;
  const first = Date.parse(began);
  return share(first, Math.max(first, ended ? Date.parse(ended) : now), stretch);
}

/** Where a step waits to be tried again. */
export function pause({ state, retry_at }: StepStatus, stretch: Stretch, now: number): Lane | null {
  if (state !== "retrying" || retry_at == null || Date.parse(retry_at) <= now) return null;
  return share(now, Date.parse(retry_at), stretch);
}

function share(first: number, end: number, { from, to }: Stretch): Lane {
  const whole = to - from;
  const within = (at: number) => Math.min(1, Math.max(0, (at - from) / whole));
  return { from: within(first), length: within(end) - within(first) };
}

/** The marks on a time line of `stretch`: how long after its beginning, in milliseconds, at equal distances. */
export function ticks({ from, to }: Stretch): number[] {
  const whole = to - from;
  const day = 24 * HOUR;
  const step = STEPS.find((step) => whole / step < TICKS_MAX) ?? Math.ceil(whole / day / (TICKS_MAX - 1)) * day;
  return Array.from({ length: Math.floor(whole / step) + 1 }, (_, index) => index * step);
}
