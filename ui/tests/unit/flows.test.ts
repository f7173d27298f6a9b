import { expect, test } from "vitest";
import type { RunState, RunStatus, RunSummary, StepState, StepStatus } from "../../src/contract";
import {
  asHeard,
  asking,
  bars,
  BARS,
  byFlow,
  consequences,
  failedAt,
  isOver,
  newest,
  progress,
  runMark,
  stepTook,
  tallied,
  took,
  troubled,
  usual,
} from "../../src/state/flows";
import { lane, pause, stretch, ticks } from "../../src/state/lanes";

const AT = Date.parse("2026-11-21T10:00:00Z");
const at = (seconds: number) => new Date(AT + seconds * 1000).toISOString();

const STATES: RunState[] = [
  "queued",
  "running",
  "waiting_for_approval",
  "succeeded",
  "failed",
  "timed_out",
  "cancelled",
  "crashed",
  "skipped",
  "suppressed",
];

const run = (id: number, state: RunState, lasted: number | null = 1, flow = "a"): RunSummary => ({
  run: id,
  flow,
  state,
  cause: "",
  why: null,
  began: at(0),
  ended: lasted === null ? null : at(lasted),
});

const step = (state: StepState, began: number | null = null, ended: number | null = null, name = "a"): StepStatus => ({
  name,
  does: "",
  state,
  attempts: 0,
  exit: null,
  why: null,
  began: began === null ? null : at(began),
  ended: ended === null ? null : at(ended),
  output: [],
  has_log: false,
});

const status = (state: RunState, steps: StepStatus[], ended: number | null = null): RunStatus => ({
  ...run(1, state, ended),
  steps,
  is_current: true,
});

test("runs are told apart by their flows and stay in order", () => {
  const flows = byFlow([run(5, "running", null, "b"), run(4, "failed"), run(3, "succeeded", 1, "b")]);
  expect([...flows].map(([flow, runs]) => [flow, runs.map(({ run }) => run)])).toEqual([
    ["b", [5, 3]],
    ["a", [4]],
  ]);
});

test("the runs of a flow are those that were asked for and those that were heard of, each as it was known last", () => {
  const known = [run(2, "running", null), run(1, "succeeded")];
  const heard = [run(1, "running", null), run(2, "failed"), run(3, "queued", null), run(4, "running", null, "b")];
  expect(newest(known, heard, "a").map(({ run, state }) => `${run} ${state}`)).toEqual([
    "3 queued",
    "2 failed",
    "1 succeeded",
  ]);
});

test("a run is shown as it was heard of, and as it was asked for once it is over", () => {
  const asked = status("running", [step("succeeded"), step("running")]);
  const heard = asHeard(asked, run(1, "failed"), new Map([[1, step("failed")]]));
  expect([heard.state, ...heard.steps.map(({ state }) => state)]).toEqual(["failed", "succeeded", "failed"]);
  const over = status("failed", [step("failed")], 1);
  expect(asHeard(over, run(1, "running", null), new Map([[0, step("running")]]))).toBe(over);
});

test("how far a run has come is told by its steps that are over, and those that are under way or are taken back", () => {
  const undo = (state: StepState) => ({ state, began: at(2), ended: null, why: null, output: [] });
  const steps = [
    step("succeeded"),
    { ...step("succeeded", 0, 1, "undone"), undo: undo("succeeded") },
    { ...step("succeeded", 0, 1, "undoing"), undo: undo("running") },
    step("skipped"),
    step("running"),
    step("retrying", 0, null, "b"),
    step("waiting_for_approval", 0, null, "c"),
    step("scheduled"),
  ];
  expect(progress(steps)).toEqual({ done: 4, all: 8, now: [4, 5, 6], undoing: ["undoing"] });
});

test("the step that made a run fail is the one that is said to", () => {
  const run = status("failed", [step("failed"), step("failed", 0, 1, "b")]);
  expect(failedAt({ ...run, failed: 1 })).toBe(1);
  expect(failedAt(run)).toBe(null);
  expect(failedAt({ ...run, failed: 2 })).toBe(null);
});

test("who waits for approval is told with what is asked", () => {
  const question = { text: "May I?", until: at(60), continues: false };
  const steps = [
    { ...step("succeeded"), question },
    { ...step("waiting_for_approval", 0, null, "b"), question },
  ];
  expect(asking([...steps, step("waiting_for_approval")]).map(({ name }) => name)).toEqual(["b"]);
});

test("a step took what passed in this run", () => {
  expect(stepTook(step("running", 2), AT + 5000)).toBe(3000);
  expect(stepTook(step("succeeded", 2, 4), AT + 60_000)).toBe(2000);
  expect(stepTook({ ...step("succeeded", 2, 4), kept: true }, AT)).toBe(null);
  expect(stepTook(step("skipped", null, 4), AT)).toBe(null);
});

test("what a failure led to: what was skipped for it, and what was taken back, in that order", () => {
  const undo = (began: number) => ({
    state: "succeeded" as const,
    began: at(began),
    ended: null,
    why: null,
    output: [],
  });
  const { skipped, undone } = consequences([
    { ...step("succeeded", 0, 1, "first"), undo: undo(9) },
    { ...step("succeeded", 1, 2, "second"), undo: undo(7) },
    step("failed", 2, 3),
    { ...step("skipped", null, 3, "after"), skipped_because: "“a” before it: failed" },
    step("skipped", null, 3, "by itself"),
  ]);
  expect(skipped.map(({ name }) => name)).toEqual(["after"]);
  expect(undone.map(({ name }) => name)).toEqual(["second", "first"]);
});

test("a flow wants attention while its last run that came to something did not succeed", () => {
  const check = (states: RunState[], is: boolean) =>
    expect(troubled(states.map((state, index) => run(9 - index, state)))).toBe(is);
  check([], false);
  check(["succeeded", "failed"], false);
  check(["running", "skipped", "failed", "succeeded"], true);
  check(["suppressed", "succeeded"], true);
  check(["cancelled", "succeeded"], false);
});

test("a run that was not begun took no time, and one that goes on has taken what has passed", () => {
  expect(STATES.map((state) => took(run(1, state, isOver(state) ? 2 : null), AT + 5000))).toEqual([
    null,
    5000,
    5000,
    2000,
    2000,
    2000,
    2000,
    2000,
    null,
    null,
  ]);
  expect(took(run(1, "succeeded", -2), AT)).toBe(0);
  expect(usual([run(1, "succeeded", 3), run(2, "failed", 90), run(3, "succeeded", 1), run(4, "succeeded", 2)])).toBe(
    2000,
  );
  expect(usual([run(1, "failed")])).toBe(null);
});

test("runs are bars: the newest last, the longest the highest, none too low to be seen", () => {
  const drawn = bars(
    [run(4, "queued", null), run(3, "failed", 0), run(2, "succeeded", 16), run(1, "succeeded", 4)],
    3,
    AT,
  );
  expect(drawn.map(({ run }) => run.run)).toEqual([2, 3, 4]);
  expect(drawn.map(({ height }) => height)).toEqual([BARS.height, BARS.least, BARS.least]);
  for (const { top, height } of drawn) expect(top + height).toBe(BARS.height);
  const [, quarter] = bars([run(2, "succeeded", 4), run(1, "succeeded", 16)], 20, AT);
  expect(quarter?.height).toBe(BARS.height / 2);
  expect(bars([], 20, AT)).toEqual([]);
});

test("how a run stands is told by the shape of its bar: each mark has its own, whatever its colour", () => {
  const shapes = STATES.map((state) => {
    const [bar] = bars([run(1, state, isOver(state) ? 1 : null)], 1, AT + 1000);
    return [runMark(state), JSON.stringify([bar?.foot, bar?.hollow, bar?.height === BARS.least])] as const;
  });
  // What was skipped was not begun, and is hollow besides.
  const told = new Map(shapes.filter((_, index) => STATES[index] !== "skipped"));
  expect(new Set(told.values()).size).toBe(told.size);
  for (const { foot } of STATES.flatMap((state) => bars([run(1, state)], 1, AT))) {
    for (const [top, height] of foot) expect(top + height).toBeLessThanOrEqual(BARS.foot);
  }
});

test("runs are counted by how they ended, the commonest first", () => {
  expect(tallied([run(1, "failed"), run(2, "succeeded"), run(3, "succeeded")])).toEqual([
    ["succeeded", 2],
    ["failed", 1],
  ]);
});

test("a time line goes from the beginning of a run to its end, or to what is known of it", () => {
  const line = (one: RunStatus, now: number) => {
    const { from, to } = stretch(one, AT + now * 1000);
    return [(from - AT) / 1000, (to - AT) / 1000];
  };
  expect(line(status("succeeded", [step("succeeded", 0, 3)], 4), 60)).toEqual([0, 4]);
  expect(line(status("running", [step("running", 1)]), 60)).toEqual([0, 60]);
  // The clock of the window lags behind what was heard.
  expect(line(status("running", [step("succeeded", 1, 7), step("running", 7)]), 5)).toEqual([0, 7]);
  expect(line(status("running", [{ ...step("retrying", 1), retry_at: at(9) }]), 5)).toEqual([0, 9]);
  expect(line(status("queued", [step("scheduled")]), -1)[1]).toBeGreaterThan(0);
  // What was kept of an earlier run lies before it, and what is taken back lies within it.
  expect(
    line(status("succeeded", [{ ...step("succeeded", -90, -80), kept: true }, step("succeeded", 1, 3)], 4), 60),
  ).toEqual([0, 4]);
  const undo = { state: "succeeded" as const, began: at(5), ended: at(6), why: null, output: [] };
  expect(line(status("failed", [{ ...step("succeeded", 0, 1), undo }]), 2)).toEqual([0, 6]);
});

test("steps lie on the time line where they were under way, side by side or one after the other", () => {
  const line = { from: AT, to: AT + 8000 };
  const now = AT + 6000;
  expect(lane(step("succeeded", 1, 3), line, now)).toEqual({ from: 0.125, length: 0.25 });
  expect(lane(step("running", 2), line, now)).toEqual({ from: 0.25, length: 0.5 });
  expect(lane(step("scheduled"), line, now)).toBe(null);
  expect(lane({ ...step("succeeded", 1, 3), kept: true }, line, now)).toBe(null);
  expect(lane({ began: at(4), ended: at(6) }, line, now)).toEqual({ from: 0.5, length: 0.25 });
  expect(lane(step("skipped", null, 3), line, now)).toBe(null);
  // Whoever sets the clock back does not make it longer than the line.
  expect(lane(step("succeeded", 4, 2), line, now)).toEqual({ from: 0.5, length: 0 });
  expect(lane(step("succeeded", -5, 20), line, now)).toEqual({ from: 0, length: 1 });
  const retrying = { ...step("retrying", 2), retry_at: at(7) };
  expect(pause(retrying, line, now)).toEqual({ from: 0.75, length: 0.125 });
  expect(pause(retrying, line, AT + 7500)).toBe(null);
  expect(pause(step("running", 2), line, now)).toBe(null);
});

test("the marks of a time line are few, round and at equal distances", () => {
  const check = (span: number, marks: number[]) => expect(ticks({ from: AT, to: AT + span })).toEqual(marks);
  check(4, [0, 1, 2, 3, 4]);
  check(5700, [0, 1000, 2000, 3000, 4000, 5000]);
  check(37_000, [0, 10_000, 20_000, 30_000]);
  check(600_000, [0, 120_000, 240_000, 360_000, 480_000, 600_000]);
  for (const span of [1, 3, 70, 999, 86_400_000, 7 * 86_400_000, 90 * 86_400_000]) {
    const marks = ticks({ from: AT, to: AT + span });
    expect(marks.length, String(span)).toBeLessThanOrEqual(7);
    expect(marks.at(-1)).toBeLessThanOrEqual(span);
  }
});
