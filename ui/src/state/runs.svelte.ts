import { SvelteSet } from "svelte/reactivity";
import type { Repeat, RunId, RunStatus, RunSummary, StepStatus } from "../contract";
import { t } from "../i18n/i18n.svelte";
import { Answer } from "./answer.svelte";
import { askDo, askLastRuns, askRepeat, askRun, askRunFlow, reason } from "./ask";
import { asHeard, asking, type Asking, byFlow, newest, troubled } from "./flows";
import { live } from "./live.svelte";
import { go } from "./route.svelte";
import { TOGETHER_MS } from "./together";
import { tell } from "./told.svelte";
import { Wanted } from "./wanted";

/** So many of the last runs of a flow are shown as bars. */
export const RECENT = 20;

let version = $state(0);
let changing: number | undefined;
const changed = () => {
  changing ??= window.setTimeout(() => {
    changing = undefined;
    version += 1;
  }, TOGETHER_MS);
};

const limits = { atOnce: 4, remembered: 500, staleAfter: 600_000 };
const last = new Answer<ReadonlyMap<string, RunSummary[]>>();
const open = new Wanted<RunStatus>((run) => askRun(Number(run)), changed, limits);
const cancelled = new SvelteSet<RunId>();

/** What was made of the last runs of a flow, for as long as nothing else is heard of them. */
const made = new WeakMap<RunSummary[], { heard: readonly RunSummary[]; all: RunSummary[] }>();
const NONE: RunSummary[] = [];

/** The runs that were heard of, by their flows. */
const heard: ReadonlyMap<string, RunSummary[]> = $derived(byFlow(live.world.runs.values()));
/** The flows whose last runs did not go well. */
const bad: ReadonlySet<string> = $derived(
  new Set([...live.world.flows.keys()].filter((flow) => troubled(runs.of(flow) ?? NONE))),
);

/** The flows of which a run waits for somebody to approve. */
const waiting: ReadonlySet<string> = $derived(
  new Set(
    [...live.world.flows.values()]
      .filter(({ run }) => run && (run.state === "waiting_for_approval" || runs.questions(run.run).length > 0))
      .map(({ name }) => name),
  ),
);

/** The last runs of flows, and the steps of those that go on. */
export const runs = {
  /** The last runs of a flow, the newest first; nothing until they are known. */
  of(flow: string): RunSummary[] | undefined {
    if (!last.value) return undefined;
    const known = last.value.get(flow) ?? NONE;
    const those = heard.get(flow) ?? NONE;
    const before = made.get(known);
    if (before?.heard === those) return before.all;
    const all = newest(known, those, flow);
    made.set(known, { heard: those, all });
    return all;
  },
  /** What was heard of the runs of a flow. */
  heard: (flow: string): readonly RunSummary[] => heard.get(flow) ?? NONE,
  /** The steps of a run that goes on; nothing until they are known. */
  steps(run: RunId): StepStatus[] | undefined {
    void version;
    const known = open.get(String(run));
    return known && asHeard(known, live.world.runs.get(run), live.world.steps.get(run)).steps;
  },
  /** The steps of a run that goes on that ask whether they may; none until they are known. */
  questions: (run: RunId): Asking[] => asking(runs.steps(run) ?? [...(live.world.steps.get(run)?.values() ?? [])]),
  /** The flows of which a run waits for somebody to approve. */
  get asking(): ReadonlySet<string> {
    return waiting;
  },
  /** The flows that want attention. */
  get attention(): ReadonlySet<string> {
    return new Set([...waiting, ...bad]);
  },
  /** A run, as far as it was heard of, or is among the last ones of its flow. */
  known(run: RunId): RunSummary | undefined {
    const heard = live.world.runs.get(run);
    if (heard) return heard;
    for (const those of last.value?.values() ?? []) {
      const found = those.find((known) => known.run === run);
      if (found) return found;
    }
    return undefined;
  },
  /** The flows whose last runs did not go well, as far as those are known. */
  get bad(): ReadonlySet<string> {
    return bad;
  },
  /** Asks for the last runs of all flows. */
  ask() {
    void last.ask(async () => byFlow(await askLastRuns(RECENT)));
  },
  /** Has the steps of `going` known. */
  follow(going: readonly RunId[]) {
    open.want(going.map(String));
  },
  /** Forgets the steps: an engine that was started again knows better. */
  forget() {
    open.clear();
  },
  /** Whether this window has cancelled a run. */
  isCancelled: (run: RunId): boolean => cancelled.has(run),
};

/** Begins a run of `flow` and tells of it. */
export async function runNow(flow: string) {
  const waits = live.world.flows.get(flow)?.run != null;
  try {
    const id = await askRunFlow(flow);
    tell(t(waits ? "done.queued_run" : "done.began_run", { name: flow, id }));
  } catch (error) {
    tell(reason(error), true);
  }
}

/** Repeats `run` of `flow`, tells of it, and goes to see what becomes of it. */
export async function runAgain({ run, flow }: RunSummary, how: Repeat) {
  const waits = live.world.flows.get(flow)?.run != null;
  try {
    const id = await askRepeat(run, how);
    tell(t(waits ? "done.queued_run" : "done.began_run", { name: flow, id }));
    go({ page: "run", id });
  } catch (error) {
    tell(reason(error), true);
  }
}

/** Answers the step of `run` that is called `step`. */
export async function answer(run: RunId, step: string, approved: boolean) {
  try {
    await askDo({ ask: "approve", run, step, approved, by: { from: "window" } });
    tell(t(approved ? "done.approved" : "done.denied", { name: step }));
  } catch (error) {
    tell(reason(error), true);
  }
}

/** Cancels `run`; once more, so that it does not even do what it always does. */
export async function cancelRun(run: RunId) {
  try {
    await askDo({ ask: "cancel_run", run });
    cancelled.add(run);
    tell(t("done.cancelled_run", { id: run }));
  } catch (error) {
    tell(reason(error), true);
  }
}
