import type { Configuration } from "../contract";
import { counted, i18n, t } from "../i18n/i18n.svelte";
import { askConfiguration, reason } from "./ask";
import { edit } from "./edit";
import { settingAll, tablesOf } from "./several";
import { tell } from "./told.svelte";

type Table = Record<string, unknown>;

/** So long maintenance can last that begins now, in minutes. */
const MINUTES = [30, 60, 240];

/** The spans there are to choose from. */
export const maintenanceSpans = (): { text: string; minutes: number }[] =>
  MINUTES.map((minutes) => ({
    text:
      minutes < 60
        ? t("until.minutes", { count: minutes })
        : minutes === 60
          ? t("until.hour")
          : t("until.hours", { count: minutes / 60 }),
    minutes,
  }));

/** Has the maintenance of monitors begin now and end by itself, and tells of it. */
export function maintain(names: readonly string[], minutes: number): Promise<void> {
  const until = i18n.format.moment(Date.now() + minutes * 60_000);
  const [name = ""] = names;
  const done =
    names.length === 1 ? t("done.maintained", { name, until }) : counted("several.maintained", names.length, { until });
  return change(names, done, (windows, now) => begun(windows, now, minutes));
}

/** Ends the maintenance that monitors are in once, and tells of it. */
export function endMaintenance(names: readonly string[]): Promise<void> {
  const [name = ""] = names;
  const done =
    names.length === 1 ? t("done.maintenance_ended", { name }) : counted("several.maintenance_ended", names.length);
  return change(names, done, ended);
}

/** The monitors of the file that are in maintenance once, each with when that ends. */
export function maintained(file: Configuration | undefined, now: number): ReadonlyMap<string, string> {
  const all = monitorsOf(file).map(({ name, maintenance }) => [String(name), untilOf(maintenance, now)] as const);
  return new Map(all.filter((one): one is [string, string] => one[1] !== null));
}

function untilOf(maintenance: unknown, now: number): string | null {
  const windows = windowsOf(maintenance).filter((window) => isNow(window, now));
  const ends = windows.map(({ to }) => String(to)).sort((one, other) => Date.parse(other) - Date.parse(one));
  return ends[0] ?? null;
}

/** `windows` with one more that begins now. Those that are over and were of this kind are left out. */
export function begun(windows: readonly Table[], now: number, minutes: number): Table[] {
  const from = Math.floor(now / 1000) * 1000;
  const left = windows.filter((window) => !isNow(window, now) && !isOver(window, now));
  return [...left, { from: second(from), to: second(from + minutes * 60_000) }];
}

/** `windows` without those of one time that are now, or over. */
export const ended = (windows: readonly Table[], now: number): Table[] =>
  windows.filter((window) => !isNow(window, now) && !isOver(window, now));

const second = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");

/** When a window of one time begins and ends, if it says so whatever clock one looks at. */
function span({ from, to }: Table): [number, number] | null {
  const isExact = (at: unknown) => /T.*(Z|[+-]\d\d:\d\d)$/.test(String(at));
  return isExact(from) && isExact(to) ? [Date.parse(String(from)), Date.parse(String(to))] : null;
}

function isNow(window: Table, now: number): boolean {
  const [from, to] = span(window) ?? [Infinity, 0];
  return from <= now && now < to;
}

const isOver = (window: Table, now: number) => (span(window)?.[1] ?? Infinity) <= now;

const monitorsOf = (file: Configuration | undefined): Table[] =>
  (file?.tables as { monitor?: Table[] } | undefined)?.monitor ?? [];

function windowsOf(windows: unknown): Table[] {
  return (Array.isArray(windows) ? windows : windows == null ? [] : [windows]) as Table[];
}

/** Puts other windows in the place of those that stand in the file for monitors, in one edit. */
async function change(names: readonly string[], done: string, other: (windows: Table[], now: number) => Table[]) {
  try {
    const tables = tablesOf(await askConfiguration(), new Set(names));
    const missing = names.find((name) => !tables.some((table) => table.name === name));
    if (missing !== undefined) throw new Error(t("maintenance.not_in_file", { name: missing }));
    const now = Date.now();
    const edits = settingAll(tables, "maintenance", ({ maintenance }) => {
      const windows = other(windowsOf(maintenance), now);
      return windows.length > 1 ? windows : windows[0];
    });
    if (edits.length > 0) await edit(edits, done);
    else tell(done);
  } catch (error) {
    tell(reason(error), true);
  }
}
