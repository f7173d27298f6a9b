import type {
  ApiError,
  Ask,
  Edit,
  Event,
  Hello,
  MonitorState,
  ProgramStatus,
  Reply,
  Request,
  SecretState,
  StepOf,
  StoredIn,
  TrialOf,
} from "../contract";
import { secretNames } from "../forms/naming";
import { TOGETHER_MS } from "../state/together";
import type { Backend, Chosen, DesktopSettings, FileDialog, Heard, Wanted } from "./backend";
import { fleets as furnished } from "./mock/fleets";
import { edited, problems, TABLES, type Table, type Tables } from "./mock/file";
import { flows as made } from "./mock/flows";
import { planned as plans } from "./mock/flows/plans";
import { planOf } from "./mock/flows/tables";
import { openIncidents, pastIncidents } from "./mock/incidents";
import { many, monitor, type Sample, SAMPLES, seen } from "./mock/monitors";
import { history, uptime } from "./mock/past";
import { Logs } from "./mock/logs";
import { changes, PROJECT, programs, SURVEYED, UNASKED } from "./mock/programs";
import { ago, chance } from "./mock/seed";
import { usersOf } from "./mock/secrets";
import { service } from "./mock/service";
import { rehearsed } from "./mock/trials";
import { usage as used } from "./mock/usage";
import { savedEdit, Versions } from "./mock/versions";

/**
 * A lively world for tests and for looking at the window. What it is like stands in the address: `?monitors=10000`;
 * `?world=empty`, or `example`; `?engine=lost`, or `silent`; `?file=wrong`; `?answers=none`, or `failing`; `?may=steer`;
 * `?service=user`, `stopped`, `machine`, `command`, `others`, or `windows`; `?doctor=well`, or `none`; `?switch=failed`, …;
 * `?flows=dense`, or how many; `?fleet=thousands`; `?platform=windows`; `?young=router` for a monitor that is 40 minutes old;
 * `?keyring=none`, or `locked`; `?measured=never`; `?still`.
 */
const asked = new URLSearchParams(globalThis.location?.search ?? "");

const lively = asked.get("world") === null;
const samples: Sample[] = asked.has("monitors")
  ? many(Number(asked.get("monitors")))
  : lively
    ? SAMPLES
    : asked.get("world") === "example"
      ? SAMPLES.filter(({ name }) => name === "this machine")
      : [];
const young = samples.find(({ name }) => name === asked.get("young"));
if (young) Object.assign(young, { begun: 2400, since: 2400 });
const byName = new Map(samples.map((sample) => [sample.name, sample]));
const past = lively && !asked.has("monitors") ? pastIncidents() : [];
const open = lively && !asked.has("monitors") ? openIncidents() : [];
const monitors = new Map<string, MonitorState>(samples.map((sample) => [sample.name, monitor(sample)]));
const running = new Map<string, ProgramStatus>((lively ? programs() : []).map((program) => [program.name, program]));

let tables: Tables = tablesOf(samples);
const versions = new Versions(lively && !asked.has("monitors") ? earlier(tables) : []);
let heard: ((heard: Heard) => void) | undefined;
/** The secrets, by their names, for the tests to see. */
const secrets = new Map<string, string>(lively ? [["smtp", "of the mail server"]] : []);
let followed: { log_of: string | null; step?: StepOf | null; usage: boolean } = { log_of: null, usage: false };
const logs = new Logs();
let engine: Hello["snapshot"]["engine"] = {
  network_off: [],
  snoozed_until: null,
  store_trouble: null,
  config_refused: refusal(asked.get("file")),
  config_emptied: asked.get("file") === "emptied",
  waiting: lively ? [{ id: 432, channel: "chat", created: ago(830), failed: 4, error: "connection refused" }] : [],
  language: "en",
  platform: asked.get("platform") === "windows" ? "windows" : "linux",
};
let desktop: DesktopSettings = {
  start_at_login: true,
  notifications: true,
  notification_trouble: lively ? null : "no notification service was found",
  language: (asked.get("language") as DesktopSettings["language"] | null) ?? "system",
};

const tell = (event: Event) => heard?.({ heard: "event", event });
const flows = made(
  lively && !asked.has("monitors") ? plans(asked.get("flows")) : new Map(),
  tell,
  () => followed.step ?? null,
);
const fleets = furnished(
  lively && !asked.has("monitors") ? (TABLES.fleet as Record<string, Table>) : {},
  asked.get("fleet"),
  tell,
);
const isReady = (name: string) => running.get(name)?.state === "running";
/** Who waits for the next second of the made-up world. */
let waiting: (() => void)[] = [];
const trials = rehearsed(
  tell,
  () => new Promise((done) => waiting.push(done)),
  asked.get("mail") === "refused",
  isReady,
);
type TryRequest = Extract<Request, { request: "try" }>;
const wrong = (message: string): ApiError => ({ code: "wrong", message });

/** What stands in the file: with very many monitors, nothing but them. */
function tablesOf(samples: readonly Sample[]): Tables {
  if (!asked.has("monitors")) return lively ? TABLES : {};
  return { monitor: samples.map(({ name, kind, target, tags }) => ({ name, [kind]: target, every: "1m", tags })) };
}

/** What the file said before, the oldest first. */
function earlier(tables: Tables): { tables: Tables; ago: number }[] {
  const monitors = (tables.monitor ?? []) as Table[];
  const without = (name: string) => monitors.filter((table) => table.name !== name);
  const slower = monitors.map((table) => (table.name === "shop" ? { ...table, every: "5m" } : table));
  return [
    { tables: { ...tables, monitor: without("this machine"), channel: {} }, ago: 700_000 },
    { tables: { ...tables, monitor: without("this machine") }, ago: 400_000 },
    { tables: { ...tables, monitor: slower }, ago: 90_000 },
    { tables, ago: 3600 },
  ];
}

function refusal(file: string | null): string | null {
  if (file === "wrong") return 'estatus.toml:14:9: "5" has no unit: write "5s"';
  return file === "emptied" ? "estatus.toml:1:1: this file holds no monitor and no program any more" : null;
}

function hello(): Hello {
  return {
    protocol: 16,
    version: "0.1.0",
    host: {
      kind: "tray",
      pid: 4711,
      started: ago(190_000),
      config: "/home/isaac/.config/estatus/estatus.toml",
      data: "/home/isaac/.local/share/estatus",
    },
    permission: asked.get("may") === "steer" ? "steer" : "edit",
    snapshot: {
      monitors: [...monitors.values()],
      programs: [...running.values()],
      flows: flows.snapshot(),
      fleets: fleets.snapshot(),
      incidents: open,
      engine,
    },
  };
}

function attach() {
  const state = asked.get("engine");
  if (state === "lost") heard?.({ heard: "lost", why: "nobody answers on the engine's socket" });
  else if (state !== "silent") heard?.({ heard: "hello", hello: hello() });
}

export const backend: Backend = {
  async request(request) {
    if (asked.get("answers") === "none") return new Promise(() => {});
    if (asked.get("answers") === "failing") throw { code: "failed", message: "the disk is full" } satisfies ApiError;
    await new Promise((done) => setTimeout(done, 15));
    return request.request === "try" ? tryOut(request.of) : answer(request);
  },
  subscribe(listener) {
    heard = listener;
    setTimeout(attach, 0);
    return () => {
      heard = undefined;
    };
  },
  theme: (theme) => void (document.documentElement.dataset["frame"] = theme ?? "system"),
  open: async (url) => void opened.push(url),
  choose: async (dialog) => {
    wishes.push(dialog);
    return chosen(dialog.wanted);
  },
  save: saved,
  settings: async () => desktop,
  change: async (settings) => (desktop = { ...desktop, ...settings }),
  ...service(asked),
};

/** What is chosen next, as the tests say; a project and a script otherwise. */
let next: Chosen | null | undefined;
const wishes: FileDialog[] = [];

function chosen(wanted: Wanted): Chosen | null {
  const usual =
    wanted === "folder" ? PROJECT : { ...PROJECT, path: `${PROJECT.path}/server.py`, is_folder: false, package: null };
  return next === undefined ? usual : next;
}
/** What was tried, with the names of the secrets that came with it, for the tests to see. */
const tried: { of: TrialOf; secrets: string[] }[] = [];

/** What was opened outside, for the tests to see. */
const opened: string[] = [];

/** Has the browser save it, in its own folder for downloads. */
async function saved(name: string, pieces: AsyncIterable<string>): Promise<string> {
  const all: string[] = [];
  for await (const piece of pieces) all.push(piece);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(all, { type: "text/plain" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
  return `~/Downloads/${name}`;
}

function answer(request: Request): Reply {
  switch (request.request) {
    case "status": {
      const figures = (name: string) => past24(name);
      const { host, snapshot } = hello();
      return {
        reply: "status",
        of: { ...snapshot, host, monitors: snapshot.monitors.map((one) => ({ ...one, ...figures(one.name) })) },
      };
    }
    case "history": {
      const { monitor, from, to, points } = request.of;
      return {
        reply: "history",
        of: history(sample(monitor), [...open, ...past], Date.parse(from), Date.parse(to), points),
      };
    }
    case "uptime": {
      const { monitor } = request.of;
      return { reply: "uptime", of: uptime(sample(monitor), [...open, ...past]) };
    }
    case "report": {
      const { month, format } = request.of;
      const of = typeof month === "string" ? new Date().toISOString().slice(0, 7) : month.of;
      return { reply: "report", of: { name: `estatus-${of}.${format}`, text: `${of} as ${format}\n` } };
    }
    case "incidents": {
      const { monitor, since, limit } = request.of;
      const all = [...[...open].reverse(), ...past].filter(
        (incident) => monitor == null || incident.monitor === monitor,
      );
      const newer = all.filter((incident) => since == null || (incident.closed ?? ago(0)) > since);
      return { reply: "incidents", of: newer.slice(0, limit) };
    }
    case "do":
      return carryOut(request.of);
    case "apply":
      engine = { ...engine, config_refused: null, config_emptied: false };
      apply({});
      tell({ event: "engine", of: engine });
      return { reply: "done" };
    case "configuration": {
      const wrongLine = {
        line: 14,
        column: 9,
        path: ["monitor", "1", "every"],
        message: '"5" has no unit: write "5s", or another of ms, s, m, h, d',
      };
      const found = asked.get("file") === "wrong" ? [wrongLine] : problems(tables);
      return { reply: "configuration", of: { file: hello().host.config, tables, problems: found } };
    }
    case "edit": {
      const wanted = edited(tables, request.of.edits);
      if (!request.of.save) return { reply: "edited", of: { problems: problems(wanted) } };
      return { reply: "edited", of: savedEdit(versions, tables, wanted, apply) };
    }
    case "versions":
      return { reply: "versions", of: versions.list(tables) };
    case "version":
      return { reply: "version", of: versions.text(request.of.id, tables) };
    case "put_back":
      return { reply: "edited", of: savedEdit(versions, tables, versions.tables(request.of.id), apply) };
    case "undo":
      return { reply: "edited", of: savedEdit(versions, tables, versions.undone(request.of.id, tables), apply) };
    case "entry_text": {
      const { section, name } = request.of;
      return { reply: "entry_text", of: versions.entryText(tables, section, name) };
    }
    case "try":
      throw wrong("trials take their time");
    case "end_trial":
      trials.end(request.of.of);
      return { reply: "done" };
    case "store_secret":
      return { reply: "secret_stored", of: keep(request.of.name, request.of.value) };
    case "remove_secret":
      if (!secrets.delete(request.of.name)) throw wrong(`nothing is stored under “${request.of.name}”`);
      return { reply: "done" };
    case "secrets":
      return { reply: "secrets", of: (request.of.names ?? allSecrets()).map(secret) };
    case "survey":
      return { reply: "survey", of: SURVEYED };
    case "adoptable":
      return { reply: "adoptable", of: { can_be_asked: request.of.process.pid !== UNASKED } };
    case "import":
      return {
        reply: "imported",
        of: {
          from: "Procfile",
          edits: ["web", "queue"].map((name) => ({
            edit: "put",
            section: "program",
            name: null,
            table: { name, command: `npm run ${name}` },
          })),
          notes: ["release: it runs once, so it is no program to be kept running"],
        },
      };
    case "log":
      return { reply: "log", of: logs.last(request.of.program, request.of.lines) };
    case "read_log":
      return { reply: "log_page", of: logs.read(request.of) };
    case "program_history":
      return { reply: "program_history", of: changes(request.of.program, Date.parse(request.of.since)) };
    case "usage": {
      const { by } = request.of;
      const known = by.kind === "program" ? running.get(by.name) : sample(by.name);
      if (!known) throw wrong(`there is no program "${by.name}"`);
      const begun = by.name === asked.get("young") ? 2400 : asked.get("measured") === "never" ? 0 : undefined;
      return { reply: "usage", of: used(by, running.get(by.name), begun, request.of) };
    }
    case "runs":
      return { reply: "runs", of: flows.runs(request.of.flow, request.of.limit) };
    case "last_runs":
      return { reply: "runs", of: flows.lastRuns(request.of.limit) };
    case "run":
      return { reply: "run", of: flows.run(request.of.run) };
    case "repeat":
      return { reply: "begun", of: flows.repeat(request.of.run, request.of.how) };
    case "plan":
      if (hello().permission !== "edit")
        throw { code: "denied", message: "only administrators may" } satisfies ApiError;
      return { reply: "plan", of: flows.plan(request.of.flow) };
    case "fleet":
      return { reply: "fleet", of: fleets.status(request.of.fleet) };
    case "fleet_history":
      return { reply: "fleet_history", of: fleets.history(request.of.fleet, request.of.since) };
    case "replay":
      return { reply: "replay", of: fleets.replay(request.of.fleet, request.of.other, request.of.since) };
    case "decisions":
      return { reply: "decisions", of: fleets.decisions(request.of.fleet, request.of.limit) };
    case "set_load":
      fleets.setLoad(request.of.fleet, request.of.instance, request.of.load);
      return { reply: "done" };
    case "step_log":
      return { reply: "log", of: flows.log(request.of.of, request.of.lines) };
    case "follow":
      followed = request.of;
      return { reply: "done" };
    case "relaunch":
      tell({ event: "relaunching" });
      return { reply: "done" };
  }
}

function secret(name: string): SecretState {
  const stored = secrets.has(name) ? placeOf(name) : null;
  return { name, stored, trouble: null, used_by: usersOf(tables, name) };
}

/** All that are named or stored. */
const allSecrets = () => [...new Set([...secretNames(tables), ...secrets.keys()])].sort();

function placeOf(name: string): StoredIn {
  return asked.get("keyring") === "none"
    ? { in: "file", path: `${hello().host.data}/secrets/secret-${name}` }
    : { in: "keyring", called: "Secret Service" };
}

function keep(name: string, value: string): StoredIn {
  if (asked.get("keyring") === "locked")
    throw { code: "failed", message: "the keyring does not respond; is it waiting to be unlocked?" } satisfies ApiError;
  secrets.set(name, value);
  return placeOf(name);
}

/** Tries what would be in the file after these changes. */
async function tryOut({ edits, of, secrets }: TryRequest["of"]): Promise<Reply> {
  const wanted = edited(tables, edits);
  const found = problems(wanted);
  if (found.length > 0) return { reply: "edited", of: { problems: found } };
  const state = of.what === "program" ? running.get(of.name) : undefined;
  if (state?.pid)
    throw wrong(
      `“${of.name}” is not stopped (${state.state}), and a second copy is never started: stop it first, then try it`,
    );
  tried.push({ of, secrets: secrets.map(({ name }) => name) });
  return { reply: "tried", of: await trials.begin(of, wanted) };
}

function sample(name: string): Sample {
  const known = byName.get(name);
  if (!known) throw wrong(`there is no monitor "${name}"`);
  return known;
}

function past24(name: string) {
  const {
    points: _,
    monitor: __,
    ...figures
  } = history(sample(name), [...open, ...past], Date.now() - 86_400_000, Date.now(), 24);
  return figures;
}

/** Takes `wanted` for the file, and what it says for the world. */
function apply(wanted: Tables) {
  const before = new Set(((tables.monitor ?? []) as Table[]).map((table) => String(table.name)));
  applyFlows((wanted.flow ?? {}) as Record<string, Table>);
  applyFleets((wanted.fleet ?? {}) as Record<string, Table>);
  tables = wanted;
  for (const table of (wanted.monitor ?? []) as Table[]) {
    const name = String(table.name);
    before.delete(name);
    const heals = ((table.on_down as Table | undefined)?.restart as string | undefined) ?? null;
    const known = monitors.get(name);
    const tags = (table.tags as string[] | undefined) ?? [];
    if (known && ((known.heals ?? null) !== heals || known.tags.join() !== tags.join()))
      change({ ...known, heals, tags });
    if (known) continue;
    const kind =
      (["http", "tcp", "tls", "dns", "ping", "process", "command", "host", "fleet"] as const).find(
        (kind) => kind in table,
      ) ?? "http";
    const made: Sample = {
      name,
      kind,
      target: typeof table[kind] === "object" ? String(Object.values(table[kind] as Table)[0]) : String(table[kind]),
      tags,
      health: "unknown",
      detail: "",
      more: { heals },
    };
    byName.set(name, made);
    change(monitor(made));
  }
  for (const name of before) {
    monitors.delete(name);
    byName.delete(name);
    tell({ event: "monitor_gone", of: name });
  }
  for (const table of (wanted.program ?? []) as Table[]) {
    const name = String(table.name);
    if (running.has(name)) continue;
    become({
      name,
      command: String(table.command),
      state: "stopped",
      standing: "idle",
      since: ago(0),
      pid: null,
      start: 0,
      restarts: 0,
      last_exit: null,
      trouble: null,
      says: null,
      next_start: null,
      stops_with_estatus: true,
    });
  }
}

function applyFlows(wanted: Record<string, Table>) {
  const before = (tables.flow ?? {}) as Record<string, Table>;
  for (const [name, table] of Object.entries(wanted)) {
    if (JSON.stringify(table) !== JSON.stringify(before[name])) flows.put(planOf(name, table, flows.planning(name)));
  }
  for (const name of Object.keys(before)) if (!(name in wanted)) flows.remove(name);
}

function applyFleets(wanted: Record<string, Table>) {
  const before = (tables.fleet ?? {}) as Record<string, Table>;
  for (const [name, table] of Object.entries(wanted)) {
    if (JSON.stringify(table) !== JSON.stringify(before[name])) fleets.put(name, table);
  }
  for (const name of Object.keys(before)) if (!(name in wanted)) fleets.dissolve(name);
}

function change(monitor: MonitorState) {
  monitors.set(monitor.name, monitor);
  tell({ event: "monitor", of: monitor });
}

function become(program: ProgramStatus) {
  running.set(program.name, program);
  tell({ event: "program", of: program });
}

function carryOut(ask: Ask): Reply {
  if ("program" in ask) {
    const program = running.get(ask.program);
    if (!program) throw wrong(`there is no program "${ask.program}"`);
    const stops = ask.ask === "stop_program";
    become({
      ...program,
      state: stops ? "stopped" : "running",
      standing: stops ? "idle" : "well",
      pid: stops ? null : ask.ask === "adopt_program" ? ask.process.pid : 30_000,
      since: ago(0),
      trouble: null,
      next_start: null,
    });
    return { reply: "done" };
  }
  if (ask.ask === "run_flow") return { reply: "begun", of: flows.begin(ask.flow) };
  if (ask.ask === "cancel_run") {
    flows.cancel(ask.run);
    return { reply: "done" };
  }
  if (ask.ask === "approve") {
    flows.approve(ask.run, ask.step, ask.approved);
    return { reply: "done" };
  }
  if (ask.ask === "add_instance") return { reply: "launched", of: fleets.add(ask.fleet).name };
  if (ask.ask === "remove_instance") fleets.remove(ask.fleet, ask.instance);
  if (ask.ask === "drain_instance") fleets.drain(ask.fleet, ask.instance);
  if (ask.ask === "protect_instance") fleets.protect(ask.fleet, ask.instance, ask.protected);
  if ("fleet" in ask) return { reply: "done" };
  if (ask.ask === "snooze" && ask.monitor === null) {
    engine = { ...engine, snoozed_until: ask.until };
    tell({ event: "engine", of: engine });
    return { reply: "done" };
  }
  if (ask.ask === "check_now" && ask.monitor === null) return { reply: "done" };
  const state = monitors.get(ask.monitor ?? "");
  if (!state) throw wrong(`there is no monitor "${ask.monitor}"`);
  if (ask.ask === "pause")
    change({ ...state, health: "paused", standing: "idle", since: ago(0), paused_until: ask.until });
  if (ask.ask === "resume") change({ ...state, health: "up", standing: "well", since: ago(0), paused_until: null });
  if (ask.ask === "snooze") change({ ...state, snoozed_until: ask.until });
  if (ask.ask === "check_now") change({ ...state, last: seen(sample(state.name), ago(0)) });
  if (ask.ask === "acknowledge") {
    const index = open.findIndex((incident) => incident.monitor === state.name);
    const incident = open[index];
    if (incident) tell({ event: "incident", of: (open[index] = { ...incident, acknowledged: ago(0) }) });
  }
  return { reply: "done" };
}

/** What goes on by itself: probes, figures, lines. */
function tick() {
  for (const state of [...monitors.values()].slice(0, 200)) {
    if (state.last && state.health !== "paused" && chance(state.name, Date.now()) < 0.3) {
      change({ ...state, last: seen(sample(state.name), ago(0)) });
    }
  }
  const turns = waiting;
  waiting = [];
  for (const turn of turns) turn();
  flows.tick();
  fleets.tick();
  const alive = [...running.values()].filter((program) => program.pid !== null);
  if (followed.usage) tell({ event: "usage", of: alive.map(({ name }) => usage(name)) });
  if (followed.log_of !== null && running.get(followed.log_of)?.pid) {
    write(followed.log_of, 1);
  }
}

function write(program: string, count: number) {
  const lines = logs.write(program, count);
  if (followed.log_of === program) tell({ event: "log", of: { program, lines } });
}

function usage(program: string) {
  const memory = Math.round((program === "web" ? 214e6 : 38e6) * (1 + chance(program, Date.now()) * 0.1));
  return { program, memory, cpu: Math.round(chance(program, Date.now(), "cpu") * (program === "web" ? 460 : 30)) / 10 };
}

if (globalThis.location !== undefined && !asked.has("still")) setInterval(tick, 1000);

/** Until the window shows all that it was told: it keeps nothing back for longer than a timer that begins now. */
const shown = () => new Promise<void>((done) => setTimeout(done, TOGETHER_MS));

Object.assign(globalThis, {
  mock: {
    opened,
    wishes,
    tried,
    choose: (chosen: Chosen | null) => (next = chosen),
    edit: (edits: Edit[]) => {
      apply(edited(tables, edits));
      versions.keep(tables);
    },
    tables: () => tables,
    secrets: () => Object.fromEntries(secrets),
    keep,
    tell,
    shown,
    pass: (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) tick();
      return shown();
    },
    write,
    hear: (message: Heard) => heard?.(message),
    hello,
    monitors,
  },
});
