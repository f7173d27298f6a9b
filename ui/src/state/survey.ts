import type { Edit, Surveyed, ProcessId } from "../contract";

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
  /** What makes the program one that is kept running and watched, once it has become the process. */
  then: Edit[];
}

/** `wanted`, or the first of `wanted 2`, `wanted 3`, … that nobody bears, with `between` before the number. */
export function freeName(wanted: string, taken: ReadonlySet<string>, between = " "): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}${between}${number}`;
    if (!taken.has(name)) return name;
  }
}

/** A monitor that is there already, as it stands in the file. */
export interface Watched {
  name: string;
  table: Record<string, unknown>;
}

/**
 * A monitor of `process`, of its port `port` if it has one, and a program that `process` becomes; where it is `watched` already, that
 * monitor heals it from now on. The program is entered as one that is
 * not started by itself, and alone: whatever started it before it has become the process would start a second copy.
 */
export function keep(
  process: Surveyed,
  port: number | undefined,
  taken: { monitors: ReadonlySet<string>; programs: ReadonlySet<string> },
  watched?: Watched,
): Setup {
  const name = watched?.name ?? watch(process, port, taken.monitors).monitor;
  const healed = (program: string): Edit[] => {
    if (!watched) return [monitor(name, process, port, { restart: program })];
    // What it does already when it is down is its user's word.
    if ("on_down" in watched.table) return [];
    return [{ edit: "put", section: "monitor", name, table: { ...watched.table, on_down: { restart: program } } }];
  };
  if (process.program) return { edits: healed(process.program), monitor: name, adopt: null };
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
  const then = [put(program, table), ...healed(program)];
  return {
    edits: [put(null, { ...table, enabled: false })],
    monitor: name,
    adopt: { program, process: process.process, then },
  };
}

/** A monitor of the port `port` of `process`, or of `process` itself where there is none. */
export function watch(process: Surveyed, port: number | undefined, taken: ReadonlySet<string>): Setup {
  const name = freeName(port === undefined ? process.name : `${process.name} ${port}`, taken);
  return { edits: [monitor(name, process, port)], monitor: name, adopt: null };
}

/** One that does not listen is known by its whole command line. */
function monitor(name: string, process: Surveyed, port: number | undefined, onDown?: Record<string, string>): Edit {
  const check =
    port === undefined ? { process: { command_line: exactly(process.command_line) } } : { tcp: `127.0.0.1:${port}` };
  const table: Record<string, unknown> = { name, ...check, every: "10s" };
  if (onDown) table.on_down = onDown;
  return { edit: "put", section: "monitor", name: null, table };
}

/** `text` as a regular expression that fits only itself. */
export const exactly = (text: string): string => `^${text.replace(/[\\^$.*+?()[\]{}|#&~-]/g, "\\$&")}$`;
