import { t } from "../i18n/i18n.svelte";
import { askEdit, reason } from "./ask";
import { freeName } from "./survey";
import { tell } from "./told.svelte";

/** A fleet to try: processes of this machine whose loads are set by hand, and that are heard of quickly. */
const TRIAL = { min: 1, desired: 2, max: 6, policy: "target", load: "60%", heartbeat: "2s", launch: "local" };

/** Puts a fleet to try into the file, under a name that none of `fleets` bears; its name, or nothing if that failed. */
export async function tryFleet(fleets: ReadonlyMap<string, unknown>): Promise<string | null> {
  const name = freeName("demo", new Set(fleets.keys()), "-");
  try {
    const [problem] = await askEdit([{ edit: "put", section: "fleet", name: null, table: TRIAL, called: name }], true);
    if (problem) throw problem;
    tell(t("done.saved", { name }));
    return name;
  } catch (error) {
    tell(reason(error), true);
    return null;
  }
}
