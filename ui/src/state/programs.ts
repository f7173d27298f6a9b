import type { ProgramState, ProgramStatus } from "../contract";
import type { Health } from "../contract";

/** Whether `program` wants attention: it should run and does not stay up, or says why it cannot. */
export function troubled({ state, trouble }: ProgramStatus): boolean {
  return state === "cooling" || state === "backoff" || trouble != null;
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
