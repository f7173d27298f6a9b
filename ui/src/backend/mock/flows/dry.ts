import type { FlowPlan } from "../../../contract";
import { needs, type Planned, type Planning } from "./plans";

/** What a run of a flow would do. */
export function dryRun({ name, steps }: Planning): FlowPlan {
  const planned = steps.map((step, place) => ({
    name: step.name,
    does: step.does,
    after: needs(steps, place).map((before) => steps[before]?.name ?? ""),
    when: step.always
      ? "whatever became of those before it"
      : step.heals !== undefined
        ? `if “${steps[step.heals]?.name}” failed`
        : null,
    well: (step.finds ?? []).every(({ well }) => well) || isHandled(steps, place),
    begins: step.heals === undefined,
    findings: step.finds ?? [],
    if_it_fails: ifItFails(steps, place),
  }));
  return { flow: name, well: planned.every(({ well }) => well), steps: planned };
}

/** Whether a step is there for the failure of the one at `place`. */
const isHandled = (steps: readonly Planned[], place: number) => steps.some(({ heals }) => heals === place);

function ifItFails(steps: readonly Planned[], place: number): string[] {
  const said: string[] = [];
  const names = (those: readonly Planned[]) => those.map(({ name }) => `“${name}”`).join(", ");
  if (steps[place]?.fails) said.push("it is tried again up to 3 times, the first time after 8 s");
  if (steps[place]?.always) return [...said, "the run fails"];
  const healing = steps.find(({ heals }) => heals === place);
  if (healing) return [...said, `“${healing.name}” is done, and the run goes on`];
  const waits = steps.filter((step, at) => at !== place && !step.always && dependsOn(steps, at, place));
  said.push(waits.length > 0 ? `the run fails, and ${names(waits)} would be skipped` : "the run fails");
  const undone = steps.slice(0, place).filter(({ undo }) => undo);
  return [...said, ...undone.reverse().map(({ name, undo }) => `“${name}” is undone: ${undo}`)];
}

/** Whether the step at `place` waits for the one at `other`. */
export function dependsOn(steps: readonly Planned[], place: number, other: number): boolean {
  return place === other || needs(steps, place).some((before) => dependsOn(steps, before, other));
}
