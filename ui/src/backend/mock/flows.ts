import type { ApiError, Event, FlowStatus, RunState, RunStatus, RunSummary, StepStatus } from "../../contract";
import { byFlow, isOver } from "../../state/flows";
import { ago, chance, DAY, HOUR } from "./seed";

/** A step as its flow says it, and how it goes here. */
interface Planned {
  name: string;
  does: string;
  /** The places of the steps that come before it; the one before where nothing is said. */
  needs?: number[];
  /** So many ticks it takes. */
  ticks: number;
  /** So many times it fails before it succeeds. */
  fails?: number;
  always?: boolean;
  says?: string[];
}

interface Planning {
  name: string;
  steps: Planned[];
  next?: () => string;
  enabled?: boolean;
}

/** A run with the ticks that are left to each of its steps. */
interface Going extends RunStatus {
  left: number[];
  cancelled: number;
}

const in_ = (seconds: number) => ago(-seconds);

/** How many seconds ago it was four o'clock the last time. */
function sinceFour(): number {
  const four = new Date();
  four.setHours(4, 0, 0, 0);
  return ((Date.now() - four.getTime() + DAY * 1000) / 1000) % DAY;
}

const RELEASE: Planned[] = [
  {
    name: "fetch",
    does: "run git fetch --tags",
    ticks: 2,
    says: ["From ssh://git.example/shop", " * [new tag] v4.2.1"],
  },
  { name: "install", does: "run npm ci", ticks: 6, says: ["added 412 packages in 21s", "found 0 vulnerabilities"] },
  {
    name: "build",
    does: "run npm run build",
    needs: [1],
    ticks: 8,
    says: ["vite v8.3.8 building for production...", "✓ 214 modules transformed.", "✓ built in 6.41s"],
  },
  {
    name: "test",
    does: "run npm test",
    needs: [1],
    ticks: 10,
    says: ["Test Files  38 passed (38)", "     Tests  412 passed (412)"],
  },
  {
    name: "publish the image",
    does: "run docker push registry.example/shop:4.2.1",
    needs: [1],
    ticks: 3,
    fails: 2,
    says: ["received unexpected HTTP status: 503 Service Unavailable"],
  },
  { name: "restart", does: "restart web", needs: [2, 3, 4], ticks: 3 },
  { name: "answers again", does: "wait until web port is up, for 1 min at most", ticks: 2 },
  { name: "tidy up", does: "run rm -rf ./build-4.2.1", needs: [6], ticks: 3, always: true },
];

const HEAL: Planned[] = [
  { name: "is it really down", does: "check shop", ticks: 1 },
  {
    name: "clear the cache",
    does: "run npm cache clean --force",
    ticks: 2,
    says: ["npm warn using --force Recommended protections disabled."],
  },
  { name: "migrate the database", does: "run npm run migrate", ticks: 4 },
  { name: "restart", does: "restart web", ticks: 2 },
  { name: "answers again", does: "wait until shop is up, for 1 min at most", ticks: 3 },
];

const MIGRATION = [
  "> shop@4.2.0 migrate",
  "> node scripts/migrate.mjs",
  "",
  "connecting to postgres://shop@127.0.0.1:5432/shop",
  "applying 0041_add_currency_to_orders … ok (212 ms)",
  "applying 0042_index_orders_by_customer …",
  "\u001b[31merror: canceling statement due to lock timeout\u001b[0m",
  "    at Parser.parseErrorMessage (/srv/shop/node_modules/pg-protocol/dist/parser.js:283:98)",
  "    at Parser.handlePacket (/srv/shop/node_modules/pg-protocol/dist/parser.js:122:29)",
  "    at Socket.<anonymous> (/srv/shop/node_modules/pg-protocol/dist/index.js:11:42)",
  "  code: '55P03', routine: 'ProcessInterrupts'",
  "0042_index_orders_by_customer was rolled back",
];

const BACKUP: Planned[] = [
  {
    name: "dump",
    does: "run pg_dump --format=custom shop",
    ticks: 6,
    says: ["pg_dump: dumping contents of table public.orders"],
  },
  {
    name: "upload",
    does: "run rclone copy shop.dump backup:shop",
    ticks: 8,
    says: ["Transferred: 412.7 MiB / 412.7 MiB, 100%"],
  },
  { name: "prune", does: "run rclone delete --min-age 30d backup:shop", ticks: 2 },
];

const MOVE: Planned[] = [
  { name: "stop", does: "stop web", ticks: 2 },
  { name: "move", does: "run ./move-to-the-new-disk.sh", ticks: 20 },
  { name: "start", does: "start web", ticks: 2 },
];

const DENSE: Planned[] = Array.from({ length: 30 }, (_, place) => ({
  name:
    place === 4
      ? "reindex-everything-that-was-written-since-the-last-time-this-was-done-in-every-region-there-is"
      : `part ${place + 1}`,
  does: `run ./reindex.sh --part ${place + 1} --of 30 --into /var/lib/search/indexes/orders-by-customer-and-day`,
  needs: place < 3 ? [] : [place - 3],
  ticks: 2 + Math.floor(chance("dense", place) * 8),
  says: Array.from(
    { length: 200 },
    (_, line) => `${line + 1} of 200: indexed ${Math.round(chance(place, line) * 9000)} documents`,
  ),
}));

const LIVELY: Planning[] = [
  { name: "release the shop", steps: RELEASE },
  { name: "heal the shop", steps: HEAL },
  { name: "nightly backup", steps: BACKUP, next: () => in_(DAY - sinceFour()) },
  { name: "move to the new disk", steps: MOVE, enabled: false },
];

const waiting = ({ name, does }: Planned): StepStatus => ({
  name,
  does,
  state: "scheduled",
  attempts: 0,
  exit: null,
  why: null,
  began: null,
  ended: null,
  output: [],
});

const wrong = (message: string): ApiError => ({ code: "wrong", message });

/** The flows of the made-up world. `like` is `dense`, or how many there are besides. */
export function flows(like: string | null, tell: (event: Event) => void) {
  const plans = new Map([...LIVELY, ...besides(like)].map((plan) => [plan.name, plan]));
  const runs = new Map<number, Going>();
  const queues = new Map<string, number[]>();
  let last = 0;

  for (const plan of plans.values()) for (const run of past(plan)) runs.set((run.run = last += 1), run);
  for (const name of ["release the shop", "reindex"]) {
    const plan = plans.get(name);
    if (plan) halfway(create(plan, "started by a user", 31), plan);
  }

  function create({ name, steps }: Planning, cause: string, seconds: number, state: RunState = "running"): Going {
    last += 1;
    const run = going(last, name, steps, { cause, state, began: ago(seconds) });
    runs.set(last, run);
    return run;
  }

  const summary = ({ run, flow, state, cause, heals, why, began, ended }: Going): RunSummary => ({
    run,
    flow,
    state,
    cause,
    heals: heals ?? [],
    why,
    began,
    ended,
  });

  const underWay = () => [...runs.values()].filter(({ state }) => state === "running");

  function status({ name, steps, next, enabled = true }: Planning, all = underWay()): FlowStatus {
    const open = all.find(({ flow }) => flow === name);
    const queued = queues.get(name)?.length ?? 0;
    return { name, enabled, steps: steps.length, next: next?.() ?? null, run: open ? summary(open) : null, queued };
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

  function advance(run: Going) {
    const planned = plans.get(run.flow)?.steps ?? [];
    planned.forEach((plan, place) => {
      const { state, attempts, began } = run.steps[place] as StepStatus;
      const over = (at: number) => run.steps[at]?.ended != null;
      if (state === "running") {
        run.left[place] = (run.left[place] ?? 0) - 1;
        if ((run.left[place] ?? 0) > 0) return;
        const output = plan.says ?? [];
        const exit = { exit: "code", of: 0 } as const;
        if (attempts > (plan.fails ?? 0))
          step(run, place, { state: "succeeded", ended: ago(0), exit, why: null, output });
        else retry(run, place, output);
      } else if (state === "retrying" && (run.left[place] = (run.left[place] ?? 0) - 1) <= 0) {
        run.left[place] = plan.ticks;
        step(run, place, { state: "running", attempts: attempts + 1, retry_at: null });
      } else if (state === "scheduled" && (plan.needs ?? (place > 0 ? [place - 1] : [])).every(over)) {
        if (run.cancelled > 0 && !(plan.always && run.cancelled < 2))
          return step(run, place, { state: "skipped", ended: ago(0) });
        run.left[place] = plan.ticks;
        step(run, place, { state: "running", attempts: 1, began: began ?? ago(0) });
      }
    });
    if (run.steps.every(({ ended }) => ended !== null)) end(run, run.cancelled > 0 ? "cancelled" : "succeeded");
  }

  function retry(run: Going, place: number, output: string[]) {
    const wait = 4 * ((run.steps[place]?.attempts ?? 1) + 1);
    run.left[place] = wait;
    const retry_at = in_(wait);
    const why = `exit code 75 (temporary failure); next attempt at ${new Date(retry_at).toLocaleTimeString("en-GB")}`;
    step(run, place, { state: "retrying", retry_at, why, exit: { exit: "code", of: 75 }, output });
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
      queues.set(
        run.flow,
        (queues.get(run.flow) ?? []).filter((id) => id !== run.run),
      );
      Object.assign(run, { state: "cancelled", ended: ago(0) });
      return changed(run);
    }
    const always = plans.get(run.flow)?.steps.map(({ always }) => always === true) ?? [];
    run.steps.forEach(({ state }, place) => {
      if (always[place] && run.cancelled < 2) return;
      if (state === "scheduled") step(run, place, { state: "skipped", ended: ago(0) });
      else if (state === "running" || state === "retrying")
        step(run, place, { state: "cancelled", ended: ago(0), retry_at: null, exit: { exit: "signal", of: 15 } });
    });
    if (run.steps.every(({ ended }) => ended !== null)) end(run, "cancelled");
  }

  function halfway(run: Going, { steps }: Planning) {
    for (const [place, plan] of steps.entries()) {
      const at = { began: ago(31 - 4 * place), attempts: 1 };
      const exit = { exit: "code", of: 0 } as const;
      const output = plan.says ?? [];
      if (place < 2) step(run, place, { ...at, state: "succeeded", ended: ago(27 - 14 * place), exit, output });
      else if (place < 4) step(run, place, { ...at, state: "running", began: ago(13) });
      else if (place === 4) {
        step(run, place, { ...at, began: ago(13) });
        retry(run, place, output);
      }
      if (place >= 2 && place < 4) run.left[place] = plan.ticks;
    }
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
    run(id: number): RunStatus {
      const run = runs.get(id);
      if (!run) throw wrong(`there is no run ${id}; \`estatus flow runs\` lists them`);
      return { ...summary(run), steps: [...run.steps] };
    },
    begin(flow: string): number {
      const plan = plans.get(flow);
      if (!plan) throw wrong(`there is no flow called “${flow}”`);
      const waits = status(plan).run !== null;
      const run = create(plan, "started by a user", 0, waits ? "queued" : "running");
      if (waits) queues.set(flow, [...(queues.get(flow) ?? []), run.run]);
      else advance(run);
      changed(run);
      return run.run;
    },
    cancel(id: number) {
      const run = runs.get(id);
      if (!run || isOver(run.state)) throw wrong(`no run ${id} is in progress`);
      cancel(run);
    },
    tick() {
      for (const run of underWay()) advance(run);
    },
  };
}

function besides(like: string | null): Planning[] {
  if (like === "dense") return [{ name: "reindex", steps: DENSE }];
  return Array.from({ length: Number(like ?? 0) }, (_, index) => ({
    name: `flow ${String(index + 1).padStart(4, "0")}`,
    steps: BACKUP,
  }));
}

function going(id: number, flow: string, steps: Planned[], more: Pick<Going, "cause" | "state" | "began">): Going {
  const none = { why: null, ended: null, heals: [], left: [], cancelled: 0 };
  return { ...none, ...more, run: id, flow, steps: steps.map(waiting) };
}

/** The runs of a flow that are over, the oldest first. */
function past({ name, steps }: Planning): Going[] {
  const count =
    { "release the shop": 7, "heal the shop": 9, "nightly backup": 60 }[name] ?? (name.startsWith("flow") ? 20 : 0);
  return Array.from({ length: count }, (_, index) => {
    const age = count - index;
    const nightly = name === "nightly backup";
    const cause = nightly ? "scheduled for 04:00" : name === "heal the shop" ? "“shop” is down" : "started by a user";
    const seconds = nightly ? (age - 1) * DAY + sinceFour() : age * 1.3 * DAY - 22 * HOUR;
    const run = going(0, name, steps, { cause, state: "succeeded", began: ago(seconds) });
    if (name === "heal the shop") run.heals = age % 5 === 0 ? ["shop", "orders api"] : ["shop"];
    if (nightly && (age === 12 || age === 31)) {
      const state = age === 12 ? "suppressed" : "skipped";
      return { ...run, state, ended: run.began };
    }
    const fate =
      name === "heal the shop" && (age === 1 || age === 4)
        ? "failed"
        : age === 3 && !nightly
          ? "cancelled"
          : "succeeded";
    return lived(run, steps, fate, 0.4 + chance(name, index) * (nightly && age % 9 === 0 ? 8 : 1.2));
  });
}

/** `run` as it went, every step so many times as long as it is planned; it came to its end at its third step. */
function lived(run: Going, steps: Planned[], fate: "succeeded" | "failed" | "cancelled", slowly: number): Going {
  let at = Date.parse(run.began);
  const stop = fate === "succeeded" ? steps.length : 2;
  const made = steps.map((plan, place): StepStatus => {
    const began = new Date(at).toISOString();
    const step = waiting(plan);
    if (place > stop) return { ...step, state: "skipped", ended: began };
    at += plan.ticks * slowly * 1000;
    const ended = new Date(at).toISOString();
    if (place < stop) {
      return {
        ...step,
        state: "succeeded",
        attempts: 1,
        began,
        ended,
        exit: { exit: "code", of: 0 },
        output: plan.says ?? [],
      };
    }
    if (fate === "cancelled")
      return { ...step, state: "cancelled", attempts: 1, began, ended, exit: { exit: "signal", of: 15 } };
    const why = "exit code 1 (general error) (attempt 3 of 3)";
    return {
      ...step,
      state: "failed",
      attempts: 3,
      began,
      ended,
      exit: { exit: "code", of: 1 },
      why,
      output: MIGRATION,
    };
  });
  const failed = made.find(({ state }) => state === "failed");
  const why = failed ? `step “${failed.name}” failed: ${failed.why}` : null;
  return { ...run, state: fate, why, ended: new Date(at).toISOString(), steps: made };
}
