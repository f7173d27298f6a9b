import { expect, test } from "vitest";
import type { Values } from "../../src/forms/fields";
import { ruleOf } from "../../src/forms/fleet";
import type { DecisionStatus, InstanceState, InstanceStatus } from "../../src/contract";
import {
  askEvery,
  COURSES,
  courseStretch,
  deed,
  GAP_MS,
  instanceMark,
  type InstanceFilter,
  type InstanceSort,
  joined,
  level,
  listedInstances,
  moved,
  nearest,
  remember,
  type Sample,
  SAMPLES_MAX,
  saysMore,
  STATES,
  tallyStates,
} from "../../src/state/fleets";
import { standingMark, STANDINGS } from "../../src/state/standing";

const NOW = Date.parse("2026-11-29T12:00:00Z");
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

const instance = (name: string, more: Partial<InstanceStatus> = {}): InstanceStatus => ({
  ...{ id: `i-${name}`, name, address: null, state: "running", load: null, silent: 0 },
  ...{ since: at(0), launched: at(0) },
  ...more,
});

const decision = (seconds: number, change: number, more: Partial<DecisionStatus> = {}): DecisionStatus => ({
  ...{ number: 1, at: at(seconds), change, instances: 2, mean: 0.8, says: "1 more: much load" },
  ...{ reasons: ["much load"], rejected: [] },
  ...more,
});

const ALL: InstanceFilter = { text: "", states: new Set() };
const FLEET = [
  instance("web-1", { load: 0.4, address: "10.0.0.9", launched: at(-90) }),
  instance("web-2", { state: "booting", id: null, launched: at(-5) }),
  instance("web-3", { state: "failed", launched: at(-60) }),
  instance("web-10", { load: 0.7, address: "10.0.0.10", declared: "192.168.7.1:50061", launched: at(-30) }),
];
const names = (filter: Partial<InstanceFilter>, sort: Partial<InstanceSort> = {}) =>
  listedInstances(FLEET, { ...ALL, ...filter }, { by: "name", descending: false, ...sort }).map(({ name }) => name);

test("every state and standing has a mark, and those that count are told apart by it", () => {
  const marks = STATES.map(instanceMark);
  expect(marks).not.toContain(undefined);
  const counted: InstanceState[] = ["launching", "booting", "running", "suspect", "lost"];
  expect(new Set(counted.map(instanceMark)).size).toBe(counted.length);
  expect(new Set(STANDINGS.map(standingMark)).size).toBe(STANDINGS.length);
});

test("instances are found by their names, ids and addresses, declared ones too", () => {
  expect(names({ text: "WEB-1" })).toEqual(["web-1", "web-10"]);
  expect(names({ text: "10.0.0 web-10" })).toEqual(["web-10"]);
  expect(names({ text: "192.168" })).toEqual(["web-10"]);
  expect(names({ text: "i-web-3" })).toEqual(["web-3"]);
  expect(names({ states: new Set<InstanceState>(["booting", "failed"]) })).toEqual(["web-2", "web-3"]);
  expect(names({ text: "web-1", states: new Set<InstanceState>(["failed"]) })).toEqual([]);
});

test("instances are in order of their numbers, or what is looked for first", () => {
  const check = (by: InstanceSort["by"], expected: string[]) => expect(names({}, { by })).toEqual(expected);
  check("name", ["web-1", "web-2", "web-3", "web-10"]);
  check("state", ["web-3", "web-2", "web-1", "web-10"]);
  check("load", ["web-10", "web-1", "web-2", "web-3"]);
  check("address", ["web-1", "web-10", "web-2", "web-3"]);
  check("age", ["web-2", "web-10", "web-3", "web-1"]);
  expect(names({}, { by: "name", descending: true })).toEqual(["web-10", "web-3", "web-2", "web-1"]);
  expect(FLEET.map(({ name }) => name)).toEqual(["web-1", "web-2", "web-3", "web-10"]);
});

test("states are counted, those that are in none left out", () => {
  expect([...tallyStates(FLEET)].sort()).toEqual([
    ["booting", 1],
    ["failed", 1],
    ["running", 2],
  ]);
});

test("a mean near what it should be is within", () => {
  expect([null, 0.5, 0.541, 0.6, 0.659, 0.67].map((mean) => level(mean, 0.6))).toEqual([
    "unknown",
    "below",
    "within",
    "within",
    "within",
    "above",
  ]);
});

test("samples that come together are one, and what is far apart is not joined", () => {
  let samples: readonly Sample[] = [];
  const note = (mean: number | null, ms: number) => (samples = remember(samples, { mean, count: 2 }, NOW + ms));
  note(0.5, 0);
  note(0.6, 100);
  expect(samples).toEqual([{ at: NOW + 100, mean: 0.6, count: 2 }]);
  note(0.7, 50);
  expect(samples).toHaveLength(1);
  note(null, 1100);
  note(0.8, 1100 + GAP_MS + 1);
  expect(samples.slice(1)).toEqual([
    { at: NOW + 1100, mean: null, count: 2 },
    { at: NOW + 1101, mean: null, count: null },
    { at: NOW + 1101 + GAP_MS, mean: 0.8, count: 2 },
  ]);
});

test("what the engine remembers stands before and between what one saw oneself, and holes stay", () => {
  const past = [-600, -540, -300, -240, -180, -60].map((seconds, index) => ({
    at: at(seconds),
    running: index + 1,
    mean: 0.5,
  }));
  const seen: Sample[] = [
    { at: NOW - 70_000, mean: 0.6, count: 9 },
    { at: NOW - 69_999, mean: null, count: null },
    { at: NOW - 5000, mean: 0.7, count: 9 },
  ];
  const course = joined(past, seen).map(({ at, count }) => [(at - NOW) / 1000, count]);
  expect(course).toEqual([
    [-600, 1],
    [-540, 2],
    [-539.999, null],
    [-300, 3],
    [-240, 4],
    [-180, 5],
    [-70, 9],
    [-5, 9],
  ]);
  expect(joined([], seen)).toBe(seen);
});

test("however long one looks, so many samples are remembered, the newest all of them", () => {
  let samples: readonly Sample[] = [];
  const most = 10 * SAMPLES_MAX;
  for (let index = 0; index < most; index += 1) {
    samples = remember(samples, { mean: 0.5, count: 2 }, NOW + index * 1000);
    expect(samples.length).toBeLessThanOrEqual(SAMPLES_MAX);
  }
  expect(samples[0]?.at).toBe(NOW);
  const newest = samples.slice(-SAMPLES_MAX / 4).map(({ at }) => (at - NOW) / 1000);
  expect(newest).toEqual(newest.map((_, index) => most - newest.length + index));
});

test("a chart begins where something is known, and shows two minutes at least", () => {
  const minute = 60_000;
  const since = (samples: number[], decisions: number[] = []) => {
    const seen = samples.map((ms): Sample => ({ at: NOW + ms, mean: 0.5, count: 2 }));
    const made = decisions.map((ms) => decision(ms / 1000, 1));
    const { from, to } = courseStretch("minutes", seen, made, NOW);
    expect(to).toBe(NOW);
    return (NOW - from) / minute;
  };
  expect(since([])).toBe(2);
  expect(since([-5000])).toBe(2);
  expect(since([-5000], [-4 * minute])).toBeCloseTo(4 + 5 / 60);
  expect(since([-5000], [-400 * minute])).toBe(2);
  expect(since([-9 * minute, -5000])).toBeCloseTo(9 + 5 / 60);
  expect(since([-300 * minute, -5000])).toBe(COURSES.minutes / minute);
});

test("what decisions did is told apart and counted", () => {
  const decisions = [
    decision(0, 2),
    decision(-10, -1, { victims: ["web-1"] }),
    decision(-20, 0, { victims: ["web-2", "web-3"] }),
    decision(-30, 0),
    decision(-900, 5),
  ];
  expect(decisions.map(deed)).toEqual(["launched", "removed", "replaced", "nothing", "launched"]);
  expect(moved(decisions, { from: NOW - 60_000, to: NOW })).toMatchObject({ launched: 2, removed: 1, replaced: 2 });
});

test("a decision says more than its sentence if there is more to say", () => {
  expect(saysMore(decision(0, 1))).toBe(false);
  expect(saysMore(decision(0, 1, { reasons: ["much load", "few instances"] }))).toBe(true);
  expect(saysMore(decision(0, 1, { rejected: ["1 more is not launched"] }))).toBe(true);
  expect(saysMore(decision(0, -1, { victims: ["web-1"] }))).toBe(true);
});

test("what is pointed at is the nearest, within reach", () => {
  const find = (at: number) => nearest([10, 20, 24], at, 5, (one) => one);
  expect([find(0), find(6), find(21), find(23), find(40)]).toEqual([undefined, 10, 20, 24, undefined]);
});

test("a fleet is asked for as often as it is heard, within reason", () => {
  expect([0.1, 2, 60].map((heartbeat) => askEvery({ heartbeat }))).toEqual([1000, 2000, 5000]);
});

test("a form says a rule to try, with what is usual where it says nothing, and none where it cannot be read", () => {
  const usual = { policy: "target", min: 1, desired: 1, max: 10, load: 0.6, schedule: null };
  expect(ruleOf({})).toEqual(usual);
  expect(ruleOf({ min: "", desired: "4", load: " 45 % " })).toEqual({ ...usual, desired: 4, load: 0.45 });
  expect(ruleOf({ desired: "0", load: ".5" })).toEqual({ ...usual, min: 0, desired: 0, load: 0.5 });
  expect(ruleOf({ min: "20" })).toEqual({ ...usual, min: 20, desired: 20, max: 20 });
  const plans = [{ from: "0 8 * * *", desired: "5" }];
  expect(ruleOf({ policy: "seed", schedule: plans })).toEqual({ ...usual, policy: "seed" });
  const planned = [{ from: "0 8 * * *", desired: 5 }];
  expect(ruleOf({ policy: "schedule", schedule: plans })).toEqual({
    ...usual,
    policy: "schedule",
    schedule: planned,
  });
  const planless: Values = { schedule: [{ from: "", desired: "1" }] };
  const all: Values[] = [{ min: "x" }, { max: "-1" }, { load: "much" }, planless];
  for (const wrong of all) expect(ruleOf(wrong)).toBeNull();
});
