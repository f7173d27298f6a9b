import { askFollow, type Source } from "./ask";

let log = $state.raw<Source | null>(null);
let usage = false;
let asking: Promise<void> | undefined;

/** What the engine tells this window alone: one log at a time, and what programs use. */
export const following = {
  /** Whose log is told. */
  get log() {
    return log;
  },
  /** Has the log of `source` be told from now on, in the place of any other. */
  follow(source: Source): Promise<void> {
    log = source;
    return ask();
  },
  /** Nobody looks at the log of `source` any more. */
  leave(source: Source) {
    if (log !== source) return;
    log = null;
    ask().catch(() => {});
  },
  /** Has be told what programs use, or not. */
  use(wanted: boolean) {
    usage = wanted;
    ask().catch(() => {});
  },
};

/** What changes at once is asked for at once, so that a log is not left after another one was followed. */
function ask(): Promise<void> {
  asking ??= Promise.resolve().then(() => {
    asking = undefined;
    return askFollow(log, usage);
  });
  return asking;
}
