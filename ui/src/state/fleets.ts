import type { DecisionStatus, FleetSample, FleetSummary, InstanceState, InstanceStatus } from "../contract";
import type { Mark } from "../parts/HealthMark.svelte";
import type { Stretch } from "./range";
import { matches, wordsOf } from "./found";

/** The mark that fits an instance's state. */
export function instanceMark(state: InstanceState): Mark {
  switch (state) {
    case "launching":
      return "unknown";
    case "booting":
      return "recovering";
    case "running":
      return "up";
    case "suspect":
      return "suspect";
    case "lost":
    case "failed":
      return "down";
    case "draining":
      return "paused";
    case "terminating":
    case "gone":
      return "left_out";
  }
}

/** The states, what is out of order first, then what is under way. */
export const STATES: readonly InstanceState[] = [
  "failed",
  "lost",
  "suspect",
  "launching",
  "booting",
  "draining",
  "terminating",
  "running",
  "gone",
];

/** Whether the agent of an instance can be told what its load is to be. */
export const isHeard = ({ state }: InstanceStatus): boolean => state === "running" || state === "suspect";

/** Whether an instance goes, or is gone: it cannot be removed once more. */
export const isLeaving = ({ state }: InstanceStatus): boolean => state === "terminating" || state === "gone";

/** What of the instances is shown. */
export interface InstanceFilter {
  /** Words that all stand in its name, id or addresses. */
  text: string;
  /** States that are shown; all if none is chosen. */
  states: ReadonlySet<InstanceState>;
}

export type InstanceKey = "state" | "name" | "address" | "load" | "age";

export interface InstanceSort {
  by: InstanceKey;
  descending: boolean;
}

/** The instances that `filter` lets through, in the order that `sort` wants. Equal ones stay in the order of their numbers. */
export function listedInstances(
  instances: readonly InstanceStatus[],
  { text, states }: InstanceFilter,
  { by, descending }: InstanceSort,
): InstanceStatus[] {
  const words = wordsOf(text);
  const passing = instances.filter(
    (instance) => (states.size === 0 || states.has(instance.state)) && matches(haystack(instance), words),
  );
  const sorted = by === "name" ? passing : passing.sort(ORDERS[by]);
  return descending ? sorted.reverse() : sorted;
}

const haystack = ({ name, id, address, declared }: InstanceStatus): string => [name, id, address, declared].join("\n");

const { compare } = new Intl.Collator(undefined, { numeric: true });

/** What is not known comes last. */
const LAST = Number.POSITIVE_INFINITY;

const ORDERS: Record<Exclude<InstanceKey, "name">, (one: InstanceStatus, other: InstanceStatus) => number> = {
  state: (one, other) => STATES.indexOf(one.state) - STATES.indexOf(other.state),
  address: (one, other) => compare(one.address ?? "\uffff", other.address ?? "\uffff"),
  // The busiest and the youngest first: that is what one looks for.
  load: (one, other) => difference(other.load ?? -1, one.load ?? -1),
  age: (one, other) => difference(Date.parse(other.launched) || LAST, Date.parse(one.launched) || LAST),
};

const difference = (one: number, other: number): number => (one === other ? 0 : one - other);

/** How many instances are in each state, those that are in none left out. */
export function tallyStates(instances: readonly InstanceStatus[]): ReadonlyMap<InstanceState, number> {
  const counts = new Map<InstanceState, number>();
  for (const { state } of instances) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

/** How the load of a fleet stands to what it should be. */
export type Level = "unknown" | "above" | "within" | "below";

/** A mean that is off by no more than this part of what it should be is left as it is; so has it the engine's own rule. */
export const BAND = 0.1;

/** No mean is more than full: above this it is above the band, whatever it should be; so has it the engine's own rule. */
const NEARLY_FULL = 0.98;

/** The mean load above which a fleet grows. */
export function growsAbove(load: number): number {
  return Math.min(load * (1 + BAND), NEARLY_FULL);
}

export function level(mean: number | null, load: number): Level {
  if (mean === null) return "unknown";
  if (mean > growsAbove(load)) return "above";
  return mean < load * (1 - BAND) ? "below" : "within";
}

/** How a fleet was at a moment. */
export interface Sample {
  at: number;
  /** From 0 to 1; nothing where none was known. */
  mean: number | null;
  /** How many instances there were to work, or would be; nothing where nobody looked. */
  count: number | null;
}

/** So many samples are remembered; when there are more, of the older half every other one goes. */
export const SAMPLES_MAX = 1200;

/** Samples that are further apart than this are not joined, in milliseconds. */
export const GAP_MS = 20_000;
/** What comes sooner than this takes the place of the one before, in milliseconds. */
const TOGETHER_MS = 400;

/** `samples` with the fleet as it is `at` this time. */
export function remember(
  samples: readonly Sample[],
  { mean, count }: Pick<FleetSummary, "mean" | "count">,
  at: number,
): readonly Sample[] {
  const before = samples.at(-1);
  const sample = { at, mean, count };
  if (!before) return [sample];
  if (at < before.at + TOGETHER_MS) return at < before.at ? samples : [...samples.slice(0, -1), sample];
  const gap = at - before.at > GAP_MS ? [{ at: before.at + 1, mean: null, count: null }] : [];
  return thinned([...samples, ...gap, sample]);
}

/** What the engine remembers is joined over so much, in milliseconds: it looks once a minute. */
const HOLE_MS = 150_000;

/** What the engine remembers of a fleet, and what was seen of it since: where one looked oneself, that is finer. */
export function joined(past: readonly FleetSample[], seen: readonly Sample[]): readonly Sample[] {
  if (past.length === 0) return seen;
  const own = seen.filter(({ count }) => count !== null);
  let next = 0;
  const isSeen = (at: number) => {
    while (next < own.length && own[next]!.at < at - HOLE_MS / 2) next += 1;
    return next < own.length && own[next]!.at <= at + HOLE_MS / 2;
  };
  const remembered = past
    .map(({ at, running, mean }) => ({ at: Date.parse(at), mean, count: running }))
    .filter(({ at }) => !isSeen(at));
  const all: Sample[] = [...remembered, ...own].sort((one, other) => one.at - other.at);
  return all.flatMap((sample, index) => {
    const before = all[index - 1];
    const isApart = before !== undefined && sample.at - before.at > HOLE_MS;
    return isApart ? [{ at: before.at + 1, mean: null, count: null }, sample] : [sample];
  });
}

function thinned(samples: readonly Sample[]): readonly Sample[] {
  if (samples.length <= SAMPLES_MAX) return samples;
  const half = Math.floor(samples.length / 2);
  return samples.filter(({ count }, index) => index >= half || index % 2 === 0 || count === null);
}

/** How far back a chart of a fleet looks, in milliseconds. */
export const COURSES = { minutes: 600_000, hour: 3_600_000, day: 86_400_000 } as const;

export type CourseRange = keyof typeof COURSES;

/** It shows at least so much, in milliseconds. */
const LEAST_MS = 120_000;
/** What is known first does not stand at its very edge, in milliseconds. */
const BEFORE_MS = 5000;

/** What a chart shows `now` that looks back for `range`: no longer than anything is known of. */
export function courseStretch(
  range: CourseRange,
  samples: readonly Sample[],
  decisions: readonly DecisionStatus[],
  now: number,
): Stretch {
  const earliest = now - COURSES[range];
  // A line that comes from further back goes through all of it.
  if ((samples[0]?.at ?? now) < earliest) return { from: earliest, to: now };
  const known = [samples[0]?.at ?? now, ...decisions.map(({ at }) => Date.parse(at))];
  const first = known.reduce((first, at) => (at >= earliest && at < first ? at : first), now);
  return { from: Math.max(earliest, Math.min(first - BEFORE_MS, now - LEAST_MS)), to: now };
}

/** What a decision did. */
export type Deed = "launched" | "removed" | "replaced" | "nothing";

export function deed({ change, victims = [] }: DecisionStatus): Deed {
  if (change > 0) return "launched";
  if (change < 0) return "removed";
  return victims.length > 0 ? "replaced" : "nothing";
}

/** Whether there is more to say of a decision than its one sentence. */
export function saysMore({ says, reasons, rejected, victims = [] }: DecisionStatus): boolean {
  return rejected.length > 0 || victims.length > 0 || !isAllSaid(says, reasons);
}

/** Whether the sentence names the only reason that there is. */
export const isAllSaid = (says: string, reasons: readonly string[]): boolean =>
  reasons.every((reason) => says.endsWith(reason));

/** How many instances were launched, removed and replaced in `stretch`. */
export function moved(
  decisions: readonly DecisionStatus[],
  { from, to }: Stretch,
): { launched: number; removed: number; replaced: number } {
  const counts = { launched: 0, removed: 0, replaced: 0, nothing: 0 };
  for (const decision of decisions) {
    const at = Date.parse(decision.at);
    const count = decision.change === 0 ? (decision.victims?.length ?? 0) : Math.abs(decision.change);
    if (at >= from && at <= to) counts[deed(decision)] += count;
  }
  return counts;
}

/** The one of `things` that is next to `at`, if it is within `reach` of it. */
export function nearest<Thing>(
  things: readonly Thing[],
  at: number,
  reach: number,
  when: (thing: Thing) => number,
): Thing | undefined {
  let best: Thing | undefined;
  let least = reach;
  for (const thing of things) {
    const away = Math.abs(when(thing) - at);
    if (away <= least) [best, least] = [thing, away];
  }
  return best;
}

/** How often a fleet is asked for while one looks at it, in milliseconds: as often as its instances say what their loads are, within reason. */
export function askEvery({ heartbeat }: Pick<FleetSummary, "heartbeat">): number {
  return Math.min(5000, Math.max(1000, heartbeat * 1000));
}
