import type {
  ApiError,
  Configuration,
  Edited,
  Hunk,
  HunkLine,
  Section,
  Version,
  VersionChange,
  VersionText,
} from "../../contract";
import { problems, type Table, type Tables } from "./file";
import { ago } from "./seed";

const KEPT_MAX = 20;
const NAMES_MAX = 5;
const AROUND = 3;
const SECTIONS: readonly Section[] = ["monitor", "program", "channel", "flow", "fleet"];

interface Kept {
  id: number;
  at: string;
  tables: Tables;
}

/** The versions of the file as the engine keeps them, but of tables: comments are none. */
export class Versions {
  private all: Kept[] = [];
  private last = 0;

  constructor(past: readonly { tables: Tables; ago: number }[]) {
    for (const one of past) this.keep(one.tables, ago(one.ago));
  }

  /** Keeps `tables`, unless the newest says the same; its number. */
  keep(tables: Tables, at = ago(0)): number {
    const newest = this.all.at(-1);
    if (newest && same(newest.tables, tables)) return newest.id;
    this.last += 1;
    this.all = [...this.all, { id: this.last, at, tables }].slice(-KEPT_MAX);
    return this.last;
  }

  list(now: Tables): Version[] {
    const told = this.all.map(({ id, at, tables }, index): Version => {
      const before = this.all[index - 1];
      return { id, at, is_present: same(tables, now), changes: before ? changes(before.tables, tables) : null };
    });
    return told.reverse();
  }

  text(id: number, now: Tables): VersionText {
    const text = toml(this.tables(id));
    return { text, difference: difference(toml(now).split("\n"), text.split("\n")), is_cut: false };
  }

  tables(id: number): Tables {
    return this.find(id).tables;
  }

  /** What `now` is when what the version `id` changed is taken back. */
  undone(id: number, now: Tables): Tables {
    const kept = this.find(id);
    const before = this.all[this.all.indexOf(kept) - 1];
    if (!before) throw gone(id);
    const [was, became, is] = [entries(before.tables), entries(kept.tables), entries(now)];
    const result = new Map(is);
    for (const key of new Set([...was.keys(), ...became.keys()])) {
      const [old, edited, present] = [was.get(key), became.get(key), is.get(key)];
      if (same(old, edited) || same(present, old)) continue;
      if (!same(present, edited)) {
        const name = key.slice(key.indexOf("/") + 1);
        const message = `"${name}" was changed again in the meantime, so nothing was undone`;
        throw { code: "overtaken", message } satisfies ApiError;
      }
      if (old === undefined) result.delete(key);
      else result.set(key, old);
    }
    return assembled(result, [...was.keys()]);
  }

  /** The entry `name` of `section` as it would stand in the file. */
  entryText(now: Tables, section: Section, name: string): string {
    const table = entries(now).get(`${section}/${name}`) as Table | undefined;
    if (!table) {
      const message = `the file no longer has a ${section} called "${name}"`;
      throw { code: "wrong", message } satisfies ApiError;
    }
    return entryText(
      section === "monitor" || section === "program" ? `[[${section}]]` : `[${section}.${bare(name)}]`,
      table,
    );
  }

  private find(id: number): Kept {
    const kept = this.all.find((one) => one.id === id);
    if (!kept) throw gone(id);
    return kept;
  }
}

const gone = (id: number): ApiError => ({
  code: "wrong",
  message: `version ${id} of the file is no longer available: the last ${KEPT_MAX} are kept`,
});

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** What the file says, entry by entry; what belongs to none by its key. */
function entries(tables: Tables): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, said] of Object.entries(tables)) {
    if (Array.isArray(said)) for (const table of said as Table[]) found.set(`${key}/${String(table.name)}`, table);
    else if (SECTIONS.includes(key as Section))
      for (const [name, table] of Object.entries(said as Tables)) found.set(`${key}/${name}`, table);
    else found.set(`/${key}`, said);
  }
  return found;
}

/** The tables of `all`, those first that stood in `order`. */
function assembled(all: Map<string, unknown>, order: string[]): Tables {
  const tables: Tables = {};
  const keys = [...order.filter((key) => all.has(key)), ...[...all.keys()].filter((key) => !order.includes(key))];
  for (const key of keys) {
    const [section = "", name = ""] = [key.slice(0, key.indexOf("/")), key.slice(key.indexOf("/") + 1)];
    const said = all.get(key);
    if (section === "") tables[name] = said;
    else if (section === "monitor" || section === "program")
      tables[section] = [...((tables[section] as Table[] | undefined) ?? []), said];
    else tables[section] = { ...(tables[section] as Tables | undefined), [name]: said };
  }
  return tables;
}

function changes(before: Tables, after: Tables): VersionChange[] {
  const [was, is] = [entries(before), entries(after)];
  const found = new Map<string, VersionChange & { all: string[] }>();
  const note = (change: VersionChange["change"], key: string) => {
    const at = key.indexOf("/");
    const section = at === 0 ? null : (key.slice(0, at) as Section);
    const place = `${section}/${change}`;
    const known = found.get(place) ?? { change, section, count: 0, names: [], all: [] };
    known.all.push(key.slice(at + 1));
    found.set(place, known);
  };
  for (const [key, said] of is) {
    if (!was.has(key)) note("added", key);
    else if (!same(was.get(key), said)) note("changed", key);
  }
  for (const key of was.keys()) if (!is.has(key)) note("removed", key);
  return [...found.values()].map(({ change, section, all }) => ({
    change,
    section,
    count: all.length,
    names: all.slice(0, NAMES_MAX),
  }));
}

/** `tables` as a file: good enough to be read. */
function toml(tables: Tables): string {
  const written: string[] = [];
  for (const [key, said] of Object.entries(tables)) {
    if (Array.isArray(said)) for (const table of said as Table[]) written.push(entryText(`[[${key}]]`, table));
    else if (SECTIONS.includes(key as Section))
      for (const [name, table] of Object.entries(said as Tables))
        written.push(entryText(`[${key}.${bare(name)}]`, table as Table));
    else if (typeof said === "object") written.push(entryText(`[${key}]`, said as Table));
    else written.unshift(`${key} = ${value(said)}\n`);
  }
  return written.join("\n");
}

/** An entry as it stands in a file. */
function entryText(head: string, table: Table): string {
  const lines = Object.entries(table).map(([key, said]) => `${bare(key)} = ${value(said)}\n`);
  return `${head}\n${lines.join("")}`;
}

function value(said: unknown): string {
  if (Array.isArray(said)) return `[${said.map(value).join(", ")}]`;
  if (typeof said !== "object" || said === null) return JSON.stringify(said);
  return `{ ${Object.entries(said)
    .map(([key, below]) => `${bare(key)} = ${value(below)}`)
    .join(", ")} }`;
}

const bare = (key: string) => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key));

/** What would change in `now` if it said `then`, by the longest lines that both have. */
function difference(now: readonly string[], then: readonly string[]): Hunk[] {
  const lengths: number[][] = Array.from({ length: now.length + 1 }, () => Array(then.length + 1).fill(0) as number[]);
  const length = (old: number, next: number) => lengths[old]?.[next] ?? 0;
  for (let old = now.length - 1; old >= 0; old -= 1)
    for (let next = then.length - 1; next >= 0; next -= 1)
      lengths[old]![next] =
        now[old] === then[next]
          ? length(old + 1, next + 1) + 1
          : Math.max(length(old + 1, next), length(old, next + 1));
  const lines: (HunkLine & { at: number })[] = [];
  for (let old = 0, next = 0; old < now.length || next < then.length;) {
    const [gone, come] = [now[old], then[next]];
    if (gone !== undefined && gone === come) {
      lines.push({ change: null, text: gone, at: old + 1 });
      old += 1;
      next += 1;
    } else if (gone !== undefined && (come === undefined || length(old + 1, next) >= length(old, next + 1))) {
      lines.push({ change: "removed", text: gone, at: old + 1 });
      old += 1;
    } else {
      lines.push({ change: "added", text: come ?? "", at: old + 1 });
      next += 1;
    }
  }
  const isNear = (at: number) => lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(({ change }) => change);
  const hunks: Hunk[] = [];
  lines.forEach(({ at, ...line }, index) => {
    if (!isNear(index)) return;
    if (index === 0 || !isNear(index - 1)) hunks.push({ line: at, lines: [] });
    hunks.at(-1)?.lines.push(line);
  });
  return hunks;
}

/** What is wrong with `wanted`, or that it is saved by `save`, as a version. */
export function savedEdit(versions: Versions, now: Tables, wanted: Tables, save: (tables: Tables) => void): Edited {
  const found: Configuration["problems"] = problems(wanted);
  if (found.length > 0) return { problems: found };
  versions.keep(now);
  const version = versions.keep(wanted);
  save(wanted);
  return same(now, wanted) ? { problems: [] } : { problems: [], version };
}
