import { t } from "../i18n/i18n.svelte";
import { freeName } from "./survey";
import { edit } from "./edit";

/** A fleet to try: processes of this machine whose loads are set by hand, and that are heard of quickly. */
const TRIAL = { min: 1, desired: 2, max: 6, policy: "target", load: "60%", heartbeat: "2s", launch: "local" };

/** Puts a fleet to try into the file, under a name that none of `fleets` bears; its name, or nothing if that failed. */
export async function tryFleet(fleets: ReadonlyMap<string, unknown>): Promise<string | null> {
  const name = freeName("demo", new Set(fleets.keys()), "-");
  const put = { edit: "put", section: "fleet", name: null, table: TRIAL, called: name } as const;
  return (await edit([put], t("done.saved", { name }))) ? name : null;
}
