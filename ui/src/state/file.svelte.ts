import { untrack } from "svelte";
import type { Configuration } from "../contract";
import { Answer } from "./answer.svelte";
import { askConfiguration } from "./ask";
import { live } from "./live.svelte";

/**
 * The configuration file, for as long as a component is there. It is edited elsewhere too: it is read again when the engine
 * tells of something that an edit brings, and when one comes back to this window.
 */
export function configurationFile(): Answer<Configuration> {
  const file = new Answer<Configuration>();
  const refused = $derived(live.world.engine.config_refused);
  const { monitors, programs, flows, fleets } = $derived(live.world);
  const count = $derived(monitors.size + programs.size + flows.size + fleets.size);
  const host = $derived(live.world.host);
  $effect(() => {
    void [refused, count, host];
    untrack(() => void file.ask(askConfiguration));
  });
  $effect(() => {
    const again = () => void file.ask();
    addEventListener("focus", again);
    return () => removeEventListener("focus", again);
  });
  return file;
}
