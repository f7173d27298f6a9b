import { expect, test } from "vitest";
import type { History, Point } from "../../src/contract";
import { askCourse, begun } from "../../src/state/begun";
import { bar } from "../../src/state/parts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-21T12:00:00Z");

/** The past of a monitor that was first checked at `first`, and not between `off[0]` and `off[1]`. */
const past = (first: number, off: readonly [number, number] = [0, 0]) => {
  const asked: [from: number, to: number, count: number][] = [];
  const ask = async (monitor: string, from: Date, to: Date, count: number): Promise<History> => {
    asked.push([from.getTime(), to.getTime(), count]);
    const step = (to.getTime() - from.getTime()) / count;
    const points = Array.from({ length: count }, (_, index): Point => {
      const [start, end] = [from.getTime() + index * step, from.getTime() + (index + 1) * step];
      const observed = end <= first || (start >= off[0] && end <= off[1]) ? 0 : step / 1000;
      const iso = { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
      const none = { inconclusive: 0, p50_ms: null, p95_ms: null, p99_ms: null };
      return { ...iso, ...none, observed, uptime: observed > 0 ? 1 : null };
    });
    return { monitor, points, observed: 0, inconclusive: 0, uptime: 1, p50_ms: 1, p95_ms: 1, p99_ms: 1 };
  };
  return { ask, asked };
};

const DAY = { from: NOW - 24 * HOUR, to: NOW };
const course = (world: ReturnType<typeof past>, parts = 24) => askCourse("web", DAY, () => parts, world.ask);

test("the past of a monitor that is older begins where one asks, and is asked for once", async () => {
  const world = past(NOW - 100 * HOUR);
  const { stretch, isYoung } = await course(world);
  expect([stretch, isYoung, world.asked.length]).toEqual([DAY, false, 1]);
});

test("that of a younger one begins where it began, in as many parts", async () => {
  const { history, stretch, isYoung } = await course(past(NOW - 3 * HOUR));
  expect(isYoung).toBe(true);
  expect(stretch).toEqual({ from: NOW - 3 * HOUR, to: NOW });
  expect([history.points.length, begun(history.points)]).toEqual([24, 0]);
});

test("a gap at the beginning is one where the monitor was there before", async () => {
  const off = [NOW - 30 * HOUR, NOW - 10 * HOUR] as const;
  const { history, stretch, isYoung } = await course(past(NOW - 100 * HOUR, off));
  expect([stretch, isYoung, begun(history.points)]).toEqual([DAY, false, 14]);
});

test("of the first minutes no part is shorter than what the engine remembers", async () => {
  const { history, stretch } = await course(past(NOW - 60_000));
  expect(stretch).toEqual({ from: NOW - 24 * 15_000, to: NOW });
  expect(begun(history.points)).toBe(20);
});

test("what was never checked has no beginning", async () => {
  const { history, stretch, isYoung } = await course(past(NOW + HOUR));
  expect([stretch, isYoung, begun(history.points)]).toEqual([DAY, true, 24]);
});

test("a bar draws nothing before its beginning", () => {
  expect(bar(undefined, 4, 4)).toEqual({ up: "", down: "", inconclusive: "", unseen: "" });
  expect(bar(undefined, 4, 3).unseen.match(/M/g)).toHaveLength(1);
});
