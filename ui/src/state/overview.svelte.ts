import { SvelteSet } from "svelte/reactivity";
import type { Health } from "../contract";
import type { Sort } from "./listed";

/** How the overview was left: what it showed, in which order, and where one was in it. */
class Left {
  text = $state("");
  sort = $state.raw<Sort>({ by: "broken", descending: false });
  /** The chosen row, by its monitor. */
  active = $state<string | null>(null);
  readonly healths = new SvelteSet<Health>();
  readonly tags = new SvelteSet<string>();
  /** How far it was scrolled, in pixels. */
  top = 0;

  /** Whether some monitors are not shown. */
  get isNarrowed(): boolean {
    return this.text.trim() !== "" || this.healths.size > 0 || this.tags.size > 0;
  }

  showAll() {
    this.text = "";
    this.healths.clear();
    this.tags.clear();
  }
}

/** It outlives the page: whoever comes back finds it as it was. */
export const overview = new Left();
