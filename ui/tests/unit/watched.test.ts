import { expect, test } from "vitest";
import type { Kind, MonitorState, Surveyed } from "../../src/contract";
import { keep, watch } from "../../src/state/survey";
import { alike, watching } from "../../src/state/watched";

const NOBODY = { monitors: new Set<string>(), programs: new Set<string>() };

const monitor = (kind: Kind, target: string): MonitorState => ({
  name: target,
  kind,
  target,
  tags: [],
  health: "up",
  since: null,
  last: null,
  standing: "well",
  over_limit: false,
  flapping: false,
  unsteady: false,
  paused_until: null,
  snoozed_until: null,
});

const process = (name: string, more: Partial<Surveyed> = {}): Surveyed => ({
  process: { pid: 1, started: "0" },
  name,
  command_line: `${name} --serve (all)`,
  words: [`/usr/bin/${name}`, "--serve", "(all)"],
  directory: null,
  ports: [],
  program: null,
  keeper: null,
  ...more,
});

test("a port of this machine is watched by whatever reaches it, under whatever name", () => {
  const check = (kind: Kind, target: string, is: boolean, port = 5173) =>
    expect(watching(process("node"), port, [monitor(kind, target)], []) !== undefined, target).toBe(is);
  check("tcp", "127.0.0.1:5173", true);
  check("tcp", "localhost:5173", true);
  check("tcp", "LOCALHOST:5173", true);
  check("tcp", "[::1]:5173", true);
  check("tls", "127.0.0.1:5173", true);
  check("http", "http://localhost:5173/health", true);
  check("http", "http://127.0.0.1/", true, 80);
  check("http", "https://localhost/", true, 443);
  check("tcp", "127.0.0.1:5174", false);
  check("tcp", "192.0.2.1:5173", false);
  check("http", "https://example.com:5173/", false);
  check("process", "node", false);
  check("host", "this machine", false);
});

test("a process that does not listen is watched by its command line, or by a name that only it bears", () => {
  const worker = process("worker");
  const check = (target: string, is: boolean, all = [worker]) =>
    expect(watching(worker, undefined, [monitor("process", target)], all) !== undefined, target).toBe(is);
  const [edit] = watch(worker, undefined, new Set()).edits;
  const made = edit?.edit === "put" ? (edit.table["process"] as { command_line: string }).command_line : "";
  check(made, true);
  check("worker", true);
  check("/usr/bin/worker", true);
  check("worker", false, [worker, process("worker")]);
  check(made, true, [worker, process("worker")]);
  check("other", false);
});

test("a page or a port that is pasted is known if it is watched", () => {
  const monitors = [monitor("http", "https://example.com/"), monitor("tcp", "db.example:5432")];
  expect(alike("http", "https://EXAMPLE.com", monitors)?.kind).toBe("http");
  expect(alike("tcp", "DB.example:5432", monitors)?.kind).toBe("tcp");
  expect(alike("tcp", "db.example:5433", monitors)).toBeUndefined();
  expect(alike("http", "https://example.com/other", monitors)).toBeUndefined();
});

test("what is watched and kept alive from now on is healed by the monitor that it has", () => {
  const java = process("java", { ports: [25565] });
  const table = { name: "game", tcp: "127.0.0.1:25565", every: "1m" };
  const { monitor, adopt } = keep(java, 25565, NOBODY, { name: "game", table });
  expect(monitor).toBe("game");
  expect(adopt?.then.slice(1)).toEqual([
    { edit: "put", section: "monitor", name: "game", table: { ...table, on_down: { restart: "java" } } },
  ]);
  const healed = { name: "game", table: { ...table, on_down: { run: "x" } } };
  expect(keep(java, 25565, NOBODY, healed).adopt?.then).toHaveLength(1);
});
