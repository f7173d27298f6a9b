import type { Figures, MonitorState, Standing } from "../contract";
import type { Key } from "../i18n/i18n.svelte";
import { matches, wordsOf } from "./found";
import { STANDINGS } from "./standing";

/** What of the monitors is shown. */
export interface Filter {
  /** Words that all stand in its name, target, kind or tags. */
  text: string;
  /** Shown is what stands so; all if none is chosen. */
  standings: ReadonlySet<Standing>;
  /** Tags that it bears all of. */
  tags: ReadonlySet<string>;
}

export type SortKey = "broken" | "name" | "uptime" | "p95";

export interface Sort {
  by: SortKey;
  descending: boolean;
}

const haystacks = new WeakMap<MonitorState, string>();

/** The monitors that `filter` lets through, in the order that `sort` wants. Equal ones stay as they stand in the file. */
export function listed(
  monitors: Iterable<MonitorState>,
  filter: Filter,
  sort: Sort,
  figures: ReadonlyMap<string, Figures>,
): MonitorState[] {
  const words = wordsOf(filter.text);
  const passing: MonitorState[] = [];
  for (const monitor of monitors) if (passes(monitor, words, filter)) passing.push(monitor);
  const sorted = sort.by === "broken" ? brokenFirst(passing) : byFigure(passing, sort.by, figures);
  return sort.descending ? sorted.reverse() : sorted;
}

function passes(monitor: MonitorState, words: string[], { standings, tags }: Filter): boolean {
  if (standings.size > 0 && !standings.has(monitor.standing)) return false;
  for (const tag of tags) if (!monitor.tags.includes(tag)) return false;
  return words.length === 0 || matches(haystack(monitor), words);
}

function haystack(monitor: MonitorState): string {
  const known = haystacks.get(monitor);
  if (known !== undefined) return known;
  const { name, target, kind, tags } = monitor;
  const made = [name, target, kind, ...tags].join("\n");
  haystacks.set(monitor, made);
  return made;
}

function brokenFirst(monitors: MonitorState[]): MonitorState[] {
  const groups = new Map<Standing, MonitorState[]>(STANDINGS.map((standing) => [standing, []]));
  for (const monitor of monitors) groups.get(monitor.standing)?.push(monitor);
  return [...groups.values()].flat();
}

function byFigure(
  monitors: MonitorState[],
  by: "name" | "uptime" | "p95",
  figures: ReadonlyMap<string, Figures>,
): MonitorState[] {
  if (by === "name") {
    const { compare } = new Intl.Collator(undefined, { numeric: true });
    return monitors.sort((one, other) => compare(one.name, other.name));
  }
  const key = by === "uptime" ? "uptime" : "p95_ms";
  // What has no figure comes last.
  const figure = new Map(monitors.map(({ name }) => [name, figures.get(name)?.[key] ?? Number.POSITIVE_INFINITY]));
  return monitors.sort((one, other) => (figure.get(one.name) ?? 0) - (figure.get(other.name) ?? 0) || 0);
}

/** The word for how `monitor` is: a figure beyond its limit is there, and not down. */
export function healthWord({ health, over_limit }: MonitorState): Key {
  return health === "down" && over_limit ? "health.over" : `health.${health}`;
}

/** The tags in use, the commonest first, at most `most`. */
export function tagsOf(monitors: Iterable<MonitorState>, most: number): string[] {
  const counts = new Map<string, number>();
  for (const { tags } of monitors) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  const sorted = [...counts].sort(([one, ones], [other, others]) => others - ones || one.localeCompare(other));
  return sorted.slice(0, most).map(([tag]) => tag);
}

/** Whether nothing is set up yet: nothing at all, or only what the first file brings as an example. */
export function firstRun(...all: Iterable<string>[]): "empty" | "example" | null {
  const names = all.flatMap((names) => [...names]);
  if (names.length === 0) return "empty";
  return names.every((name) => EXAMPLE.has(name)) ? "example" : null;
}

/** What the engine's first `estatus.toml` holds. */
const EXAMPLE = new Set(["this machine", "estatus is running", "ticker"]);
