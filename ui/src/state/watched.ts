import type { Kind, MonitorState, Surveyed } from "../contract";
import { exactly } from "./survey";

/** The address of something that is reached over the network; what is on this machine is one, whatever it is called. */
interface Address {
  host: string;
  port: number;
}

/**
 * The monitor that watches the port `port` of this machine, or `process` itself where there is none; nothing if none does. `all` are
 * the processes that there are.
 */
export function watching(
  process: Surveyed,
  port: number | undefined,
  monitors: Iterable<MonitorState>,
  all: readonly Surveyed[],
): MonitorState | undefined {
  const isAlone = all.filter(({ name }) => name === process.name).length < 2;
  return find(monitors, (monitor) => {
    if (port === undefined) return monitor.kind === "process" && isOf(monitor.target, process, isAlone);
    const address = addressOf(monitor);
    return address?.host === HERE && address.port === port;
  });
}

/** The monitor that does what a check of `kind` of `target` would do; nothing if none does. */
export function alike(kind: Kind, target: string, monitors: Iterable<MonitorState>): MonitorState | undefined {
  const wanted = said(kind, target);
  return find(monitors, (monitor) => monitor.kind === kind && said(kind, monitor.target) === wanted);
}

/** What is watched, however it is written. */
function said(kind: Kind, target: string): string {
  switch (kind) {
    case "http":
      return URL.canParse(target) ? new URL(target).href : target;
    case "tcp":
    case "tls": {
      const { host, port } = parsed(`tcp://${target}`) ?? { host: target, port: 0 };
      return `${host}:${port}`;
    }
    // The record that is asked for stands behind the name.
    case "dns":
      return target.split(" ")[0]?.toLowerCase() ?? target;
    case "ping":
      return target.toLowerCase();
    default:
      return target;
  }
}

function find(monitors: Iterable<MonitorState>, fits: (monitor: MonitorState) => boolean): MonitorState | undefined {
  for (const monitor of monitors) if (fits(monitor)) return monitor;
  return undefined;
}

/** A process is watched by its whole command line, or by its name or the path of its file where no other bears it. */
function isOf(target: string, { name, command_line, words }: Surveyed, isAlone: boolean): boolean {
  return target === exactly(command_line) || (isAlone && [name, words[0]].includes(target));
}

const HERE = "here";
const PORTS: Record<string, number> = { "http:": 80, "https:": 443 };

function addressOf({ kind, target }: MonitorState): Address | null {
  if (kind === "http") return parsed(target);
  return kind === "tcp" || kind === "tls" ? parsed(`tcp://${target}`) : null;
}

function parsed(text: string): Address | null {
  if (!URL.canParse(text)) return null;
  const { hostname, port, protocol } = new URL(text);
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  const isHere =
    host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127\.|^0\.0\.0\.0$/.test(host);
  return { host: isHere ? HERE : host, port: port === "" ? (PORTS[protocol] ?? 0) : Number(port) };
}
