import type {
  ApiError,
  DecisionStatus,
  Event,
  FleetReplay,
  FleetSample,
  FleetStatus,
  FleetSummary,
  InstanceState,
  InstanceStatus,
  OtherRule,
  RefusedStatus,
  Standing,
} from "../../contract";
import type { Table } from "./file";
import { MINUTE as SAMPLED, replayed, stood } from "./fleets/replay";
import { fleetOf, type Plan } from "./fleets/tables";
import { ago, chance, DAY, HOUR, MINUTE } from "./seed";

const wrong = (message: string): ApiError => ({ code: "wrong", message });

/** A fleet that lives. */
interface Living {
  plan: Plan;
  instances: InstanceStatus[];
  /** The newest first. */
  decisions: DecisionStatus[];
  troubles: string[];
  standing?: Standing;
  orphans: string[];
  refused: RefusedStatus[];
  /** The number of the newest instance. */
  last: number;
  /** All the work there is: the sum of the loads. */
  work: number;
  /** How many instances were needed at the last ticks. */
  needs: number[];
  /** So many instances it had when the world was made. */
  settled: number;
  /** So many ticks each instance stays as it is. */
  left: Map<string, number>;
}

/** So many instances the largest fleet has, where thousands are asked for. */
const THOUSANDS = 5000;
/** For so many ticks more instances are kept than are needed. */
const PATIENCE = 25;

const counts = ({ state }: InstanceStatus) => ["launching", "booting", "running", "suspect"].includes(state);
const percent = (share: number) => `${Math.round(share * 100)}%`;

/** The fleets of the made-up world, which stand in its file as `tables`; `size` may be `thousands`. */
export function fleets(tables: Record<string, Table>, size: string | null, tell: (event: Event) => void) {
  const living = new Map<string, Living>();
  for (const [name, table] of Object.entries(tables)) living.set(name, furnished(fleetOf(name, table), size));
  let ticks = 0;

  const known = (name: string): Living => {
    const fleet = living.get(name);
    if (!fleet) throw wrong(`there is no fleet called “${name}”; \`estatus fleet list\` lists them`);
    return fleet;
  };
  const instance = (fleet: Living, name: string): InstanceStatus => {
    const found = fleet.instances.find((one) => one.name === name || one.id === name);
    if (!found) throw wrong(`the fleet “${fleet.plan.name}” has no instance called “${name}”`);
    return found;
  };
  const changed = (fleet: Living) => tell({ event: "fleet", of: summary(fleet) });

  function tick(fleet: Living) {
    fleet.instances.forEach((one) => move(fleet, one));
    fleet.instances = fleet.instances.filter(({ state }) => state !== "gone");
    if (ticks % Math.max(1, Math.round(fleet.plan.heartbeat)) !== 0) return;
    decide(fleet);
    changed(fleet);
  }

  return {
    snapshot: (): FleetSummary[] => [...living.values()].map(summary),
    status: (name: string): FleetStatus => status(known(name)),
    decisions: (name: string, limit: number): DecisionStatus[] => known(name).decisions.slice(0, limit),
    history: (name: string, since: string): FleetSample[] => past(known(name), since, SAMPLED),
    replay(name: string, other: OtherRule, since: string | null): FleetReplay {
      const fleet = known(name);
      return replayed(fleet.plan, other, past(fleet, since ?? ago(7 * DAY), 10 * SAMPLED));
    },
    add(name: string) {
      const fleet = known(name);
      if (fleet.instances.filter(counts).length >= fleet.plan.max)
        throw wrong(`the fleet “${name}” has as many instances as its \`max\` allows`);
      const made = launch(fleet, true);
      decided(fleet, 1, `1 more: a user wants it`, ["a user wants it"], []);
      changed(fleet);
      return made;
    },
    remove(name: string, which: string) {
      const fleet = known(name);
      const one = instance(fleet, which);
      if (one.protected) throw wrong(`the instance “${one.name}” is protected`);
      become(fleet, one, "draining", 3);
      decided(fleet, -1, `1 fewer: a user wants it`, ["a user wants it"], [], [one.name]);
      changed(fleet);
    },
    drain(name: string, which: string) {
      this.remove(name, which);
      known(name).left.set(instance(known(name), which).name, 30);
    },
    protect(name: string, which: string, is: boolean) {
      const fleet = known(name);
      instance(fleet, which).protected = is;
      changed(fleet);
    },
    setLoad(name: string, which: string, load: number) {
      const fleet = known(name);
      const one = instance(fleet, which);
      if (fleet.plan.launch !== "local") throw wrong(`the load of “${which}” is not set by hand`);
      one.load = load;
    },
    tick() {
      ticks += 1;
      living.forEach(tick);
    },
    /** Takes `table` for the fleet `name` from now on. */
    put(name: string, table: Table) {
      const plan = fleetOf(name, table);
      const fleet = living.get(name);
      if (fleet) fleet.plan = plan;
      else living.set(name, empty(plan));
      decide(known(name));
      changed(known(name));
    },
    dissolve(name: string) {
      if (living.delete(name)) tell({ event: "fleet_gone", of: name });
    },
  };
}

function empty(plan: Plan): Living {
  return {
    plan,
    instances: [],
    decisions: [],
    troubles: [],
    orphans: [],
    refused: [],
    last: 0,
    work: 0,
    settled: 0,
    needs: [],
    left: new Map(),
  };
}

function summary({ plan, instances, decisions, troubles, standing }: Living): FleetSummary {
  const running = instances.filter(({ state }) => state === "running");
  const loads = running.flatMap(({ load }) => (load === null ? [] : [load]));
  return {
    ...plan,
    standing: standing ?? (running.length < plan.min ? "unknown" : "well"),
    count: instances.filter(counts).length,
    running: running.length,
    mean: loads.length === 0 ? null : loads.reduce((sum, load) => sum + load, 0) / loads.length,
    troubles,
    last_decision: decisions[0] ?? null,
  };
}

const status = (fleet: Living): FleetStatus => ({
  ...summary(fleet),
  // What is answered does not change afterwards.
  instances: fleet.instances.map((one) => ({ ...one })),
  orphans: fleet.orphans,
  refused: fleet.refused,
});

function launch(fleet: Living, by_user = false): InstanceStatus {
  const number = (fleet.last += 1);
  const made: InstanceStatus = {
    id: null,
    name: `${fleet.plan.name}-${number}`,
    address: null,
    state: "launching",
    load: null,
    since: ago(0),
    launched: ago(0),
    silent: 0,
    by_user,
  };
  fleet.instances.push(made);
  fleet.left.set(made.name, 2);
  return made;
}

function become(fleet: Living, one: InstanceStatus, state: InstanceState, ticks: number) {
  Object.assign(one, { state, since: ago(0) });
  fleet.left.set(one.name, ticks);
}

/** Lets a second pass for an instance. */
function move(fleet: Living, one: InstanceStatus) {
  const left = (fleet.left.get(one.name) ?? 0) - 1;
  fleet.left.set(one.name, left);
  const isLocal = fleet.plan.launch === "local";
  if (one.state === "running" && !isLocal) one.load = share(fleet, one, Date.now());
  if (one.state === "suspect" || one.state === "lost") one.silent += 1;
  if (left > 0) return;
  if (one.state === "launching") {
    one.id = idOf(fleet.plan.launch, numberOf(one), one.name);
    become(fleet, one, "booting", 4);
  } else if (one.state === "booting") {
    Object.assign(one, { address: addressOf(fleet.plan.launch, numberOf(one)), load: isLocal ? 0 : fleet.plan.load });
    become(fleet, one, "running", 0);
  } else if (one.state === "draining") become(fleet, one, "terminating", 2);
  else if (one.state === "terminating") one.state = "gone";
}

/** The share of the work that falls to an instance; more by day than by night, which comes often here. */
function share({ work, instances }: Living, { name }: InstanceStatus, now: number): number {
  const running = instances.filter(({ state }) => state === "running").length;
  const wave = 1 + 0.3 * Math.sin(now / 40_000);
  const noise = (chance(name, Math.floor(now / 1000)) - 0.5) * 0.12;
  return Math.min(1, Math.max(0.01, (work * wave) / Math.max(1, running) + noise));
}

/** Decides by a rule like the engine's, in fewer words. */
function decide(fleet: Living) {
  const { plan, instances } = fleet;
  const size = instances.filter(counts).length;
  if (!plan.enabled) return;
  if (size < plan.desired)
    return grow(fleet, plan.desired - size, `there are ${size} instances, and should be ${plan.desired}`);
  const { mean } = summary(fleet);
  if (mean === null || (plan.policy !== "target" && plan.policy !== "seed")) return;
  const why = `the mean load is ${percent(mean)}, and should be ${percent(plan.load)}`;
  const isBusy = instances.some(({ state }) => state === "launching" || state === "booting");
  const running = instances.filter(({ state }) => state === "running").length;
  const need = Math.ceil((mean * running) / plan.load - 0.05);
  if (plan.policy === "seed") {
    if (mean > plan.load && size < plan.max) grow(fleet, 1, why);
    else if (mean < plan.load && size > plan.desired) shrink(fleet, 1, why, mean);
    return;
  }
  fleet.needs = [...fleet.needs, need].slice(-PATIENCE);
  const most = Math.max(...fleet.needs, plan.desired, plan.min);
  if (mean > plan.load * 1.1 && need > size) grow(fleet, Math.min(need, plan.max) - size, why, need > plan.max);
  else if (mean < plan.load * 0.9 && !isBusy && fleet.needs.length === PATIENCE && most < size)
    shrink(fleet, size - most, why, mean);
}

function grow(fleet: Living, count: number, why: string, isFull = false) {
  const rejected = isFull ? [`1 more is not launched: there may be no more than ${fleet.plan.max}`] : [];
  if (count <= 0) return;
  for (let index = 0; index < count; index += 1) launch(fleet);
  decided(fleet, count, `${count} more: ${why}`, [why], rejected);
}

function shrink(fleet: Living, count: number, why: string, mean: number) {
  const may = fleet.instances
    .filter((one) => counts(one) && !one.protected && !one.by_user)
    .sort((one, other) => (one.load ?? 0) - (other.load ?? 0));
  const victims = may.slice(0, count);
  if (victims.length === 0) return;
  victims.forEach((one) => become(fleet, one, "draining", 3));
  const rejected = fleet.instances
    .filter((one) => counts(one) && (one.protected || one.by_user))
    .map(({ name, protected: is }) => `${name} stays: ${is ? "it is protected" : "a user launched it"}`);
  const next = may[count];
  const rest = may.length - count - 1;
  if (next && rest > 0)
    rejected.push(`${next.name} stays: without it the mean load would be ${percent((mean * (rest + 1)) / rest)}`);
  fleet.needs = [];
  const names = victims.map(({ name }) => name);
  decided(fleet, -victims.length, `${victims.length} fewer: ${why}`, [why], rejected, names);
}

function decided(
  fleet: Living,
  change: number,
  says: string,
  reasons: string[],
  rejected: string[],
  victims: string[] = [],
) {
  const { count, mean } = summary(fleet);
  const number = (fleet.decisions[0]?.number ?? 0) + 1;
  fleet.decisions = [
    { number, at: ago(0), change, instances: count - Math.max(0, change), mean, says, reasons, rejected, victims },
    ...fleet.decisions,
  ];
}

const numberOf = ({ name }: InstanceStatus): number => Number(name.split("-").at(-1));

function idOf(launch: string, number: number, name: string): string {
  if (launch === "local") return String(20_000 + number * 37);
  return `i-${Math.floor(chance(name, "id") * 16 ** 8)
    .toString(16)
    .padStart(8, "0")}${number.toString(16).padStart(4, "0")}`;
}

function addressOf(launch: string, number: number): string {
  if (launch === "local") return `127.0.0.1:${50_061 + number}`;
  return `10.0.${Math.floor(number / 250)}.${(number % 250) + 4}`;
}

/** A fleet with some past. */
function furnished(plan: Plan, size: string | null): Living {
  const fleet = empty(plan);
  if (plan.name === "web" && size === "thousands") {
    Object.assign(plan, { launch: "ec2", desired: THOUSANDS, max: 2 * THOUSANDS, heartbeat: 5 });
    settle(fleet, THOUSANDS, 5 * DAY);
  } else settle(fleet, { web: 3, shop: 7, edge: 6, lab: 2 }[plan.name] ?? 0, plan.launch === "local" ? HOUR : 3 * DAY);
  if (plan.policy === "target" || plan.policy === "seed") fleet.decisions = decidedInThePast(fleet);
  const change = (index: number, more: Partial<InstanceStatus>) => {
    const one = fleet.instances[index];
    if (one) Object.assign(one, more);
  };
  if (plan.name === "web" && size === null) {
    change(0, { load: 0.64 });
    change(1, { load: 0.71 });
    change(2, { state: "booting", load: null, address: null, since: ago(3), launched: ago(5) });
    fleet.left.set("web-3", 3);
    const first = fleet.decisions[0];
    if (first) Object.assign(first, { at: ago(5) });
  }
  if (plan.name === "shop") {
    change(0, { protected: true, load: 0.58 });
    change(1, { outdated: true, load: 0.49 });
    change(3, { by_user: true, load: 0.62 });
    change(5, { state: "suspect", silent: 14, since: ago(9), load: null });
    change(6, { state: "draining", since: ago(40) });
    fleet.left.set("shop-7", 100_000);
  }
  if (plan.name === "edge") {
    Object.assign(fleet, {
      standing: "down",
      troubles: [
        "instances cannot be launched: the command create exited with code 1 (quota exceeded for project edge)",
        "1 instance was lost: edge-2",
      ],
      orphans: ["vm-4411", "vm-4417"],
      refused: [
        { why: "nobody of that name was launched: “edge-99” from 203.0.113.77", count: 1312 },
        { why: "the token was used before, from 203.0.113.20", count: 2 },
      ],
    });
    change(0, { declared: "192.168.7.21:50061", faults: 17 });
    change(1, { state: "lost", silent: 214, load: null, since: ago(3 * MINUTE) });
    const error = "the command create exited with code 1 (quota exceeded for project edge)";
    change(5, { state: "failed", load: null, address: null, id: null, since: ago(2 * MINUTE), error });
  }
  return fleet;
}

function settle(fleet: Living, count: number, age: number) {
  const { plan } = fleet;
  for (let number = 1; number <= count; number += 1) {
    const name = `${plan.name}-${number}`;
    const since = age * (0.1 + 0.9 * chance(name, "age"));
    fleet.instances.push({
      id: idOf(plan.launch, number, name),
      name,
      address: addressOf(plan.launch, number),
      state: "running",
      load: Math.round((plan.load - 0.2 + chance(name, "load") * 0.3) * 100) / 100,
      since: ago(since - 45),
      launched: ago(since),
      silent: chance(name, "silent") * plan.heartbeat,
    });
  }
  fleet.last = count;
  fleet.settled = count;
  fleet.work = count * plan.load * 0.95;
}

/** How it stood; of what was made here nothing is known. */
const past = (fleet: Living, since: string, every: number): FleetSample[] =>
  fleet.settled === 0 ? [] : stood(fleet.plan, fleet.settled, Date.parse(since), every);

/** What was decided in the last day, the newest first. */
function decidedInThePast({ plan, instances }: Living): DecisionStatus[] {
  const [all, pause] = plan.policy === "seed" ? [60, 70] : [34, 35 * MINUTE];
  const victim = instances[0]?.name ?? "";
  let age = 90;
  return Array.from({ length: all }, (_, index) => {
    const number = all - index;
    if (index > 0) age += pause * (0.6 + chance(plan.name, number));
    const grows = number % 2 === 0;
    const off = grows ? 1.15 + chance(plan.name, number, "mean") * 0.3 : 0.6 + chance(plan.name, number) * 0.2;
    const mean = plan.load * off;
    const why = `the mean load is ${percent(mean)}, and should be ${percent(plan.load)}`;
    const without = percent(Math.min(1, mean * 1.5));
    return {
      number,
      at: ago(age),
      change: grows ? 1 : -1,
      instances: instances.length + (grows ? -1 : 1),
      mean,
      says: `1 ${grows ? "more" : "fewer"}: ${why}`,
      reasons: [why],
      rejected: grows ? [] : [`${victim} stays: without it the mean load would be ${without}`],
      victims: grows ? [] : [`${plan.name}-${100 + number}`],
    };
  });
}
