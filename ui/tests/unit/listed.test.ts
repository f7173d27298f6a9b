import { expect, test } from "vitest";
import type { Figures, Health, MonitorState, Standing } from "../../src/contract";
import { step } from "../../src/pages/overview/step";
import { type Filter, firstRun, healthWord, listed, type Sort, tagsOf } from "../../src/state/listed";
import { standings, STANDINGS } from "../../src/state/standing";

const ALL: Filter = { text: "", standings: new Set(), tags: new Set() };
const BROKEN: Sort = { by: "broken", descending: false };

const STANDS: Record<Health, Standing> = {
  down: "down",
  suspect: "doubtful",
  recovering: "recovering",
  unknown: "unknown",
  up: "well",
  paused: "idle",
};

const MONITORS = [
  monitor("shop 10", "up", "https://shop.example/", ["web", "money"]),
  monitor("router", "paused", "192.0.2.1", ["lan"]),
  monitor("Shop 9", "down", "https://shop.example/cart", ["web"]),
  monitor("clock", "suspect", "reloj.exe", []),
];

const FIGURES = new Map([
  ["shop 10", figures(0.9, 200)],
  ["Shop 9", figures(0.5, null)],
  ["router", figures(1, 2)],
]);

const names = (filter: Partial<Filter>, sort = BROKEN) =>
  listed(MONITORS, { ...ALL, ...filter }, sort, FIGURES).map(({ name }) => name);

test("what is broken comes first, the rest as in the file", () => {
  expect(names({})).toEqual(["Shop 9", "clock", "shop 10", "router"]);
});

test("every word must be found, in whatever case, in name, target, kind or tag", () => {
  const check = (text: string, found: string[]) => expect(names({ text })).toEqual(found);
  check("SHOP", ["Shop 9", "shop 10"]);
  check("shop money", ["shop 10"]);
  check("reloj.exe", ["clock"]);
  check("tcp cart", ["Shop 9"]);
  check("  ", ["Shop 9", "clock", "shop 10", "router"]);
  check("nothing", []);
});

test("standings are alternatives, tags are conditions", () => {
  expect(names({ standings: new Set<Standing>(["down", "idle"]) })).toEqual(["Shop 9", "router"]);
  expect(names({ tags: new Set(["web", "money"]) })).toEqual(["shop 10"]);
});

test("names are sorted as people count, figures with the unknown last", () => {
  const sorted = (by: Sort["by"], descending = false) => names({}, { by, descending });
  expect(sorted("name")).toEqual(["clock", "router", "Shop 9", "shop 10"]);
  expect(sorted("name", true)).toEqual(["shop 10", "Shop 9", "router", "clock"]);
  expect(sorted("uptime")).toEqual(["Shop 9", "shop 10", "router", "clock"]);
  expect(sorted("p95").slice(0, 2)).toEqual(["router", "shop 10"]);
});

test("tags are counted", () => {
  expect(tagsOf(MONITORS, 2)).toEqual(["web", "lan"]);
});

test("ten thousand monitors are filtered and sorted well within a frame or two", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => monitor(`monitor ${index}`, "up", "target", ["tag"]));
  listed(many, { ...ALL, text: "99" }, BROKEN, FIGURES);
  const began = performance.now();
  expect(listed(many, { ...ALL, text: "99" }, BROKEN, FIGURES).length).toBeGreaterThan(100);
  expect(performance.now() - began).toBeLessThan(50);
});

test("the first run is when there is nothing, or only the example", () => {
  const check = (monitors: string[], programs: string[], said: string | null) =>
    expect(firstRun(monitors, programs)).toBe(said);
  check([], [], "empty");
  check(["this machine", "estatus is running"], ["ticker"], "example");
  check(["this machine", "mine"], ["ticker"], null);
});

test("keys lead from row to row and no further", () => {
  const check = (key: string, from: number, to: number | null, count = 10) =>
    expect(step(key, from, count, 4)).toBe(to);
  check("j", -1, 0);
  check("ArrowDown", 9, 9);
  check("k", 0, 0);
  check("PageDown", 3, 7);
  check("PageUp", 3, 0);
  check("End", 3, 9);
  check("Home", 3, 0);
  check("x", 3, null);
  check("j", -1, null, 0);
});

test("headline, badge and chips count the same, which the engine decided: what is recovering is not down", () => {
  const flaky = { ...monitor("flaky", "up", "", []), standing: "doubtful" as const };
  const all = [...MONITORS, flaky, monitor("back", "recovering", "", [])];
  const counts = standings(all);
  expect(counts).toEqual({ down: 1, doubtful: 2, recovering: 1, unknown: 0, well: 1, idle: 1 });
  for (const standing of STANDINGS) {
    const shown = listed(all, { ...ALL, standings: new Set([standing]) }, BROKEN, FIGURES);
    expect(shown.length, standing).toBe(counts[standing]);
  }
  const order = listed(all, ALL, BROKEN, FIGURES).map(({ name }) => name);
  expect(order).toEqual(["Shop 9", "clock", "flaky", "back", "shop 10", "router"]);
});

test("what has too much of something is not called down", () => {
  const check = (health: Health, over_limit: boolean, word: string) =>
    expect(healthWord({ ...monitor("m", health, "", []), over_limit })).toBe(word);
  check("down", true, "health.over");
  check("down", false, "health.down");
  check("up", true, "health.up");
});

function monitor(name: string, health: Health, target: string, tags: string[]): MonitorState {
  return {
    name,
    kind: "tcp",
    target,
    tags,
    health,
    since: null,
    last: null,
    standing: STANDS[health],
    over_limit: false,
    flapping: false,
    unsteady: false,
    paused_until: null,
    snoozed_until: null,
  };
}

function figures(uptime: number, p95_ms: number | null): Figures {
  return { observed: 1, inconclusive: 0, uptime, p50_ms: null, p95_ms, p99_ms: null };
}
