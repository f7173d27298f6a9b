import type { Configuration } from "../contract";
import { i18n, t } from "../i18n/i18n.svelte";
import { askConfiguration, reason } from "./ask";
import { edit } from "./edit";
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

/** Has the maintenance of a monitor begin now and end by itself, and tells of it. */
export function maintain(name: string, minutes: number): Promise<void> {
  const until = i18n.format.moment(Date.now() + minutes * 60_000);
  return change(name, t("done.maintained", { name, until }), (windows, now) => begun(windows, now, minutes));
}

/** Ends the maintenance that a monitor is in once, and tells of it. */
export const endMaintenance = (name: string): Promise<void> =>
  change(name, t("done.maintenance_ended", { name }), ended);

/** Until when a monitor of the file is in maintenance once; nothing if it is not. */
export function maintainedUntil(file: Configuration | undefined, name: string, now: number): string | null {
  const windows = windowsOf(tableOf(file, name)).filter((window) => isNow(window, now));
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

function tableOf(file: Configuration | undefined, name: string): Table | undefined {
  return ((file?.tables as { monitor?: Table[] } | undefined)?.monitor ?? []).find((table) => table["name"] === name);
}

function windowsOf(table: Table | undefined): Table[] {
  const windows = table?.["maintenance"];
  return (Array.isArray(windows) ? windows : windows == null ? [] : [windows]) as Table[];
}

/** Puts other windows in the place of those that stand in the file for a monitor. */
async function change(name: string, done: string, other: (windows: Table[], now: number) => Table[]) {
  try {
    const table = tableOf(await askConfiguration(), name);
    if (!table) throw new Error(t("maintenance.not_in_file", { name }));
    const { maintenance: _, ...rest } = table;
    const windows = other(windowsOf(table), Date.now());
    const maintenance = windows.length > 1 ? windows : windows[0];
    await edit([{ edit: "put", section: "monitor", name, table: maintenance ? { ...rest, maintenance } : rest }], done);
  } catch (error) {
    tell(reason(error), true);
  }
}
