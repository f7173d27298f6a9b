import type { History, Point } from "../contract";
import { askHistory } from "./ask";
import { part } from "./parts";
import { RANGES, type Stretch } from "./range";

/** The past of a monitor in a stretch of time, which begins where the monitor did if that is later. */
export interface Course {
  history: History;
  stretch: Stretch;
  /** Whether it was never looked at before this stretch: then what is empty at its beginning is no gap. */
  isYoung: boolean;
}

/** No part is shorter: the engine remembers no better. */
const PART_LEAST = 15_000;

/**
 * Asks how `monitor` was in `stretch`, in as many parts as `parts` says. A monitor that began within it is asked about
 * again from there on, so that little is not drawn as much of nothing; `ask` is for tests.
 */
export async function askCourse(
  monitor: string,
  stretch: Stretch,
  parts: (stretch: Stretch) => number,
  ask: typeof askHistory = askHistory,
): Promise<Course> {
  const of = ({ from, to }: Stretch, count: number) => ask(monitor, new Date(from), new Date(to), count);
  const history = await of(stretch, parts(stretch));
  if (begun(history.points) === 0) return { history, stretch, isYoung: false };
  const before = await of({ from: stretch.to - RANGES.year, to: stretch.from }, 1);
  if (begun(before.points) < before.points.length) return { history, stretch, isYoung: false };
  return { ...(await nearer({ history, stretch })), isYoung: true };

  /** Twice, since a part in which it began is much of nothing itself, as long as the parts of a day are. */
  async function nearer(course: Omit<Course, "isYoung">, rounds = 2): Promise<Omit<Course, "isYoung">> {
    const first = course.history.points[begun(course.history.points)];
    if (!first || rounds === 0) return course;
    const since = { from: Date.parse(first.from), to: stretch.to };
    const shorter = { ...since, from: Math.min(since.from, since.to - PART_LEAST * parts(since)) };
    if (shorter.from <= course.stretch.from) return course;
    return nearer({ history: await of(shorter, parts(shorter)), stretch: shorter }, rounds - 1);
  }
}

/** How many parts pass before anything is known. */
export function begun(points: readonly Point[]): number {
  const first = points.findIndex((point) => part(point) !== "unseen");
  return first < 0 ? points.length : first;
}
