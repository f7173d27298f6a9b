import type { Health, ProgramState, ProgramStatus, Standing } from "../contract";
import { i18n, t } from "../i18n/i18n.svelte";

/** Whether a program or a fleet wants attention, as the engine sees it: it should run and does not stay up, or something is wrong with it. */
export function troubled({ standing }: { standing: Standing }): boolean {
  return standing === "down" || standing === "doubtful";
}

/** How a program stands, in words; of one that is tried only now and then also when that is next. */
export function standsAs({ state, next_start }: Pick<ProgramStatus, "state" | "next_start">): string {
  const next = next_start ? { at: i18n.format.minute(next_start) } : null;
  if (next && state === "cooling") return t("program.crash_loop", next);
  if (next && state === "cannot_start") return t("program.unable", next);
  return t(`program.${state}`);
}

/** The mark that fits a program's state: the same shapes as for monitors. */
export function mark(state: ProgramState): Health {
  switch (state) {
    case "running":
      return "up";
    case "starting":
    case "stopping":
    case "waiting":
      return "recovering";
    case "backoff":
      return "suspect";
    case "cooling":
    case "cannot_start":
      return "down";
    case "stopped":
    case "finished":
      return "paused";
    case "looking":
      return "unknown";
  }
}

/** Whether it can be stopped: it runs, or is about to. */
export function stoppable(state: ProgramState): boolean {
  return state !== "stopped" && state !== "finished" && state !== "stopping";
}
