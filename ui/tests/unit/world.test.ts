import { expect, test } from "vitest";
import type { Heard } from "../../src/backend/backend";
import type {
  AlertState,
  Event,
  FleetSummary,
  FlowStatus,
  Hello,
  IncidentState,
  MonitorState,
  ProgramStatus,
  RunState,
  RunSummary,
  StepStatus,
} from "../../src/contract";
import { fold, NOTHING, RUNS_MAX, STEPS_MAX, TRAIL_MAX, type World } from "../../src/state/world";

const event = (event: Event): Heard => ({ heard: "event", event });
const after = (world: World, ...events: Event[]) => fold(world, events.map(event));

test("before anything is heard the window waits", () => {
  expect(NOTHING.link).toBe("waiting");
});

test("a hello takes the place of everything before it", () => {
  const world = fold(NOTHING, [hello([monitor("a"), monitor("b")])]);
  expect([...world.monitors.keys()]).toEqual(["a", "b"]);
  expect([...fold(world, [hello([monitor("b")])]).monitors.keys()]).toEqual(["b"]);
  expect(world.link).toBe("live");
});

test("a monitor changes in its place, and a new one comes last", () => {
  const world = after(
    fold(NOTHING, [hello([monitor("a"), monitor("b")])]),
    { event: "monitor", of: monitor("a", "down") },
    { event: "monitor", of: monitor("c") },
  );
  expect([...world.monitors.values()].map(({ name, health }) => `${name} ${health}`)).toEqual([
    "a down",
    "b up",
    "c up",
  ]);
});

test("what is gone is gone", () => {
  const world = fold(NOTHING, [hello([monitor("a")], [program("p")])]);
  const less = after(world, { event: "monitor_gone", of: "a" }, { event: "program_gone", of: "p" });
  expect([less.monitors.size, less.programs.size]).toEqual([0, 0]);
});

test("the world before is not changed by what is folded into it", () => {
  const world = fold(NOTHING, [hello([monitor("a")])]);
  after(world, { event: "monitor", of: monitor("a", "down") });
  expect(world.monitors.get("a")?.health).toBe("up");
});

test("a map in which nothing changed stays the same one", () => {
  const world = fold(NOTHING, [hello([monitor("a")], [program("p")])]);
  expect(after(world, { event: "monitor", of: monitor("a", "down") }).programs).toBe(world.programs);
});

test("a closed incident leaves the open ones and is counted", () => {
  const world = after(NOTHING, { event: "incident", of: incident(7) });
  const closed = after(world, {
    event: "incident_closed",
    of: { incident: 7, closed: "2026-11-21T12:00:09Z", lasted: 9 },
  });
  expect([world.incidents.size, closed.incidents.size, closed.closings - world.closings]).toEqual([1, 0, 1]);
});

test("what was told of an open incident is shown, of one that is over it is asked for again", () => {
  const world = after(NOTHING, { event: "incident", of: incident(7) });
  const alerts: AlertState[] = [
    {
      message: 1,
      channel: "email",
      news: "down",
      created: "2026-11-21T10:00:00Z",
      delivery: { state: "delivered", at: "2026-11-21T10:00:01Z" },
    },
  ];
  const told = after(world, { event: "told", of: { incident: 7, alerts } });
  expect([told.incidents.get(7)?.alerts, told.closings - world.closings]).toEqual([alerts, 0]);
  const over = after(told, { event: "told", of: { incident: 6, alerts } });
  expect([over.incidents.size, over.closings - told.closings]).toEqual([1, 1]);
});

test("what was known stays while the engine is lost", () => {
  const world = fold(fold(NOTHING, [hello([monitor("a")])]), [{ heard: "lost", why: "it ended" }]);
  expect([world.link, world.why, world.monitors.size]).toEqual(["lost", "it ended", 1]);
});

test("usage is remembered for a while, and only of what runs", () => {
  let world = NOTHING;
  for (let step = 0; step < TRAIL_MAX + 10; step += 1) {
    world = after(world, { event: "usage", of: [{ program: "p", memory: step, cpu: step === 0 ? null : 1 }] });
  }
  const trail = world.usage.get("p");
  expect([trail?.now.memory, trail?.memory.length, trail?.memory[0]]).toEqual([TRAIL_MAX + 9, TRAIL_MAX, 10]);
  expect(after(world, { event: "usage", of: [] }).usage.size).toBe(0);
});

test("a flow changes in its place, and the run that goes on is known from the beginning", () => {
  const world = fold(NOTHING, [hello([], [], [flow("a", run(3, "running")), flow("b")])]);
  expect([...world.runs.keys()]).toEqual([3]);
  const changed = after(
    world,
    { event: "flow", of: { ...flow("a"), queued: 2 } },
    { event: "flow", of: flow("c") },
    { event: "flow_gone", of: "b" },
  );
  expect([...changed.flows.values()].map(({ name, queued }) => `${name} ${queued}`)).toEqual(["a 2", "c 0"]);
  expect(world.flows.get("a")?.queued).toBe(0);
});

test("of a run is known how it stands, and what was heard of its steps, in whatever order", () => {
  const [fetch, build] = [step("fetch"), step("build")];
  const before = after(NOTHING, { event: "step", of: { run: 7, place: 1, step: build } });
  const world = after(
    before,
    { event: "run", of: run(7, "running") },
    { event: "step", of: { run: 7, place: 0, step: fetch } },
    { event: "step", of: { run: 7, place: 1, step: { ...build, state: "succeeded" } } },
  );
  expect(world.runs.get(7)?.state).toBe("running");
  expect([world.steps.get(7)?.get(0), world.steps.get(7)?.get(1)?.state]).toEqual([fetch, "succeeded"]);
  expect(before.steps.get(7)?.get(1)).toBe(build);
  expect(fold(world, [hello([])]).steps.size).toBe(0);
});

test("the oldest runs that are over are forgotten, and none that goes on", () => {
  const many = Array.from({ length: RUNS_MAX + 10 }, (_, id): Event[] => [
    { event: "run", of: run(id, id === 0 ? "running" : "succeeded") },
    { event: "step", of: { run: id, place: 0, step: step("a") } },
  ]);
  const world = after(NOTHING, ...many.flat());
  expect([world.runs.size, world.runs.has(0), world.runs.has(1)]).toEqual([RUNS_MAX, true, false]);
  expect([world.steps.size, world.steps.has(0), world.steps.has(RUNS_MAX + 9)]).toEqual([STEPS_MAX, true, true]);
});

test("a fleet changes in its place, a new one comes last, and one that is gone is gone", () => {
  const world = after(
    fold(NOTHING, [hello([], [], [], [fleet("a"), fleet("b")])]),
    { event: "fleet", of: fleet("a", 4) },
    { event: "fleet", of: fleet("c") },
    { event: "fleet_gone", of: "b" },
  );
  expect([...world.fleets.values()].map(({ name, count }) => `${name} ${count}`)).toEqual(["a 4", "c 2"]);
});

function hello(
  monitors: MonitorState[],
  programs: ProgramStatus[] = [],
  flows: FlowStatus[] = [],
  fleets: FleetSummary[] = [],
): Heard {
  const engine = NOTHING.engine;
  const host = { kind: "tray" as const, pid: 1, started: "", config: "", data: "" };
  return {
    heard: "hello",
    hello: {
      protocol: 10,
      version: "1",
      host,
      permission: "edit",
      snapshot: { monitors, programs, flows, fleets, incidents: [], engine },
    } satisfies Hello,
  };
}

function fleet(name: string, count = 2): FleetSummary {
  return {
    ...{ name, count, running: count, standing: "well", enabled: true, policy: "target", launch: "local" },
    ...{ min: 1, desired: 2, max: 6, load: 0.6, heartbeat: 5, mean: null, last_decision: null },
  };
}

function monitor(name: string, health: MonitorState["health"] = "up"): MonitorState {
  return {
    name,
    kind: "tcp",
    target: "",
    tags: [],
    health,
    since: null,
    last: null,
    standing: "well",
    over_limit: false,
    flapping: false,
    unsteady: false,
    paused_until: null,
    snoozed_until: null,
  };
}

function program(name: string): ProgramStatus {
  return {
    name,
    command: "",
    state: "running",
    standing: "well",
    since: "",
    pid: 1,
    start: 1,
    restarts: 0,
    last_exit: null,
    trouble: null,
    says: null,
    next_start: null,
    stops_with_estatus: true,
  };
}

function incident(id: number): IncidentState {
  return {
    id,
    monitor: "a",
    opened: "",
    closed: null,
    over_limit: false,
    cause: "",
    phase: "dns",
    acknowledged: null,
    attempts: [],
    escalated: null,
    alerts: [],
  };
}

function flow(name: string, run: RunSummary | null = null): FlowStatus {
  return { name, enabled: true, steps: 2, next: null, run, queued: 0 };
}

function run(id: number, state: RunState): RunSummary {
  return { run: id, flow: "a", state, cause: "", why: null, began: "2026-11-21T10:00:00Z", ended: null };
}

function step(name: string): StepStatus {
  return {
    name,
    does: "",
    state: "running",
    attempts: 1,
    exit: null,
    why: null,
    began: null,
    ended: null,
    output: [],
    has_log: false,
  };
}
