import { expect, test } from "vitest";
import type { Heard } from "../../src/backend/backend";
import type { AlertState, Event, Hello, IncidentState, MonitorState, ProgramStatus } from "../../src/contract";
import { fold, NOTHING, TRAIL_MAX, type World } from "../../src/state/world";

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

function hello(monitors: MonitorState[], programs: ProgramStatus[] = []): Heard {
  const engine = NOTHING.engine;
  const host = { kind: "tray" as const, pid: 1, started: "", config: "", data: "" };
  return {
    heard: "hello",
    hello: {
      protocol: 9,
      version: "1",
      host,
      permission: "edit",
      snapshot: { monitors, programs, incidents: [], engine },
    } satisfies Hello,
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
