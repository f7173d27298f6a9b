import type { Configuration } from "../contract";
import { Answer } from "./answer.svelte";
import { askConfiguration } from "./ask";
import { clock } from "./clock.svelte";
import { live } from "./live.svelte";
import { endMaintenance, maintain, maintained } from "./maintenance";
import { mayEdit } from "./world";

/** Nobody waits any longer to know it, in milliseconds. */
const PATIENCE_MS = 250;

const file = new Answer<Configuration>();
const known: ReadonlyMap<string, string> = $derived(maintained(file.value, clock.now));

/** Which monitors are in maintenance once, as the file said when that was looked at last. */
export const inMaintenance = {
  /** Each with when that ends. */
  get now() {
    return known;
  },
  /** Looks at the file. */
  async look(): Promise<void> {
    if (!mayEdit(live.world)) return;
    const late = new Promise<void>((done) => setTimeout(done, PATIENCE_MS));
    await Promise.race([file.ask(askConfiguration), late]);
  },
  async begin(names: readonly string[], minutes: number) {
    await maintain(names, minutes);
    await inMaintenance.look();
  },
  async end(names: readonly string[]) {
    await endMaintenance(names);
    await inMaintenance.look();
  },
};
