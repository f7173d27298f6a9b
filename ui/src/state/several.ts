import type { Ask, Configuration, Edit, Edited } from "../contract";
import type { Table } from "../forms/fields";
import { counted } from "../i18n/i18n.svelte";
import { askConfiguration, askDo, askEdit, reason } from "./ask";
import type { Picked } from "./picked";
import { tell } from "./told.svelte";

/** So many things are asked of the engine at once. */
const AT_ONCE = 16;

/** Does the same with all of `names`, and tells that it is `done`, or with how many it was not and why. */
export async function askAll(names: readonly string[], ask: (name: string) => Ask, done: string) {
  const failed: unknown[] = [];
  for (let first = 0; first < names.length; first += AT_ONCE) {
    const asked = names.slice(first, first + AT_ONCE).map((name) => askDo(ask(name)));
    for (const one of await Promise.allSettled(asked)) if (one.status === "rejected") failed.push(one.reason);
  }
  if (failed.length === 0) tell(done);
  else tell(counted("several.failed", failed.length, { why: reason(failed[0]) }), true);
}

/** The tables of the monitors of `configuration` that are picked, in the order of the file. */
export function tablesOf({ tables }: Configuration, picked: Picked): Table[] {
  const monitors = Array.isArray(tables.monitor) ? (tables.monitor as Table[]) : [];
  return monitors.filter((table) => picked.has(String(table.name)));
}

/** One edit for each of `tables` that is to say something else under `key`; nothing there takes the key away. */
export function settingAll(tables: readonly Table[], key: string, value: (table: Table) => unknown): Edit[] {
  return tables.flatMap((table): Edit[] => {
    const { [key]: before, ...rest } = table;
    const now = value(table);
    if (JSON.stringify(now) === JSON.stringify(before)) return [];
    // Where the key stood it stands again.
    const changed = now === undefined ? rest : { ...table, [key]: now };
    return [{ edit: "put", section: "monitor", name: String(table.name), table: changed }];
  });
}

/**
 * Has the monitors that are picked say what `edits` makes of them as the file has them now: what was changed there since they were looked
 * at stays. The file as it was, what has become of it, and how many were changed.
 */
export async function changeAll(picked: Picked, edits: (tables: readonly Table[]) => Edit[] | null) {
  const configuration = await askConfiguration();
  const wanted = edits(tablesOf(configuration, picked)) ?? [];
  const edited: Edited = wanted.length === 0 ? { problems: [] } : await askEdit(wanted, true);
  return { configuration, edited, count: wanted.length };
}

/** What may be one or many, as many. */
export const several = (value: unknown): string[] =>
  value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String);

/** What becomes of `tags` when those that are `wanted` are added and those that are not are taken away. */
export function retagged(tags: unknown, wanted: ReadonlyMap<string, boolean>): string[] | undefined {
  const before = several(tags);
  const kept = before.filter((tag) => wanted.get(tag) !== false);
  const added = [...wanted].filter(([tag, is]) => is && !before.includes(tag)).map(([tag]) => tag);
  const after = [...kept, ...added];
  return after.length === 0 ? undefined : after;
}

/** All of `names`, to be taken out of the file. */
export const removing = (names: readonly string[]): Edit[] =>
  names.map((name) => ({ edit: "remove", section: "monitor", name }));

/** The first of `names`, and how many more there are. */
export function listing(names: readonly string[], most: number, format: (names: string[]) => string): string {
  const rest = names.length - most;
  if (rest <= 1) return format([...names]);
  return format([...names.slice(0, most), counted("several.more", rest)]);
}
