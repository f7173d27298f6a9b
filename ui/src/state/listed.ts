import type { Figures, Health, MonitorState, Standing } from "../contract";
import type { Key } from "../i18n/i18n.svelte";
import { matches, wordsOf } from "./found";

/** What of the monitors is shown. */
export interface Filter {
  /** Words that all stand in its name, target, kind or tags. */
  text: string;
  /** Healths that are shown; all if none is chosen. */
  healths: ReadonlySet<Health>;
  /** Tags that it bears all of. */
  tags: ReadonlySet<string>;
}

export type SortKey = "broken" | "name" | "uptime" | "p95";

export interface Sort {
  by: SortKey;
  descending: boolean;
}

/** What is broken first. */
export const HEALTHS: readonly Health[] = ["down", "suspect", "recovering", "unknown", "up", "paused"];

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

function passes(monitor: MonitorState, words: string[], { healths, tags }: Filter): boolean {
  if (healths.size > 0 && !healths.has(monitor.health)) return false;
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
  const groups = new Map<Health, MonitorState[]>(HEALTHS.map((health) => [health, []]));
  for (const monitor of monitors) groups.get(monitor.health)?.push(monitor);
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

/** How many of `all` are how well, as the engine sees it. */
export function standings(all: Iterable<{ standing: Standing }>): Record<Standing, number> {
  const counts: Record<Standing, number> = { down: 0, doubtful: 0, unknown: 0, well: 0, idle: 0 };
  for (const { standing } of all) counts[standing] += 1;
  return counts;
}

/** How many monitors are of each health. */
export function tally(monitors: Iterable<MonitorState>): Record<Health, number> {
  const counts: Record<Health, number> = { down: 0, suspect: 0, recovering: 0, unknown: 0, up: 0, paused: 0 };
  for (const { health } of monitors) counts[health] += 1;
  return counts;
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
