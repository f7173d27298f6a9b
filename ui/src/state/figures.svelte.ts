import type { Figures, Point } from "../contract";
import { askStatus } from "./ask";
import { askCourse, begun } from "./begun";
import { Wanted } from "./wanted";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Into so many parts the day is divided in the bar of a row. */
export const PARTS = 30;

let all = $state.raw<ReadonlyMap<string, Figures>>(new Map());
let version = $state(0);

/** A day in parts. That of a monitor which is younger begins where it began, and its first parts may be before that. */
export interface Day {
  points: Point[];
  begun: number;
  isYoung: boolean;
}

const days = new Wanted<Day>(
  async (monitor) => {
    const now = Date.now();
    const { history, isYoung } = await askCourse(monitor, { from: now - DAY_MS, to: now }, () => PARTS);
    return { points: history.points, begun: isYoung ? begun(history.points) : 0, isYoung };
  },
  () => (version += 1),
  { atOnce: 4, remembered: 1000, staleAfter: 50_000 },
);

/** The last 24 hours. */
export const figures = {
  /** The figures of a monitor, once they are known. */
  of: (monitor: string): Figures | undefined => all.get(monitor),
  get all() {
    return all;
  },
  /** Its day in parts, once it is known. */
  day(monitor: string): Day | undefined {
    void version;
    return days.get(monitor);
  },
  /** Asks for the days of the monitors in view. */
  want: (monitors: readonly string[]) => days.want(monitors),
};

/** Asks for the figures of all monitors. */
export async function refreshFigures() {
  try {
    const { monitors } = await askStatus();
    all = new Map(monitors.map((monitor) => [monitor.name, monitor]));
  } catch {
    // The old figures stay; a lost engine is told elsewhere.
  }
}
