import type { ApiError, FleetReplay, FleetSample, OtherRule, Outcome } from "../../../contract";
import { chance } from "../seed";
import type { Plan } from "./tables";

/** In milliseconds. */
export const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** How a fleet stood: more is asked of it by day than by night. */
export function stood(plan: Plan, count: number, since: number, every: number): FleetSample[] {
  const now = Math.floor(Date.now() / MINUTE) * MINUTE;
  const first = Math.ceil(since / every) * every;
  return Array.from({ length: Math.max(0, Math.floor((now - first) / every)) }, (_, index) => {
    const at = first + index * every;
    const demand = demandAt(plan, count, at);
    const running = Math.min(
      plan.max,
      Math.max(plan.min, plan.desired, Math.ceil(demandAt(plan, count, at - 4 * MINUTE) / plan.load)),
    );
    return { at: new Date(at).toISOString(), running, mean: Math.min(1, demand / running) };
  });
}

/** The work that there was, in full instances. */
function demandAt({ name, load }: Plan, count: number, at: number): number {
  const day = 1 + 0.45 * Math.sin((at / DAY) * 2 * Math.PI) + 0.15 * Math.sin((at / DAY) * 14 * Math.PI);
  return count * load * day * (0.92 + 0.16 * chance(name, Math.floor(at / (5 * MINUTE))));
}

/** What `other` would have done, by a rule like the engine's, in fewer words. */
export function replayed(plan: Plan, other: OtherRule, samples: readonly FleetSample[]): FleetReplay {
  const wrong = (message: string): ApiError => ({ code: "wrong", message });
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last)
    throw wrong(
      `nothing is known yet of the load of “${plan.name}” in that time; Estatus notes once a minute how a fleet stands: wait a few minutes while its instances run, or look further back`,
    );
  const { policy, min, desired, max, load } = plan;
  const inForce = { policy, min, desired, max, load };
  const another = {
    policy: other.policy ?? policy,
    min: other.min ?? min,
    desired: other.desired ?? desired,
    max: other.max ?? max,
    load: other.load ?? load,
  };
  if (another.min > another.desired || another.desired > another.max)
    throw wrong(
      `a fleet cannot have min = ${another.min}, desired = ${another.desired} and max = ${another.max}: none may be more than the one after it, and no fleet has more than 100000`,
    );
  const [before, after] = [tried(inForce, samples), tried(another, samples)];
  const was = samples.map(({ running }) => running);
  return {
    from: first.at,
    to: last.at,
    hours: (Date.parse(last.at) - Date.parse(first.at)) / 3_600_000,
    was: outcome(was, samples, load),
    in_force: { ...inForce, outcome: outcome(before, samples, load) },
    other: { ...another, outcome: outcome(after, samples, another.load) },
    course: samples.map(({ at }, index) => ({
      at,
      was: was[index]!,
      in_force: before[index]!,
      other: after[index]!,
    })),
  };
}

type Rule = Pick<Plan, "policy" | "min" | "desired" | "max" | "load">;

function tried({ policy, min, desired, max, load }: Rule, samples: readonly FleetSample[]): number[] {
  let count = samples[0]?.running ?? desired;
  return samples.map(({ running, mean }) => {
    const demand = running * (mean ?? 0);
    const need = Math.ceil(demand / load - 0.05);
    if (policy === "target" && Math.abs(demand / count - load) > 0.1 * load) count = need;
    if (policy === "seed") count += demand / count > load ? 1 : -1;
    if (policy === "manual") count = desired;
    return (count = Math.min(max, Math.max(min, desired, count)));
  });
}

function outcome(counts: readonly number[], samples: readonly FleetSample[], load: number): Outcome {
  const steps = counts.slice(1).map((count, index) => count - counts[index]!);
  const means = samples.map(({ running, mean }, index) => (running * (mean ?? 0)) / counts[index]!);
  const share = (limit: number) => means.filter((mean) => mean > limit).length / Math.max(1, means.length);
  const every = (Date.parse(samples[1]?.at ?? "") - Date.parse(samples[0]?.at ?? "")) / 3_600_000 || 0;
  return {
    launches: steps.reduce((sum, step) => sum + Math.max(0, step), 0),
    removals: steps.reduce((sum, step) => sum + Math.max(0, -step), 0),
    overloaded: share(0.8),
    above: share(load),
    instance_hours: counts.reduce((sum, count) => sum + count, 0) * every,
  };
}
