import type { Section, Version, VersionChange } from "../contract";
import { counted, type CountedKey, t } from "../i18n/i18n.svelte";

const COUNTED: Record<Section, CountedKey> = {
  monitor: "settings.monitors",
  program: "settings.programs",
  flow: "settings.flows",
  fleet: "settings.fleets",
  channel: "versions.channels",
};

/** What a version changed, in a few words: `+2 monitors (a, b) · changed: shop`. */
export function changesOf({ changes }: Version): string {
  if (!changes) return t("versions.first");
  if (changes.length === 0) return t("versions.layout");
  const all = (change: VersionChange["change"]) => changes.filter((one) => one.change === change);
  const parts = [...all("added").map((one) => `+${words(one)}`), ...all("removed").map((one) => `−${words(one)}`)];
  const changed = all("changed");
  if (changed.length > 0) parts.push(t("versions.changed", { names: changed.map(names).join(", ") }));
  return parts.join(" · ");
}

const words = (change: VersionChange): string => {
  const kind = change.section ? COUNTED[change.section] : "versions.settings";
  return `${counted(kind, change.count)} (${names(change)})`;
};

const names = ({ names, count }: VersionChange): string =>
  [...names, ...(count > names.length ? ["…"] : [])].join(", ");
