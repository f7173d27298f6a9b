import type { Exit, RunState, RunStatus, RunSummary, StepState, StepStatus } from "../../../contract";
import { ago, chance, DAY, HOUR, MINUTE } from "../seed";
import { type Logs } from "./logs";
import { HEALED, MIGRATION, type Planned, type Planning, sinceFour, waiting, writes } from "./plans";

/** A run with the definition that it goes by, and with the ticks that are left to each of its steps. */
export interface Going extends Omit<RunStatus, "is_current" | "since_success"> {
  plan: Planned[];
  left: number[];
  cancelled: number;
  /** What has changed since the last success, beside its definition. */
  changed: string[];
  /** The step of another run that has begun it. */
  by?: { run: number; place: number };
}

/** How a run came to its end: at a step, in the way that it says. */
interface Fate {
  state: RunState;
  at: number;
  step: StepState;
  exit?: Exit;
  why?: string;
  attempts?: number;
  says?: string[];
  /** Why it could not be taken back what the first of those steps did. */
  stays?: string;
}

const MIGRATES: Fate = {
  state: "failed",
  at: 2,
  step: "failed",
  exit: { exit: "code", of: 1 },
  why: "exit code 1 (general error) (attempt 3 of 3)",
  attempts: 3,
  says: MIGRATION,
};

const DENIED: Fate = { state: "failed", at: 3, step: "failed", why: "it was denied" };

const UNREACHED: Fate = {
  state: "timed_out",
  at: 4,
  step: "timed_out",
  why: "it did not end within 30 s",
  stays: "exit code 1 (general error)",
};

const CUT: Fate = { state: "cancelled", at: 2, step: "cancelled", exit: { exit: "signal", of: 15 } };

export const going = (run: number, flow: string, plan: Planned[], more: Pick<Going, "cause" | "state" | "began">) => ({
  ...{ why: null, ended: null, heals: [] as string[], left: [], cancelled: 0, changed: [] },
  ...more,
  run,
  flow,
  plan,
  steps: plan.map(waiting),
});

/** The runs of a flow that are over, the oldest first; the first is of number `first`. */
export function past({ name, steps }: Planning, first: number, logs: Logs): Going[] {
  const counts: Record<string, number> = {
    "release the shop": 7,
    "heal the shop": 9,
    "nightly backup": 54,
    "switch the database": 5,
  };
  const count = counts[name] ?? (name.startsWith("flow") ? 20 : 0);
  return Array.from({ length: count }, (_, index) => {
    const age = count - index;
    const plan = name === "heal the shop" && age > 2 ? HEALED : steps;
    const seconds = began(name, age);
    const run: Going = going(first + index, name, plan, {
      cause: cause(name),
      state: "succeeded",
      began: ago(seconds),
    });
    if (name === "heal the shop") {
      run.heals = age % 5 === 0 ? ["shop", "orders api"] : ["shop"];
      if (age === 1) run.changed = [migrated];
    }
    if (name === "nightly backup" && (age === 12 || age === 31)) {
      return { ...run, state: age === 12 ? "suppressed" : "skipped", ended: run.began };
    }
    const slow = name === "nightly backup" && age % 9 === 0 ? 8 : 1.2;
    return lived(run, fate(name, age), 0.4 + chance(name, index) * slow, logs);
  });
}

const migrated =
  "the program of the step “migrate the database” was changed: /srv/shop/scripts/migrate.mjs, last modified today at 02:14";

function began(name: string, age: number): number {
  if (name === "nightly backup") return (age - 1) * DAY + sinceFour();
  // Its last run was the remedy of the incident that is open.
  if (name === "heal the shop" && age === 1) return 12 * MINUTE;
  return age * 1.3 * DAY - 22 * HOUR + (name === "switch the database" ? 3 * DAY : 0);
}

function cause(name: string): string {
  if (name === "nightly backup") return "scheduled for 04:00";
  return name === "heal the shop" ? "“shop” is down" : "started by a user";
}

function fate(name: string, age: number): Fate | null {
  if (name === "heal the shop" && (age === 1 || age === 4)) return MIGRATES;
  if (name === "switch the database" && age === 1) return DENIED;
  if (name === "switch the database" && age === 3) return UNREACHED;
  return age === 3 && name !== "nightly backup" ? CUT : null;
}

/** `run` as it went, every step so many times as long as it is planned. */
function lived(run: Going, fate: Fate | null, slowly: number, logs: Logs): Going {
  let at = Date.parse(run.began);
  const iso = () => new Date(at).toISOString();
  const stop = fate?.at ?? run.plan.length;
  const made = run.plan.map((plan, place): StepStatus => {
    const step = waiting(plan);
    const isLeftOut = place > stop || plan.heals !== undefined;
    if (isLeftOut) return { ...step, state: "skipped", ended: iso() };
    const attempts = (place === stop && fate?.attempts) || 1;
    const started = { ...step, attempts, began: iso(), has_log: writes(plan), ...asked(plan, at) };
    at += plan.ticks * slowly * attempts * 1000;
    const of = { run: run.run, place };
    const took = plan.ticks * slowly;
    const ended = { ...started, ended: iso(), ...lasted(took, plan) };
    logs.fill(of, ended, (place === stop && fate?.says) || (plan.says ?? []));
    const output = logs.tail(of);
    if (place === stop && fate) {
      return { ...ended, state: fate.step, exit: fate.exit ?? null, why: fate.why ?? null, output };
    }
    const exit: Exit | null = writes(plan) ? { exit: "code", of: 0 } : null;
    return { ...ended, state: "succeeded", exit, output, ...(plan.saves && { saved: plan.saves }) };
  });
  if (!fate) return { ...run, ended: iso(), steps: made };
  const ended = { ...run, ...failure(run.plan, fate), steps: made };
  if (fate.state === "cancelled") return { ...ended, ended: iso() };
  // What succeeded is taken back, what ended last first.
  for (let place = stop - 1; place >= 0; place -= 1) {
    const step = made[place];
    if (!step || !run.plan[place]?.undo) continue;
    const [began, stays] = [iso(), made.some(({ undo }) => undo) ? undefined : fate.stays];
    at += 1800;
    const output = stays ? ["worker: not found", "is the engine there?"] : [];
    const undo = { state: stays ? "failed" : "succeeded", began, ended: iso(), why: stays ?? null, output } as const;
    made[place] = { ...step, undo };
  }
  return { ...ended, ended: iso() };
}

/** How long the last attempt of a step took, beside what it takes as a rule. */
export const lasted = (took: number, { ticks, asks }: Planned): Pick<StepStatus, "took" | "unusual"> => ({
  took,
  ...(!asks && Math.abs(took - ticks) >= Math.max(1, ticks / 2) && { unusual: true }),
});

/** What a step asks, if it does. */
export function asked({ asks }: Planned, at: number): Pick<StepStatus, "question"> {
  if (!asks) return {};
  const until = new Date(at + asks.within * 1000).toISOString();
  return { question: { text: asks.text, until, continues: asks.continues ?? false } };
}

/** How a run stands whose step at `at` failed, or was cancelled. */
export function failure(
  plan: readonly Planned[],
  { state, at, why }: Pick<Fate, "state" | "at" | "why">,
): Pick<RunSummary, "state" | "why" | "failed"> {
  if (state === "cancelled") return { state, why: null };
  return { state, failed: at, why: `step “${plan[at]?.name}” failed: ${why}` };
}
