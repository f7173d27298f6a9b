import type { Edit, MonitorState } from "../contract";
import { freeName, type Setup } from "./survey";
import { alike } from "./watched";

/** What a line of a pasted text may mean. */
export type Reading =
  | { kind: "http"; target: string }
  | { kind: "tcp" | "tls"; target: string; host: string; port: number }
  | { kind: "dns" | "ping"; target: string }
  | { kind: "process"; target: string; isPath: boolean };

/** Why a line means nothing: it is not understood, or understood but not checked, and what could be written instead. */
export type Why = { not: "understood" } | { not: "checked"; scheme: string; instead: string | null };

/** A line, and what it may mean, the likeliest first; or why it means nothing. */
export type Line =
  { text: string; readings: readonly [Reading, ...Reading[]] } | { text: string; readings: null; why: Why };

/** So many lines are read. */
export const LINES_MAX = 200;

/** How often each is checked, in seconds. */
export const EVERY: Record<Reading["kind"], number> = { http: 60, tcp: 30, tls: 3600, dns: 300, ping: 30, process: 10 };

/** The lines of `text` that say something, each once. What stands around an address in lists, letters and code is left out. */
export function lines(text: string): Line[] {
  const said = text.split(/\r?\n/).map(bare).filter(Boolean);
  return [...new Set(said)].slice(0, LINES_MAX).map(read);
}

function bare(line: string): string {
  const said = line
    .trim()
    .replace(/^#.*/, "")
    .replace(/^(?:[-*•]|\d+[.)])\s+/, "");
  return said
    .replace(/^[<"'`«“(]+/, "")
    .replace(/[>"'`»”),;]+$/, "")
    .trim();
}

function read(text: string): Line {
  const readings = meanings(text);
  const [first, ...rest] = readings;
  return first ? { text, readings: [first, ...rest] } : { text, readings: null, why: refusal(text) };
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const PORT = /^(\[[\da-f:.]+\]|[^\s/:[\]@]*):(\d{1,5})$/i;
const PATH = /^(?:[a-z]:[\\/]|\\\\|~?\/)./i;
const FILE = /\.(?:exe|bat|cmd|ps1|jar)$/i;
/** The end of a name that is a country's too, but hardly ever right after the first word. */
const SCRIPT = /^[\w-]+\.py$/i;
const NAME = /^\w+(?:[.+-]\w+)*$/;

function meanings(text: string): Reading[] {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme) return scheme === "http" || scheme === "https" ? ofUrl(text) : [];
  const host = text.replace(/^\[(.*)\]$/, "$1");
  if (isAddress(host)) return [ping(host), ...pages(inUrl(host))];
  const [, before, digits] = PORT.exec(text) ?? (/^\d{2,5}$/.test(text) ? ["", "", text] : []);
  const port = Number(digits);
  if (before !== undefined) return port >= 1 && port <= 65_535 ? ofPort(before || "127.0.0.1", port) : [];
  if (PATH.test(text)) return [process(text, true)];
  if (FILE.test(text) && !text.includes("/")) return [process(text)];
  if (SCRIPT.test(text)) return [process(text), ...pages(text)];
  return ofName(text);
}

function ofUrl(text: string): Reading[] {
  if (!URL.canParse(text)) return [];
  const { href, protocol, hostname, port } = new URL(text);
  if (!isHost(hostname)) return [];
  const at = Number(port) || (protocol === "https:" ? 443 : 80);
  return [
    { kind: "http", target: href },
    ...(protocol === "https:" ? [reached("tls", hostname, at)] : []),
    reached("tcp", hostname, at),
    ping(hostname.replace(/^\[|\]$/g, "")),
  ];
}

const WITH_TLS: readonly number[] = [443, 465, 636, 853, 989, 990, 993, 995, 8443, 8883];

function ofPort(host: string, port: number): Reading[] {
  const inside = host.replace(/^\[|\]$/g, "");
  if (!isHost(host)) return [];
  const tls = WITH_TLS.includes(port);
  const page: Reading[] = pages(`${inUrl(inside)}:${port}`);
  return [reached("tcp", host, port), ...(tls ? page : page.toReversed()), reached("tls", host, port), ping(inside)];
}

/** A page where there is a dot or a path, a process otherwise. */
function ofName(text: string): Reading[] {
  const [host = ""] = text.split(/[/?#:]/);
  const isAlone = host === text;
  if (!URL.canParse(`https://${text}`) || !isHost(host))
    return NAME.test(text) && !isNumber(text) ? [process(text)] : [];
  const [secure, plain] = pages(text);
  if (!secure || !plain) return [];
  if (host.toLowerCase() === "localhost") return [plain, secure, ...(isAlone ? [ping(host)] : [])];
  if (!host.includes(".")) return isAlone ? [process(text), ping(host), secure, plain] : [plain, secure];
  return [secure, plain, ...(isAlone ? [ping(host), reached("tls", host, 443), dns(host)] : [])];
}

/** What other schemes are spoken on. */
const PORTS: Record<string, number> = {
  amqp: 5672,
  amqps: 5671,
  ftp: 21,
  ftps: 990,
  git: 9418,
  imap: 143,
  imaps: 993,
  ldap: 389,
  ldaps: 636,
  mongodb: 27_017,
  mqtt: 1883,
  mqtts: 8883,
  mysql: 3306,
  pop3: 110,
  pop3s: 995,
  postgres: 5432,
  postgresql: 5432,
  rdp: 3389,
  redis: 6379,
  rediss: 6379,
  rtsp: 554,
  sftp: 22,
  smb: 445,
  smtp: 25,
  smtps: 465,
  ssh: 22,
  telnet: 23,
  tcp: 0,
  vnc: 5900,
  ws: 80,
  wss: 443,
};

function refusal(text: string): Why {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (!scheme || scheme === "http" || scheme === "https") return { not: "understood" };
  // Of schemes that the browser does not know it leaves the host as it is.
  const { hostname, port } = URL.canParse(text) ? new URL(text) : { hostname: "", port: "" };
  const at = Number(port) || (PORTS[scheme] ?? 0);
  return { not: "checked", scheme, instead: isHost(hostname) && at > 0 ? `${hostname}:${at}` : null };
}

const process = (target: string, isPath = false): Reading => ({ kind: "process", target, isPath });
const ping = (target: string): Reading => ({ kind: "ping", target });
const dns = (target: string): Reading => ({ kind: "dns", target });
const inUrl = (host: string) => (host.includes(":") ? `[${host}]` : host);

/** A port of `host`, which stands in brackets if it is an address of IPv6. */
const reached = (kind: "tcp" | "tls", host: string, port: number): Reading => ({
  kind,
  target: `${host}:${port}`,
  host: host.replace(/^\[|\]$/g, ""),
  port,
});

/** With https, and without. */
const pages = (address: string): Reading[] =>
  ["https", "http"]
    .map((scheme) => `${scheme}://${address}`)
    .filter((url) => URL.canParse(url))
    .map((url) => ({ kind: "http", target: new URL(url).href }));

function isAddress(text: string): boolean {
  if (/^\d+(?:\.\d+){3}$/.test(text)) return text.split(".").every((part) => Number(part) <= 255);
  return (
    /^[\da-f:]*:[\da-f:.]*$/i.test(text) && (text.match(/:/g)?.length ?? 0) > 1 && URL.canParse(`http://[${text}]`)
  );
}

/** What can be the name of a host; numbers alone are one only if they are an address. */
function isHost(text: string): boolean {
  const inside = text.replace(/^\[(.*)\]$/, "$1");
  if (isAddress(inside)) return true;
  return (
    !isNumber(text) && text.split(".").every((part) => /^[\p{L}\p{N}_](?:[\p{L}\p{N}_-]*[\p{L}\p{N}_])?$/u.test(part))
  );
}

const isNumber = (text: string) => /^[\d.]+$/.test(text);

/** The monitor that does already what `reading` says; nothing if none does. */
export const watchedAs = ({ kind, target }: Reading, monitors: Iterable<MonitorState>): MonitorState | undefined =>
  alike(kind, target, monitors);

/** What makes a monitor of each of `readings`, under names that none of `taken` bears. */
export function setup(readings: readonly Reading[], taken: ReadonlySet<string>): Setup {
  const names = new Set(taken);
  const edits = readings.map((reading): Edit => {
    const name = freeName(nameOf(reading).slice(0, 100), names);
    names.add(name);
    const table = { name, [reading.kind]: written(reading), every: span(EVERY[reading.kind]) };
    return { edit: "put", section: "monitor", name: null, table };
  });
  const [first] = edits;
  return { edits, monitor: first?.edit === "put" ? String(first.table["name"]) : "", adopt: null };
}

function nameOf(reading: Reading): string {
  if (reading.kind === "process") return reading.target.split(/[\\/]/).pop() ?? reading.target;
  if (reading.kind !== "http") return reading.target;
  const { host, pathname } = new URL(reading.target);
  return host + (pathname === "/" ? "" : pathname);
}

const written = (reading: Reading): unknown =>
  reading.kind === "process" && reading.isPath ? { path: reading.target } : reading.target;

const span = (seconds: number): string =>
  seconds % 3600 === 0 ? `${seconds / 3600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
