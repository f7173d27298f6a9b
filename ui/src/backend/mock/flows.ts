import type {
  ApiError,
  Event,
  FlowPlan,
  FlowStatus,
  LogLine,
  Repeat,
  RunState,
  RunStatus,
  RunSummary,
  SinceSuccess,
  StepOf,
  StepState,
  StepStatus,
} from "../../contract";
import { byFlow, isFailure, isOver } from "../../state/flows";
import { dependsOn, dryRun } from "./flows/dry";
import { Logs, share } from "./flows/logs";
import { asked, failure, type Going, going, past } from "./flows/past";
import { in_, needs, type Planned, type Planning, waiting, writes } from "./flows/plans";
import { ago } from "./seed";

const wrong = (message: string): ApiError => ({ code: "wrong", message });

const DONE = { exit: "code", of: 0 } as const;

/** The flows of the made-up world, which go by `plans`; `follows` says whose log is told. */
export function flows(plans: Map<string, Planning>, tell: (event: Event) => void, follows: () => StepOf | null) {
  const runs = new Map<number, Going>();
  const queues = new Map<string, number[]>();
  const logs = new Logs();
  let last = 0;

  for (const plan of plans.values()) for (const run of past(plan, last + 1, logs)) runs.set((last = run.run), run);
  wait("switch the database");
  for (const name of ["release the shop", "reindex"]) halfway(name);

  function create(
    name: string,
    plan: Planned[],
    more: Partial<Going> & Pick<Going, "cause" | "state" | "began">,
  ): Going {
    const run = { ...going((last += 1), name, plan, more), ...more };
    runs.set(run.run, run);
    return run;
  }

  const summary = ({ run, flow, state, cause, heals, why, failed, repeats, began, ended }: Going): RunSummary => ({
    ...{ run, flow, state, cause, heals: heals ?? [], why, began, ended },
    ...(failed !== undefined && { failed }),
    ...(repeats !== undefined && { repeats }),
  });

  const underWay = () => [...runs.values()].filter(({ state }) => !isOver(state) && state !== "queued");

  function status({ name, steps, next, enabled = true }: Planning, all = underWay()): FlowStatus {
    const open = all.find(({ flow }) => flow === name);
    const queued = queues.get(name)?.length ?? 0;
    return { name, enabled, steps: steps.length, next: next?.() ?? null, run: open ? summary(open) : null, queued };
  }

  function full(run: Going): RunStatus {
    const since = sinceSuccess(run);
    const steps = run.steps.map((step, place) => {
      const because = skippedBecause(run, place);
      return because ? { ...step, skipped_because: because } : step;
    });
    const is_current = plans.get(run.flow)?.steps === run.plan;
    return { ...summary(run), steps, is_current, ...(since && { since_success: since }) };
  }

  /** What is different from the last run that succeeded before `run`, which did not. */
  function sinceSuccess({ run, flow, state, plan, changed }: Going): SinceSuccess | null {
    if (state !== "failed" && state !== "timed_out") return null;
    const before = [...runs.values()].filter((other) => other.flow === flow && other.run < run);
    const good = before.findLast(({ state }) => state === "succeeded");
    if (!good) return null;
    const changes = plan.flatMap(({ name, does }) => {
      const other = good.plan.find((other) => other.name === name);
      if (!other) return [`the step “${name}” is new`];
      return other.does === does ? [] : [`the step “${name}” was changed`];
    });
    return { run: good.run, ended: good.ended ?? good.began, changes: [...changes, ...changed] };
  }

  function skippedBecause({ steps, plan, failed }: Going, place: number): string | undefined {
    if (steps[place]?.state !== "skipped" || plan[place]?.heals !== undefined) return undefined;
    const needed = needs(plan, place).find((before) => steps[before]?.state !== "succeeded");
    const culprit = steps[needed ?? failed ?? -1];
    return culprit && `“${culprit.name}” before it: ${culprit.state}`;
  }

  function changed(run: Going) {
    const plan = plans.get(run.flow);
    tell({ event: "run", of: summary(run) });
    if (plan) tell({ event: "flow", of: status(plan) });
  }

  function step(run: Going, place: number, change: Partial<StepStatus>) {
    const known = run.steps[place];
    if (!known) return;
    run.steps[place] = { ...known, ...change };
    tell({ event: "step", of: { run: run.run, place, step: run.steps[place] } });
  }

  function write(run: Going, place: number, texts: readonly string[]) {
    if (texts.length === 0) return;
    const of = { run: run.run, place };
    const lines = logs.write(of, texts, Date.now());
    const followed = follows();
    if (followed?.run === of.run && followed.place === place) tell({ event: "step_log", of: { of, lines } });
  }

  function advance(run: Going) {
    if (run.steps.every(({ ended }) => ended !== null)) undoNext(run);
    else run.plan.forEach((_, place) => move(run, place));
    settle(run);
  }

  /** Lets a second pass for the step at `place`. */
  function move(run: Going, place: number) {
    const [plan, { state, attempts, question, run: child }] = [run.plan[place]!, run.steps[place]!];
    const isUp = () => (run.left[place] = (run.left[place] ?? 0) - 1) <= 0;
    if (state === "waiting_for_approval") {
      if (question && Date.parse(question.until) <= Date.now()) unanswered(run, place, question.continues);
    } else if (state === "running" && child !== undefined) childEnds(run, place, runs.get(child));
    else if (state === "running") {
      const ended = isUp();
      if (writes(plan)) write(run, place, share(plan, run.left[place] ?? 0));
      if (ended) attempted(run, place);
    } else if (state === "retrying" && isUp()) {
      run.left[place] = plan.ticks;
      step(run, place, { state: "running", attempts: attempts + 1, retry_at: null });
    } else if (state === "scheduled") begin(run, place);
  }

  function attempted(run: Going, place: number) {
    const [plan, { attempts }] = [run.plan[place]!, run.steps[place]!];
    const output = logs.tail({ run: run.run, place });
    if (attempts <= (plan.fails ?? 0)) return retry(run, place, output);
    const exit = writes(plan) ? DONE : null;
    step(run, place, {
      ...{ state: "succeeded", ended: ago(0), exit, why: null, output },
      ...(plan.saves && { saved: plan.saves }),
    });
  }

  /** Begins the step at `place`, if its turn has come. */
  function begin(run: Going, place: number) {
    const plan = run.plan[place]!;
    const before = needs(run.plan, place).map((at) => run.steps[at]!);
    if (!before.every(({ ended }) => ended !== null)) return;
    const mayBegin =
      plan.heals === undefined
        ? before.every(({ state }) => state === "succeeded") && run.failed === undefined
        : isFailure(run.steps[plan.heals]?.state ?? "scheduled");
    const isWanted = plan.always ? run.cancelled < 2 : mayBegin && run.cancelled === 0;
    if (!isWanted) return step(run, place, { state: "skipped", ended: ago(0) });
    run.left[place] = plan.ticks;
    const begun = { attempts: 1, began: ago(0), has_log: writes(plan) };
    if (plan.asks) return step(run, place, { ...begun, state: "waiting_for_approval", ...asked(plan, Date.now()) });
    step(run, place, { ...begun, state: "running" });
    if (plan.flow === undefined) return;
    const cause = `started by the step “${plan.name}” of run ${run.run} of ${run.flow}`;
    step(run, place, { run: start(plan.flow, { cause, by: { run: run.run, place } }).run });
  }

  function childEnds(run: Going, place: number, child: Going | undefined) {
    if (!child || !isOver(child.state)) return;
    if (child.state === "succeeded") step(run, place, { state: "succeeded", ended: ago(0) });
    else fail(run, place, "failed", `the run of the flow ${child.flow} was cancelled`);
  }

  function unanswered(run: Going, place: number, continues: boolean) {
    const why = "nobody answered within 30 min";
    if (continues) step(run, place, { state: "succeeded", ended: ago(0), why });
    else fail(run, place, "timed_out", why);
  }

  /** The step at `place` has failed for good, and its run with it. */
  function fail(run: Going, place: number, state: StepState, why: string) {
    step(run, place, { state, ended: ago(0), why });
    if (run.plan.some(({ heals }) => heals === place)) return;
    Object.assign(run, failure(run.plan, { state: "running", at: place, why }));
    changed(run);
    run.plan.forEach((_, at) => run.steps[at]?.state === "scheduled" && begin(run, at));
  }

  function retry(run: Going, place: number, output: string[]) {
    const wait = 4 * ((run.steps[place]?.attempts ?? 1) + 1);
    run.left[place] = wait;
    const retry_at = in_(wait);
    const why = `exit code 75 (temporary failure); next attempt at ${new Date(retry_at).toLocaleTimeString("en-GB")}`;
    step(run, place, { state: "retrying", retry_at, why, exit: { exit: "code", of: 75 }, output });
  }

  /** Takes back the next of what succeeded, or lets a second pass for what is being taken back. */
  function undoNext(run: Going) {
    const undoing = run.steps.findIndex(({ undo }) => undo?.state === "running");
    const under = run.steps[undoing]?.undo;
    if (under) return step(run, undoing, { undo: { ...under, state: "succeeded", ended: ago(0) } });
    const next = nextToUndo(run);
    if (next < 0) return;
    step(run, next, { undo: { state: "running", began: ago(0), ended: null, why: null, output: [] } });
  }

  const nextToUndo = ({ failed, plan, steps }: Going): number =>
    failed === undefined
      ? -1
      : plan.findLastIndex(({ undo }, at) => undo && steps[at]?.state === "succeeded" && !steps[at]?.undo);

  /** Sees whether the run is over, or does nothing but wait for somebody. */
  function settle(run: Going) {
    const isUndoing = run.steps.some(({ undo }) => undo?.state === "running");
    const goesBack = isUndoing || nextToUndo(run) >= 0;
    if (!goesBack && run.steps.every(({ ended }) => ended !== null)) {
      return end(run, run.failed !== undefined ? "failed" : run.cancelled > 0 ? "cancelled" : "succeeded");
    }
    const is = (...states: StepState[]) => run.steps.some(({ state }) => states.includes(state));
    const state = is("waiting_for_approval") && !is("running", "retrying") ? "waiting_for_approval" : "running";
    if (state === run.state) return;
    run.state = state;
    changed(run);
  }

  function end(run: Going, state: RunState) {
    Object.assign(run, { state, ended: ago(0) });
    const next = runs.get(queues.get(run.flow)?.shift() ?? 0);
    if (next) Object.assign(next, { state: "running", began: ago(0) });
    changed(run);
    if (next) changed(next);
  }

  function cancel(run: Going) {
    run.cancelled += 1;
    if (run.state === "queued") {
      const left = (queues.get(run.flow) ?? []).filter((id) => id !== run.run);
      queues.set(run.flow, left);
      Object.assign(run, { state: "cancelled", ended: ago(0) });
      return changed(run);
    }
    run.steps.forEach(({ state }, place) => {
      if (run.plan[place]?.always && run.cancelled < 2) return;
      if (state === "scheduled") step(run, place, { state: "skipped", ended: ago(0) });
      else if (state === "running" || state === "retrying" || state === "waiting_for_approval")
        step(run, place, { state: "cancelled", ended: ago(0), retry_at: null, exit: { exit: "signal", of: 15 } });
    });
    if (run.steps.every(({ ended }) => ended !== null)) end(run, "cancelled");
  }

  /** Begins a run, or puts it in the queue. */
  function start(flow: string, more: Partial<Going> & Pick<Going, "cause">): Going {
    const plan = plans.get(flow);
    if (!plan) throw wrong(`there is no flow called “${flow}”`);
    const waits = status(plan).run !== null;
    const state = waits ? "queued" : "running";
    const run = create(flow, more.plan ?? plan.steps, { began: ago(0), state, ...more });
    if (waits) queues.set(flow, [...(queues.get(flow) ?? []), run.run]);
    else advance(run);
    changed(run);
    return run;
  }

  /** What a run by `plan` keeps of the one that it repeats from the step called `from` on. */
  function kept(before: Going, plan: Planned[], from: string): StepStatus[] {
    const place = plan.findIndex(({ name }) => name === from);
    if (place < 0) throw wrong(`the flow “${before.flow}” has no step “${from}”`);
    return plan.map((step, at) => {
      const known = before.steps.find(({ name }) => name === step.name);
      const isKept = known?.state === "succeeded" && !known.undo && !dependsOn(plan, at, place);
      return isKept ? { ...known, kept: true, has_log: false } : waiting(step);
    });
  }

  /** A run that has come to its question. */
  function wait(name: string) {
    const plan = plans.get(name)?.steps;
    if (!plan) return;
    const run = create(name, plan, { cause: "started by a user", state: "waiting_for_approval", began: ago(95) });
    [95, 92, 85, 84].forEach((seconds, place, all) => {
      const planned = plan[place]!;
      const begun = { attempts: 1, began: ago(seconds), has_log: writes(planned) };
      if (planned.asks) {
        const question = asked(planned, Date.now() - seconds * 1000);
        return step(run, place, { ...begun, state: "waiting_for_approval", ...question });
      }
      const ended = ago((all[place + 1] ?? 0) + 1);
      step(run, place, { ...begun, state: "succeeded", ended, exit: writes(planned) ? DONE : null });
      const of = { run: run.run, place };
      logs.fill(of, run.steps[place]!, planned.says ?? []);
      step(run, place, { output: logs.tail(of) });
    });
    plan.forEach(({ heals }, place) => heals !== undefined && step(run, place, { state: "skipped", ended: ago(92) }));
  }

  /** A run with some of its steps behind it, some under way, and one that is tried again. */
  function halfway(name: string) {
    const plan = plans.get(name);
    if (!plan) return;
    const run = create(name, plan.steps, { cause: "started by a user", state: "running", began: ago(22) });
    plan.steps.slice(0, 5).forEach((planned, place) => {
      const of = { run: run.run, place };
      const begun = { attempts: 1, began: ago(place < 2 ? 22 - 2 * place : 13), has_log: writes(planned) };
      if (place >= 2) run.left[place] = planned.ticks;
      step(run, place, { ...begun, state: "running" });
      if (place === 2 || place === 3) return;
      step(run, place, { ended: place < 2 ? ago(20 - 6 * place) : ago(9) });
      logs.fill(of, run.steps[place]!, planned.says ?? []);
      const output = logs.tail(of);
      if (place < 2) step(run, place, { state: "succeeded", exit: DONE, output });
      else {
        step(run, place, { ended: null });
        retry(run, place, output);
      }
    });
  }

  function known(id: number): Going {
    const run = runs.get(id);
    if (!run) throw wrong(`there is no run ${id}; \`estatus flow runs\` lists them`);
    return run;
  }

  return {
    snapshot(): FlowStatus[] {
      const all = underWay();
      return [...plans.values()].map((plan) => status(plan, all));
    },
    runs(flow: string | null, limit: number): RunSummary[] {
      if (flow !== null && !plans.has(flow)) throw wrong(`there is no flow called “${flow}”`);
      const all = [...runs.values()].filter((run) => flow === null || run.flow === flow);
      return all.reverse().slice(0, limit).map(summary);
    },
    lastRuns(limit: number): RunSummary[] {
      const flows = byFlow([...runs.values()].reverse());
      return [...plans.keys()].flatMap((name) => (flows.get(name) ?? []).slice(0, limit)).map(summary);
    },
    run: (id: number): RunStatus => full(known(id)),
    log: ({ run, place }: StepOf, lines: number): LogLine[] => logs.all({ run, place }).slice(-lines),
    plan(flow: string): FlowPlan {
      const plan = plans.get(flow);
      if (!plan) throw wrong(`there is no flow called “${flow}”`);
      return dryRun(plan);
    },
    begin: (flow: string): number => start(flow, { cause: "started by a user" }).run,
    repeat(id: number, { from, as_then }: Repeat): number {
      const before = known(id);
      const plan = as_then ? before.plan : plans.get(before.flow)?.steps;
      if (!plan) throw wrong(`there is no flow called “${before.flow}”`);
      const cause = from === null ? `repeats run ${id}` : `repeats run ${id} from the step “${from}”`;
      const steps = from === null ? plan.map(waiting) : kept(before, plan, from);
      return start(before.flow, { cause, plan, steps, repeats: id }).run;
    },
    approve(id: number, name: string | null, approved: boolean) {
      const run = known(id);
      const asks = run.steps.findIndex(
        (step) => step.state === "waiting_for_approval" && (name ?? step.name) === step.name,
      );
      if (asks < 0) throw wrong(`run ${id} is not waiting for such an approval`);
      if (approved) step(run, asks, { state: "succeeded", ended: ago(0), why: "approved by isaac in the window" });
      else fail(run, asks, "failed", "denied by isaac in the window");
      advance(run);
    },
    cancel(id: number) {
      const run = runs.get(id);
      if (!run || isOver(run.state)) throw wrong(`no run ${id} is in progress`);
      cancel(run);
    },
    tick() {
      for (const run of underWay()) advance(run);
    },
    planning: (flow: string): Planning | undefined => plans.get(flow),
    /** Takes `plan` for its flow from now on. */
    put(plan: Planning) {
      plans.set(plan.name, plan);
      tell({ event: "flow", of: status(plan) });
    },
    remove(flow: string) {
      if (plans.delete(flow)) tell({ event: "flow_gone", of: flow });
    },
  };
}
