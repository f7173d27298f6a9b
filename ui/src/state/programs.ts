import type { Health, ProgramState, Standing } from "../contract";

/** Whether a program or a fleet wants attention, as the engine sees it: it should run and does not stay up, or something is wrong with it. */
export function troubled({ standing }: { standing: Standing }): boolean {
  return standing === "down" || standing === "doubtful";
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
