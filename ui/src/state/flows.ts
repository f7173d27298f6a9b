import type { Question, RunState, RunStatus, RunSummary, StepState, StepStatus } from "../contract";
import type { Mark } from "../parts/HealthMark.svelte";

/** Whether nothing becomes of a run any more. */
export const isOver = (state: RunState): boolean =>
  state !== "queued" && state !== "running" && state !== "waiting_for_approval";

/** Whether a step was begun and did not do its work. */
export const isFailure = (state: StepState): boolean =>
  state === "failed" || state === "timed_out" || state === "indeterminate";

/** The mark that fits a run's state. */
export function runMark(state: RunState): Mark {
  switch (state) {
    case "queued":
      return "unknown";
    case "running":
      return "running";
    case "waiting_for_approval":
      return "asks";
    case "succeeded":
      return "up";
    case "failed":
    case "timed_out":
    case "crashed":
      return "down";
    case "suppressed":
      return "suspect";
    case "cancelled":
    case "skipped":
      return "left_out";
  }
}

/** The mark that fits a step's state. */
export function stepMark(state: StepState): Mark {
  switch (state) {
    case "scheduled":
      return "unknown";
    case "running":
      return "running";
    case "waiting_for_approval":
      return "asks";
    case "retrying":
      return "suspect";
    case "succeeded":
      return "up";
    case "failed":
    case "timed_out":
    case "indeterminate":
      return "down";
    case "cancelled":
    case "skipped":
      return "left_out";
  }
}

/** How long a run took, or has until `now`, in milliseconds; nothing of one that was not begun. */
export function took({ state, began, ended }: RunSummary, now: number): number | null {
  if (state === "queued" || state === "skipped" || state === "suppressed") return null;
  return Math.max(0, (ended ? Date.parse(ended) : now) - Date.parse(began));
}

/** The runs of `flow` that are known, as they were heard of last, the newest first. */
export function newest(known: readonly RunSummary[], heard: Iterable<RunSummary>, flow: string): RunSummary[] {
  const all = new Map(known.map((run) => [run.run, run]));
  for (const run of heard) {
    const before = all.get(run.run);
    // What was asked for after it was heard of may be newer.
    if (run.flow === flow && !(before && isOver(before.state))) all.set(run.run, run);
  }
  return [...all.values()].sort((one, other) => other.run - one.run);
}

/** `runs` by their flows, in the order that they are in. */
export function byFlow<Run extends RunSummary>(runs: Iterable<Run>): Map<string, Run[]> {
  const flows = new Map<string, Run[]>();
  for (const run of runs) {
    const those = flows.get(run.flow);
    if (those) those.push(run);
    else flows.set(run.flow, [run]);
  }
  return flows;
}

/** `run` as it was heard of last. */
export function asHeard(
  run: RunStatus,
  heard: RunSummary | undefined,
  steps: ReadonlyMap<number, StepStatus> | undefined,
): RunStatus {
  if (isOver(run.state)) return run;
  return { ...run, ...heard, steps: run.steps.map((step, place) => steps?.get(place) ?? step) };
}

/** Whether a step is under way. */
export const isGoing = (state: StepState): boolean =>
  state === "running" || state === "retrying" || state === "waiting_for_approval";

/** How far a run has come. */
export interface Progress {
  /** So many steps are over. */
  done: number;
  all: number;
  /** The places of those that are under way. */
  now: number[];
  /** The names of those that are being taken back. */
  undoing: string[];
}

export function progress(steps: readonly StepStatus[]): Progress {
  const now = [...steps.keys()].filter((place) => isGoing(steps[place]?.state ?? "scheduled"));
  const waiting = steps.filter(({ state }) => state === "scheduled").length;
  const undoing = steps.filter(({ undo }) => undo && isGoing(undo.state)).map(({ name }) => name);
  return { done: steps.length - now.length - waiting, all: steps.length, now, undoing };
}

/** The place of the step that made `run` fail. */
export const failedAt = ({ failed, steps }: RunStatus): number | null =>
  failed !== undefined && failed < steps.length ? failed : null;

/** A step that asks, with what it asks. */
export type Asking = StepStatus & { question: Question };

/** The steps of `steps` that wait for somebody to approve. */
export const asking = (steps: readonly StepStatus[]): Asking[] =>
  steps.filter((step): step is Asking => step.state === "waiting_for_approval" && step.question !== undefined);

/** How long a step took, or has until `now`, in milliseconds; nothing of one that was not begun in this run. */
export function stepTook({ began, ended, kept }: StepStatus, now: number): number | null {
  if (began === null || kept) return null;
  return Math.max(0, (ended ? Date.parse(ended) : now) - Date.parse(began));
}

/** What became of `steps` because the run failed: those that were skipped for it, and those that were taken back. */
export function consequences(steps: readonly StepStatus[]): { skipped: StepStatus[]; undone: StepStatus[] } {
  return {
    skipped: steps.filter(({ skipped_because }) => skipped_because !== undefined),
    undone: steps
      .filter(({ undo }) => undo !== undefined)
      .sort((one, other) => Date.parse(one.undo?.began ?? "") - Date.parse(other.undo?.began ?? "")),
  };
}

/** Whether a flow wants attention: its last run that came to something did not succeed. */
export function troubled(runs: readonly RunSummary[]): boolean {
  const marks = runs.map(({ state }) => runMark(state));
  const last = marks.find((mark) => mark === "up" || mark === "down" || mark === "suspect");
  return last !== undefined && last !== "up";
}

/** How many runs of `runs` stand how, the commonest first. */
export function tallied(runs: readonly RunSummary[]): [state: RunState, count: number][] {
  const counts = new Map<RunState, number>();
  for (const { state } of runs) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}

/** How long a run that succeeds usually takes: the median of `runs`, in milliseconds. */
export function usual(runs: readonly RunSummary[]): number | null {
  const spans = runs
    .filter(({ state }) => state === "succeeded")
    .map((run) => took(run, 0) ?? 0)
    .sort((one, other) => one - other);
  return spans[Math.floor(spans.length / 2)] ?? null;
}

/** A run as a bar: its height, from so far below the top, and what stands beneath it for its state. */
export interface RunBar {
  run: RunSummary;
  mark: Mark;
  top: number;
  height: number;
  /** Whether it is drawn by its outline only: it is not over, or was not begun. */
  hollow: boolean;
  /** The pieces of the foot, each with its distance from the top of the foot and its height. */
  foot: readonly (readonly [top: number, height: number])[];
}

/** Bars are so high at most and at least, and stand on feet. */
export const BARS = { step: 9, width: 7, height: 20, least: 3, foot: 5, gap: 2 } as const;

/** A state is told by its foot and by whether its bar is hollow, and by its colour only besides. */
const FEET: Partial<Record<Mark, RunBar["foot"]>> = {
  down: [[0, 5]],
  suspect: [
    [0, 2],
    [3, 2],
  ],
  asks: [[1.5, 3.5]],
  left_out: [[0, 1.5]],
};

/** The last `count` of `runs`, which are the newest first, as bars, the oldest first; the longest is the highest, and the others are not dwarfed by it. */
export function bars(runs: readonly RunSummary[], count: number, now: number): RunBar[] {
  const shown = runs.slice(0, count).reverse();
  const spans = shown.map((run) => took(run, now));
  const longest = Math.max(1, ...spans.map((span) => span ?? 0));
  return shown.map((run, index) => {
    const span = spans[index];
    const height = Math.max(BARS.least, Math.round(Math.sqrt((span ?? 0) / longest) * BARS.height));
    const mark = runMark(run.state);
    const hollow = span == null || !isOver(run.state);
    return { run, mark, top: BARS.height - height, height, hollow, foot: FEET[mark] ?? [] };
  });
}
