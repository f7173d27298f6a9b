import { t } from "../i18n/i18n.svelte";
import { freeName } from "../state/survey";
import type { ChannelKind } from "./channel";
import type { Placed, Value, Values } from "./fields";
import { KIND } from "./table";

/** A name is no longer. */
const LONGEST = 100;
/** What ends the name of a file that is run, or that something runs. */
const RUN = /\.(bat|cjs|cmd|exe|jar|js|mjs|php|pl|ps1|py|pyw|rb|sh|ts)$/i;
/** What runs the scripts of a project by their names. */
const RUNNERS = ["bun", "deno", "npm", "pnpm", "yarn"];

/** The scripts that start a project, whatever it is. */
const STARTS = ["dev", "serve", "start"];

/** What a new monitor is called after what it checks, or nothing. */
export function monitorName(values: Values, taken: ReadonlySet<string>): string {
  const kind = String(values[KIND]);
  if (kind === "host") return free(t("kind.host"), taken);
  if (kind === "command") return programName(values["command"], taken);
  return free(kind === "process" ? basename(placed(values[kind]).text) : target(kind, values[kind]), taken);
}

/** What a new program is called after its command and the folder that it runs in, or nothing. */
export function programName(command: Value | undefined, taken: ReadonlySet<string>, directory?: Value): string {
  const { place, text } = placed(command);
  const words = (place === "words" ? text.split("\n") : unquoted(text)).filter((word) => word !== "");
  const [first = "", ...rest] = words;
  const script = RUNNERS.includes(basename(first))
    ? rest.find((word) => /^[\w:-]+$/.test(word) && word !== "run")
    : undefined;
  // Every project has a script of such a name.
  const project = script !== undefined && STARTS.includes(script) ? basename(String(directory ?? "")) : "";
  return free(project || (script ?? basename(rest.find((word) => RUN.test(word)) ?? first)), taken);
}

/** What a new channel is called after its kind. */
export const channelName = (kind: ChannelKind, taken: ReadonlySet<string>): string =>
  freeName(kind === "email" ? t("channel.others") : kind, taken, "-");

const free = (name: string, taken: ReadonlySet<string>): string =>
  name === "" ? "" : freeName(name.slice(0, LONGEST), taken);

function target(kind: string, value: Value | undefined): string {
  const text = String(value ?? "").trim();
  if (kind !== "http" || !URL.canParse(text)) return kind === "http" ? "" : text;
  const { host, pathname } = new URL(text);
  return host + (pathname === "/" ? "" : pathname);
}

const placed = (value: Value | undefined): Placed => (value as Placed | undefined) ?? { place: "", text: "" };

/** The words of a line for the shell; what stands in quotes is one. */
const unquoted = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? "");

/** The name of the file at the end of a path, without what says what kind of file it is. */
const basename = (path: string): string => (path.trim().split(/[\\/]/).pop() ?? "").replace(RUN, "");
