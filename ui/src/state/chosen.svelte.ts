import { backend } from "#backend";
import type { Chosen, FileDialog } from "../backend/backend";
import { reason } from "./ask";
import { go, route } from "./route.svelte";
import { tell } from "./told.svelte";

type Taker = (chosen: Chosen) => void;

let takers: Taker[] = [];
/** What was dropped where nobody took it, for whoever does next. */
let left: Chosen | null = null;
let over = $state(false);

/** Has the person choose a file or a folder; nothing if it is not done. */
export async function choose(dialog: FileDialog): Promise<Chosen | null> {
  try {
    return await backend.choose(dialog);
  } catch (error) {
    tell(reason(error), true);
    return null;
  }
}

/** What is dropped on the window. */
export const dropped = {
  /** Whether something is held over the window that somebody would take. */
  get isAwaited() {
    return over && takers.length > 0;
  },
  /** Has `taker` take what is dropped from now on, until the returned function is called. */
  on(taker: Taker): () => void {
    takers = [...takers, taker];
    if (left) taker(left);
    left = null;
    return () => {
      takers = takers.filter((other) => other !== taker);
    };
  },
  /** Something is held over the window, or no longer. */
  drag(isOver: boolean) {
    over = isOver;
  },
  drop(chosen: Chosen) {
    over = false;
    // Whoever came last is what one sees.
    const taker = takers.at(-1);
    if (taker) return taker(chosen);
    if (route.now.page !== "programs" && route.now.page !== "overview") return;
    left = chosen;
    go({ page: "edit", section: "program", name: null });
  },
};
