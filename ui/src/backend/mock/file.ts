import type { ApiError, ConfigProblem, Edit, Section } from "../../contract";
import { channelProblems } from "./channels";
import { fleetProblems, FLEETS } from "./fleets/tables";
import { flowProblems, FLOWS } from "./flows/tables";

export type Table = Record<string, unknown>;
export type Tables = Record<string, unknown>;

const KINDS = ["http", "tcp", "tls", "dns", "ping", "process", "command", "host", "fleet"];
/** The sections whose entries have their names for keys. */
const NAMED: readonly Section[] = ["channel", "flow", "fleet"];
const SPANS = ["every", "timeout", "retry_every", "below", "merge_within"];

export const TABLES: Tables = {
  email: {
    server: "smtp.example.com",
    port: 587,
    security: "starttls",
    username: "isaac@example.com",
    password: { keyring: "smtp" },
    from: "isaac@example.com",
    to: ["isaac@example.com"],
  },
  alerts: { remind_every: "4h", quiet_hours: { from: "22:00", to: "07:00" } },
  channel: { chat: { webhook: "https://chat.example/hook/estatus" } },
  monitor: [
    {
      name: "portfolio",
      http: "https://portfolio.example/",
      every: "5m",
      accept: ["200-299"],
      contains: "Isaac",
      tags: ["web", "public"],
    },
    { name: "shop", http: "https://shop.example/cart", every: "30s", tags: ["web", "public", "money"], below: "2s" },
    { name: "web port", tcp: "127.0.0.1:5173", every: "10s", on_down: { restart: "web" }, tags: ["local", "dev"] },
    { name: "reloj is running", process: "reloj.exe", every: "2s", on_down: { start: "reloj", tries: 5 } },
    {
      name: "this machine",
      every: "20s",
      host: { cpu: "< 90%", memory: "< 90%", disk: { "/": "> 10%" } },
      maintenance: [{ daily: "02:00-04:00", days: ["sun"] }],
    },
  ],
  program: [
    {
      name: "web",
      command: "npm run dev -- --port 5173",
      directory: "~/web",
      env: { NODE_ENV: "development", TOKEN: { env: "TOKEN" } },
      ready: { tcp: "127.0.0.1:5173" },
    },
    { name: "reloj", command: ["reloj.exe", "--from", "12:00"] },
    {
      name: "worker",
      command: "python worker.py --queue orders",
      directory: "~/worker",
      memory: { above: "1GB", for: "1m" },
    },
    { name: "cloudflared", command: "cloudflared tunnel run home", enabled: false },
  ],
  flow: FLOWS,
  fleet: FLEETS,
};

const wrong = (message: string): ApiError => ({ code: "wrong", message });

/** `tables` with `edits` carried out. */
export function edited(tables: Tables, edits: Edit[]): Tables {
  return edits.reduce(carryOut, structuredClone(tables));
}

function carryOut(tables: Tables, edit: Edit): Tables {
  if (edit.edit === "set") return set(tables, edit.path, edit.value) as Tables;
  if (NAMED.includes(edit.section)) return { ...tables, [edit.section]: named(tables, edit) };
  const entries = (tables[edit.section] ?? []) as Table[];
  if (edit.edit === "remove") return { ...tables, [edit.section]: entries.filter((entry) => entry.name !== edit.name) };
  const replaced = entries.map((entry) => (entry.name === edit.name ? edit.table : entry));
  return { ...tables, [edit.section]: edit.name === null ? [...entries, edit.table] : replaced };
}

/** The entries of a section whose names are keys, with `edit` carried out. */
function named(tables: Tables, edit: Extract<Edit, { section: Section }>): Tables {
  const { section, name } = edit;
  const entries = { ...(tables[section] as Tables | undefined) };
  if (name !== null && !(name in entries)) throw wrong(`there is no ${section} "${name}" any more`);
  if (edit.edit === "remove") {
    delete entries[name ?? ""];
    return entries;
  }
  const called = edit.called ?? name ?? "";
  if (called !== name && called in entries) throw wrong(`there is a ${section} "${called}" already`);
  if (name !== null && called !== name) delete entries[name];
  return { ...entries, [called]: edit.table };
}

function set(at: unknown, [key, ...rest]: string[], value: unknown): unknown {
  if (key === undefined) return value;
  const table = { ...(at as Table | undefined) };
  const changed = set(table[key], rest, value);
  if (changed == null) delete table[key];
  else table[key] = changed;
  return table;
}

/** What is wrong with `tables`: some of what the engine would find. */
export function problems(tables: Tables): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  const problem = (path: string[], message: string) =>
    found.push({ line: 10 + found.length, column: 1, path, message });
  const programs = new Set(((tables.program ?? []) as Table[]).map((program) => program.name));
  const flows = (tables.flow ?? {}) as Tables;
  const names = (section: string, entries: Table[]) => {
    const taken = new Set<unknown>();
    entries.forEach((entry, index) => {
      const path = [section, String(index)];
      if (!entry.name)
        problem([...path, "name"], entry.name === undefined ? "`name` is missing" : "a name must not be empty");
      else if (taken.has(entry.name)) {
        problem([...path, "name"], `there is a ${section} "${entry.name}" already`);
      }
      taken.add(entry.name);
      for (const key of SPANS) if (key in entry) span([...path, key], entry[key]);
    });
  };
  const span = (path: string[], value: unknown) => {
    const text = String(value);
    if (/^\d+$/.test(text)) problem(path, `"${text}" has no unit: write "${text}s", or another of ms, s, m, h, d`);
    else if (!/^(\s*\d+(\.\d+)?\s*(ms|s|m|h|d))+$/.test(text))
      problem(path, `expected a duration like "5m", found "${text}"`);
  };
  const monitors = (tables.monitor ?? []) as Table[];
  names("monitor", monitors);
  names("program", (tables.program ?? []) as Table[]);
  monitors.forEach((monitor, index) => {
    const path = ["monitor", String(index)];
    if (!KINDS.some((kind) => kind in monitor))
      problem(path, "needs exactly one of http, tcp, tls, dns, ping, process, command, host");
    if ("http" in monitor && !/^https?:\/\/[^/]+/.test(String(monitor.http))) {
      problem([...path, "http"], `expected a URL like "https://example.com/", found "${String(monitor.http)}"`);
    }
    if ("tcp" in monitor && !/:\d+$/.test(String(monitor.tcp)))
      problem([...path, "tcp"], 'expected an address like "example.com:443"');
    const remedy = monitor.on_down as Table | undefined;
    const program = remedy?.restart ?? remedy?.start ?? remedy?.stop;
    if (program !== undefined && !programs.has(program as string))
      problem([...path, "on_down"], `there is no program "${String(program)}"`);
    if (remedy?.flow !== undefined && !(String(remedy.flow) in flows))
      problem([...path, "on_down", "flow"], `there is no flow "${String(remedy.flow)}"`);
  });
  ((tables.program ?? []) as Table[]).forEach((program, index) => {
    if (!program.command) problem(["program", String(index), "command"], "`command` is missing");
  });
  flowProblems(tables, problem, span);
  fleetProblems(tables, problem, span);
  channelProblems(tables, problem);
  const email = tables.email as Table | undefined;
  if (email && !email.server) problem(["email", "server"], "`server` is missing");
  if (email && Number(email.port ?? 25) > 65535) problem(["email", "port"], "expected a whole number from 1 to 65535");
  const alerts = tables.alerts as Table | undefined;
  if (alerts?.remind_every && alerts.remind_every !== "never") span(["alerts", "remind_every"], alerts.remind_every);
  return found;
}
