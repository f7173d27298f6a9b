import { expect, test } from "vitest";
import type { IncidentState, Surveyed, LogLine, Point } from "../../src/contract";
import { columns } from "../../src/pages/monitor/plot";
import { last, parts, RANGES } from "../../src/state/range";
import { base64 } from "../../src/state/base64";
import { matching, pieces } from "../../src/state/found";
import { linePath } from "../../src/state/line";
import { unread } from "../../src/state/overlap";
import { bar, part, redShare } from "../../src/state/parts";
import { plain } from "../../src/state/plain";
import { hash, parse, type Route } from "../../src/state/route.svelte";
import { freeName, keep, watch } from "../../src/state/survey";
import { byDay, lasted, merged, timeline } from "../../src/state/timeline";
import { hours, morning } from "../../src/state/until";
import { Wanted } from "../../src/state/wanted";

test("every address leads to its page and back", () => {
  const check = (address: string, route: Route) => {
    expect(parse(address)).toEqual(route);
    expect(parse(hash(route))).toEqual(route);
  };
  check("#/", { page: "overview" });
  check("", { page: "overview" });
  check("overview", { page: "overview" });
  check("monitor/web%20port%2F%C3%B1", { page: "monitor", name: "web port/ñ" });
  check("/monitor/web%20port", { page: "monitor", name: "web port" });
  check("monitor/a/b", { page: "monitor", name: "a/b" });
  check("#/monitor/a%2Fb%25", { page: "monitor", name: "a/b%" });
  check("#/programs", { page: "programs", name: null });
  check("#/program/web", { page: "programs", name: "web" });
  check("#/flows", { page: "flows" });
  check("#/flow/nightly%20backup", { page: "flow", name: "nightly backup" });
  check("#/fleets", { page: "fleets" });
  check("#/fleet/web-1", { page: "fleet", name: "web-1" });
  check("#/edit/fleet/web-1", { page: "edit", section: "fleet", name: "web-1" });
  check("#/flow/a%2Fb", { page: "flow", name: "a/b" });
  check("#/plan/nightly%20backup", { page: "plan", name: "nightly backup" });
  check("#/run/7", { page: "run", id: 7 });
  check("#/run/x", { page: "flows" });
  check("#/incident/214", { page: "incidents", id: 214 });
  check("#/incidents", { page: "incidents", id: null });
  check("#/settings", { page: "settings" });
  check("#/new/monitor", { page: "edit", section: "monitor", name: null });
  check("#/new/monitor/a%2Fb", { page: "edit", section: "monitor", name: null, from: "a/b" });
  check("#/edit/channel/chat", { page: "edit", section: "channel", name: "chat" });
  expect(parse("#/edit/nothing/x")).toEqual({ page: "nowhere" });
  expect(parse("#/monitor/%E0%A4%A")).toEqual({ page: "monitor", name: "%E0%A4%A" });
});

test("a part of the past is what was observed of it", () => {
  const check = (observed: number, inconclusive: number, uptime: number | null, what: string) =>
    expect(part({ observed, inconclusive, uptime })).toBe(what);
  check(60, 0, 1, "up");
  check(60, 30, 0.999, "down");
  check(0, 60, null, "inconclusive");
  check(0, 0, null, "unseen");
});

test("a short downtime is still seen", () => {
  expect([redShare(1), redShare(null), redShare(0.999), redShare(0.2)]).toEqual([0, 0, 0.4, 0.8]);
});

test("a bar has a path for each way in which its parts are drawn", () => {
  const at = { from: "", to: "", inconclusive: 0, p50_ms: null, p95_ms: null, p99_ms: null };
  const { up, down, inconclusive, unseen } = bar(
    [
      { ...at, observed: 1, uptime: 1 },
      { ...at, observed: 1, uptime: 0.5 },
      { ...at, observed: 1, uptime: 0 },
    ],
    5,
  );
  expect(up).toBe("M0 3h4V22h-4zM6 11h4V22h-4z");
  expect(down).toBe("M6 0h4V11h-4zM12 0h4V22h-4z");
  expect([inconclusive, unseen]).toEqual(["", "M18 20h4V22h-4zM24 20h4V22h-4z"]);
});

test("a line is broken where nothing is known", () => {
  expect(linePath([], 10, 10)).toBe("");
  expect(linePath([null, null], 10, 10)).toBe("");
  expect(linePath([1, null, 1, 1], 9, 11)).toMatch(/^M0\.0 [\d.]+M6\.0 [\d.]+L9\.0 [\d.]+$/);
});

test("lines that are both read and heard are shown once", () => {
  const line = (text: string): LogLine => ({ at: text, stream: "out", text });
  const check = (read: string[], heard: string[], left: string[]) =>
    expect(unread(read.map(line), heard.map(line)).map(({ text }) => text)).toEqual(left);
  check(["a", "b", "c"], ["b", "c", "d"], ["d"]);
  check(["a"], ["b"], ["b"]);
  check([], ["b"], ["b"]);
  check(["a", "b"], ["b"], []);
});

test("what was looked for is marked, in whatever case", () => {
  expect(
    pieces("a Foo foo", "FOO")
      .map(({ text, found }) => (found ? `[${text}]` : text))
      .join(""),
  ).toBe("a [Foo] [foo]");
  expect(pieces("a", "")).toEqual([{ text: "a", found: false }]);
});

test("lines that match are those in which it stands, or all while nothing is looked for", () => {
  const check = (wanted: string, lines: string[]) =>
    expect(matching(["Foo 1", "bar", "a foo"], wanted, (line) => line)).toEqual(lines);
  check("FOO", ["Foo 1", "a foo"]);
  check("", ["Foo 1", "bar", "a foo"]);
  check("x", []);
});

test("colours of terminals are left out", () => {
  expect(plain("\u001b[31mred\u001b[0m \u001b]0;title\u0007x")).toBe("red x");
});

test("an incident is told in the order in which it happened", () => {
  const told = timeline(incident(1, "2026-01-01T10:00:00Z", "2026-01-01T10:05:00Z")).map(({ what }) => what);
  expect(told).toEqual(["opened", "attempt", "alert", "acknowledged", "closed", "alert"]);
});

test("open incidents are shown as they are now, the newest first", () => {
  const [old, now] = [
    incident(1, "2026-01-01T10:00:00Z", null),
    incident(1, "2026-01-01T10:00:00Z", "2026-01-01T10:05:00Z"),
  ];
  const newer = incident(2, "2026-01-02T10:00:00Z", null);
  expect(merged([now], [newer, old])).toEqual([newer, now]);
  expect(byDay([newer, old]).map(([, those]) => those.length)).toEqual([1, 1]);
});

test("a snooze ends when its user is back", () => {
  const at = (hour: number) => new Date(2026, 0, 1, hour, 30);
  expect(new Date(morning(at(6)))).toEqual(new Date(2026, 0, 1, 8));
  expect(new Date(morning(at(22)))).toEqual(new Date(2026, 0, 2, 8));
  expect(new Date(hours(4, at(6)))).toEqual(new Date(2026, 0, 1, 10, 30));
});

test("a chart has as many parts as it deserves", () => {
  expect(parts(last("hour", 0))).toBe(240);
  expect(parts({ from: 0, to: 60_000 })).toBe(12);
  expect(last("year", RANGES.year)).toEqual({ from: 0, to: RANGES.year });
  const point: Point = {
    from: "1970-01-01T00:00:00Z",
    to: "1970-01-01T00:01:00Z",
    observed: 60,
    inconclusive: 0,
    uptime: 1,
    p50_ms: 1,
    p95_ms: 2,
    p99_ms: null,
  };
  expect(columns([point], { what: "percentiles" })).toEqual([[30], [1], [2], [null]]);
  const timed: Point = {
    ...point,
    phases_ms: [
      ["dns", 1],
      ["connect", 2],
      ["first_byte", 4],
    ],
  };
  const drawn = { what: "phases", phases: ["dns", "connect", "first_byte"] } as const;
  expect(columns([timed, point], drawn)).toEqual([
    [30, 30],
    [7, null],
    [3, null],
    [1, null],
  ]);
});

const PROCESS: Surveyed = {
  process: { pid: 7, started: "70" },
  name: "node",
  command_line: "node a.js",
  words: ["node", "a.js"],
  directory: "/a",
  keeper: null,
  ports: [3000],
  program: null,
};

test("what runs becomes a monitor, and a program that is not started twice", () => {
  const { edits, monitor, adopt } = keep(PROCESS, 3000, {
    monitors: new Set(["node 3000"]),
    programs: new Set(["node"]),
  });
  const program = { name: "node 2", command: ["node", "a.js"], directory: "/a" };
  expect(monitor).toBe("node 3000 2");
  expect(adopt).toEqual({
    program: "node 2",
    process: { pid: 7, started: "70" },
    then: [
      { edit: "put", section: "program", name: "node 2", table: program },
      {
        edit: "put",
        section: "monitor",
        name: null,
        table: { name: "node 3000 2", tcp: "127.0.0.1:3000", every: "10s", on_down: { restart: "node 2" } },
      },
    ],
  });
  expect(edits).toEqual([{ edit: "put", section: "program", name: null, table: { ...program, enabled: false } }]);
});

test("what is a program already gets only its monitor", () => {
  const { edits, adopt } = keep({ ...PROCESS, program: "web" }, 3000, {
    monitors: new Set(),
    programs: new Set(["web"]),
  });
  expect(edits).toEqual([
    {
      edit: "put",
      section: "monitor",
      name: null,
      table: { name: "node 3000", tcp: "127.0.0.1:3000", every: "10s", on_down: { restart: "web" } },
    },
  ]);
  expect(adopt).toBe(null);
  expect(watch(PROCESS, 3000, new Set()).edits).toHaveLength(1);
});

test("what does not listen is watched by its whole command line", () => {
  const worker: Surveyed = { ...PROCESS, name: "python3", command_line: "python3 a.py --of (b)", ports: [] };
  const { edits, monitor } = watch(worker, undefined, new Set());
  expect(monitor).toBe("python3");
  const [edit] = edits;
  expect(edit?.edit === "put" && edit.table).toEqual({
    name: "python3",
    process: { command_line: "^python3 a\\.py \\-\\-of \\(b\\)$" },
    every: "10s",
  });
});

test("a name that is taken gets a number", () => {
  expect(freeName("a", new Set(["a", "a 2"]))).toBe("a 3");
});

test("only what is in view is asked for, so many at once, and once while it is fresh", async () => {
  const asked: string[] = [];
  let now = 0;
  const answers: (() => void)[] = [];
  const ask = (key: string) =>
    new Promise<string>((done) => {
      asked.push(key);
      answers.push(() => done(key.toUpperCase()));
    });
  const wanted = new Wanted(
    ask,
    () => {},
    { atOnce: 2, remembered: 3, staleAfter: 10 },
    () => now,
  );
  wanted.want(["a", "b", "c"]);
  wanted.want(["c", "d"]);
  expect(asked).toEqual(["a", "b"]);
  const settle = async () => {
    for (const answer of answers.splice(0)) answer();
    await new Promise(setImmediate);
  };
  await settle();
  await settle();
  expect(asked).toEqual(["a", "b", "c", "d"]);
  expect([wanted.get("d"), wanted.get("a")]).toEqual(["D", undefined]);
  wanted.want(["c", "d"]);
  expect(asked).toHaveLength(4);
  now = 11;
  wanted.want(["c", "d"]);
  expect(asked).toHaveLength(6);
});

function incident(id: number, opened: string, closed: string | null): IncidentState {
  const later = (minutes: number) => new Date(Date.parse(opened) + minutes * 60_000).toISOString();
  return {
    id,
    monitor: "a",
    opened,
    closed,
    over_limit: false,
    cause: "",
    phase: "dns",
    acknowledged: later(3),
    escalated: null,
    attempts: [{ deed: "", began: later(1), ended: null, healed: null, outcome: null }],
    alerts: [
      { message: 2, channel: "email", news: "recovered", created: later(5), delivery: { state: "merged", into: 1 } },
      { message: 1, channel: "email", news: "down", created: later(1), delivery: { state: "merged", into: 1 } },
    ],
  };
}

test("an incident lasted as long as was measured, whatever the wall clock did meanwhile", () => {
  const closed = incident(1, "2026-11-21T10:00:00Z", "2026-11-21T11:00:09Z");
  const noon = Date.parse("2026-11-21T12:00:00Z");
  expect(lasted({ ...closed, lasted: 9 }, noon)).toBe(9_000);
  expect(lasted(closed, noon)).toBe(3_609_000);
  expect(lasted({ ...closed, closed: null }, noon)).toBe(7_200_000);
});

test("a file travels byte by byte, and no more of it than shows that it is too long", async () => {
  const check = async (bytes: Uint8Array<ArrayBuffer>, text: string) =>
    expect(await base64(new Blob([bytes]))).toBe(text);
  await check(new Uint8Array(), "");
  await check(Uint8Array.of(0, 0xa4, 0xff), "AKT/");
  const long = new Uint8Array(100_000).fill(0xff);
  await check(long, Buffer.from(long).toString("base64"));
  expect(Buffer.from(await base64(new Blob([new Uint8Array(10_000_002)])), "base64")).toHaveLength(10_000_001);
});
