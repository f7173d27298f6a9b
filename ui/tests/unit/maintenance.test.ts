import { expect, test } from "vitest";
import type { Configuration } from "../../src/contract";
import { begun, ended, maintained } from "../../src/state/maintenance";

const NOW = Date.parse("2026-11-30T03:30:00.500Z");
const weekly = { daily: "02:00-04:00", days: ["sun"] };
const current = { from: "2026-11-30T03:00:00Z", to: "2026-11-30T05:00:00+01:00" };
const over = { from: "2026-11-29T03:00:00Z", to: "2026-11-29T04:00:00Z" };
const coming = { from: "2026-12-24T22:00:00Z", to: "2026-12-25T06:00:00Z" };
/** Whether it is now is known by the clock of the engine alone. */
const local = { from: "2026-11-30T03:00:00", to: "2026-11-30T04:00:00", zone: "UTC" };

test("maintenance begins now, ends by itself, and leaves what is planned", () => {
  const made = { from: "2026-11-30T03:30:00Z", to: "2026-11-30T04:00:00Z" };
  expect(begun([], NOW, 30)).toEqual([made]);
  expect(begun([weekly, over, coming, local], NOW, 30)).toEqual([weekly, coming, local, made]);
  // Another span takes the place of the one that has begun.
  expect(begun([current], NOW, 240)).toEqual([{ from: made.from, to: "2026-11-30T07:30:00Z" }]);
});

test("maintenance is ended before its time, and what is planned is left", () => {
  expect(ended([weekly, over, current, coming, local], NOW)).toEqual([weekly, coming, local]);
});

test("it is known which monitors are in maintenance, and until when", () => {
  const until = (maintenance?: unknown) => {
    const tables = { monitor: [{ name: "web", maintenance }, { name: "other" }] };
    return Object.fromEntries(maintained({ tables } as unknown as Configuration, NOW));
  };
  expect(until()).toEqual({});
  expect(until(current)).toEqual({ web: current.to });
  expect(until([weekly, over, coming, local])).toEqual({});
  expect(until([current, { from: current.from, to: "2026-11-30T09:00:00Z" }])).toEqual({ web: "2026-11-30T09:00:00Z" });
  expect(maintained(undefined, NOW).size).toBe(0);
});
