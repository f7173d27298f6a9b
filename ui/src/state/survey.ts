import type { Edit, Listening, ProcessId } from "../contract";

/** What is entered to watch something, and under which names. */
export interface Setup {
  edits: Edit[];
  monitor: string;
  /** The program that a process which runs already becomes. */
  adopt: Adoption | null;
}

/** A process that becomes the process of a program. */
export interface Adoption {
  program: string;
  process: ProcessId;
  /** What makes a program that waits to be started one that is kept running. */
  then: Edit;
}

/** `wanted`, or the first of `wanted 2`, `wanted 3`, … that nobody bears. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted} ${number}`;
    if (!taken.has(name)) return name;
  }
}

/**
 * A monitor of the port `port` of `process`, and a program that `process` becomes. The program is entered as one that is
 * not started by itself, for it would be a second copy; when it has become the process, it is kept running.
 */
export function keep(
  process: Listening,
  port: number,
  taken: { monitors: ReadonlySet<string>; programs: ReadonlySet<string> },
): Setup {
  const watched = watch(process, port, taken.monitors);
  if (process.program) return { ...watched, edits: [monitor(watched.monitor, port, { restart: process.program })] };
  const program = freeName(process.name, taken.programs);
  const table: Record<string, unknown> = {
    name: program,
    command: process.words.length > 0 ? process.words : process.command_line,
  };
  if (process.directory) table.directory = process.directory;
  const put = (name: string | null, table: Record<string, unknown>): Edit => ({
    edit: "put",
    section: "program",
    name,
    table,
  });
  const edits = [put(null, { ...table, enabled: false }), monitor(watched.monitor, port, { restart: program })];
  return {
    edits,
    monitor: watched.monitor,
    adopt: { program, process: process.process, then: put(program, table) },
  };
}

/** A monitor of the port `port` of `process`. */
export function watch(process: Listening, port: number, taken: ReadonlySet<string>): Setup {
  const name = freeName(`${process.name} ${port}`, taken);
  return { edits: [monitor(name, port)], monitor: name, adopt: null };
}

function monitor(name: string, port: number, onDown?: Record<string, string>): Edit {
  const table: Record<string, unknown> = { name, tcp: `127.0.0.1:${port}`, every: "10s" };
  if (onDown) table.on_down = onDown;
  return { edit: "put", section: "monitor", name: null, table };
}

/** A monitor of what was pasted: a web page, or `host:port`; nothing if it is neither. */
export function pasted(text: string, taken: ReadonlySet<string>): Setup | null {
  const trimmed = text.trim();
  if (/^[\w.-]+:\d+$/.test(trimmed)) return one(trimmed, { tcp: trimmed, every: "1m" }, taken);
  const address = /^https?:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
  if (!URL.canParse(address) || !/^[^\s.]+\.[^\s]+$|^localhost/.test(trimmed.replace(/^https?:\/\//i, ""))) return null;
  const url = new URL(address);
  return one(url.host + (url.pathname === "/" ? "" : url.pathname), { http: url.href, every: "1m" }, taken);
}

function one(wanted: string, check: Record<string, unknown>, taken: ReadonlySet<string>): Setup {
  const name = freeName(wanted.slice(0, 100), taken);
  return {
    edits: [{ edit: "put", section: "monitor", name: null, table: { name, ...check } }],
    monitor: name,
    adopt: null,
  };
}
