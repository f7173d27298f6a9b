import type { Figures, Point } from "../contract";
import { askHistory, askStatus } from "./ask";
import { Wanted } from "./wanted";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Into so many parts the day is divided in the bar of a row. */
export const PARTS = 30;

let all = $state.raw<ReadonlyMap<string, Figures>>(new Map());
let version = $state(0);

const days = new Wanted<Point[]>(
  async (monitor) => {
    const now = Date.now();
    return (await askHistory(monitor, new Date(now - DAY_MS), new Date(now), PARTS)).points;
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
  day(monitor: string): Point[] | undefined {
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
