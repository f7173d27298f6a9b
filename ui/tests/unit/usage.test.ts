import { expect, test } from "vitest";
import type { UsagePoint, UsageSeries } from "../../src/contract";
import { formats } from "../../src/i18n/format";
import { columns, inUnit, meanOf, startNear, top } from "../../src/pages/usage/plot";

const at = (minute: number) => new Date(Date.UTC(2026, 2, 10, 12, minute)).toISOString();
const point = (minute: number, mean: number, most = mean): UsagePoint => ({ at: at(minute), mean, least: mean, most });
const noon = Date.parse(at(0)) / 1000;

test("each piece is drawn at its middle, and a stretch in which nothing was measured is a gap", () => {
  expect(columns([], 60)).toEqual([[], [], [], []]);
  expect(columns([point(0, 1, 3), point(1, 2)], 60)).toEqual([
    [noon + 30, noon + 90],
    [1, 2],
    [1, 2],
    [3, 2],
  ]);
  // One that was missed is bridged, more are not.
  expect(columns([point(0, 1), point(2, 2)], 60)[1]).toEqual([1, 2]);
  expect(columns([point(0, 1), point(3, 2)], 60)).toEqual([
    [noon + 30, noon + 90, noon + 210],
    [1, null, 2],
    [1, null, 2],
    [1, null, 2],
  ]);
});

test("a chart reaches up to what was used, to a limit that is near, and to 100 % where that is all there is", () => {
  const series = (most: number, limit: number | null): UsageSeries => ({
    measure: { of: "cpu" },
    limit,
    points: [point(0, most / 2, most)],
  });
  expect(top(series(50, null), false)).toBeCloseTo(55);
  expect(top(series(50, 90), false)).toBeCloseTo(99);
  expect(top(series(50, 400), false)).toBeCloseTo(55);
  expect(top(series(200, 90), false)).toBeCloseTo(220);
  expect(top(series(3, 90), true)).toBe(100);
  expect(top(series(0, null), false)).toBe(1);
  expect(top({ measure: { of: "memory_bytes" }, limit: null, points: [] }, false)).toBe(1e6);
});

test("values have their measure's unit", () => {
  const format = formats("en-GB");
  expect(inUnit({ of: "cpu" }, 12.34, format)).toBe("12%");
  expect(inUnit({ of: "memory" }, 7.25, format)).toBe("7.3%");
  expect(inUnit({ of: "memory_bytes" }, 184e6, format)).toBe("184 MB");
  expect(inUnit({ of: "disk_free_bytes", path: "/" }, 2.5e9, format)).toBe("2.5 GB");
  expect(inUnit({ of: "load" }, 1.2345, format)).toBe("1.23");
  expect(inUnit({ of: "load" }, null, format)).toBe("–");
});

test("the nearest start is told, if it is near", () => {
  const starts = [0, 10, 11].map((minute) => ({ at: at(minute), to: "starting" as const, why: null }));
  expect(startNear(starts, Date.parse(at(10)) + 1000, 60_000)?.at).toBe(at(10));
  expect(startNear(starts, Date.parse(at(5)), 60_000)).toBeUndefined();
  expect(startNear([], 0, 60_000)).toBeUndefined();
  expect(meanOf([point(0, 1), point(1, 2)])).toBe(1.5);
  expect(meanOf([])).toBeNull();
});
