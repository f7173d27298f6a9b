import { SvelteSet } from "svelte/reactivity";
import type { Standing } from "../contract";
import type { Sort } from "./listed";
import { NONE, type Picked, stretched, toggled, toggledAll } from "./picked";

/** How the overview was left: what it showed, in which order, and where one was in it. */
class Left {
  text = $state("");
  sort = $state.raw<Sort>({ by: "broken", descending: false });
  /** The chosen row, by its monitor. */
  active = $state<string | null>(null);
  readonly standings = new SvelteSet<Standing>();
  readonly tags = new SvelteSet<string>();
  /** The rows that something is to be done with, by their monitors; however the list is ordered or narrowed. */
  picked = $state.raw<Picked>(NONE);
  /** The row that was picked last, from which a stretch of rows is picked. */
  private last: string | null = null;
  /** How far it was scrolled, in pixels. */
  top = 0;

  /** Whether some monitors are not shown. */
  get isNarrowed(): boolean {
    return this.text.trim() !== "" || this.standings.size > 0 || this.tags.size > 0;
  }

  /** Picks the row of `name`, or drops it. */
  pick(name: string) {
    this.picked = toggled(this.picked, name);
    this.last = this.active = name;
  }

  /** Picks all from the row that was picked last, or else the chosen one, to the one of `name`, as `names` are ordered. */
  pickTo(names: readonly string[], name: string) {
    this.last ??= this.active;
    this.picked = stretched(this.picked, names, this.last, name);
    this.active = name;
  }

  /** Picks all of `names`, or drops them if all are picked. */
  pickAll(names: readonly string[]) {
    this.picked = toggledAll(this.picked, names);
  }

  drop() {
    this.picked = NONE;
    this.last = null;
  }

  showAll() {
    this.text = "";
    this.standings.clear();
    this.tags.clear();
  }
}

/** It outlives the page: whoever comes back finds it as it was. */
export const overview = new Left();
