import { i18n, t } from "../i18n/i18n.svelte";
import { edit } from "./edit";
import { carryOut } from "./told.svelte";

/** Checks a monitor now, and tells of it, as all of these. */
export const check = (name: string) => carryOut({ ask: "check_now", monitor: name }, t("done.checked", { name }));

/** Says of its open incident that somebody knows of it. */
export const acknowledge = (name: string) =>
  carryOut({ ask: "acknowledge", monitor: name }, t("done.acknowledged", { name }));

/** No more checks until then, or until they are resumed. */
export const pause = (name: string, until: string | null) =>
  carryOut({ ask: "pause", monitor: name, until }, t("done.paused", { name }));

export const resume = (name: string) => carryOut({ ask: "resume", monitor: name }, t("done.resumed", { name }));

/** No more alerts until then; alerts again if there is no such time. */
export function snooze(name: string, until: string | null) {
  const done = until ? t("done.snoozed", { name, until: i18n.format.moment(until) }) : t("done.unsnoozed", { name });
  return carryOut({ ask: "snooze", monitor: name, until }, done);
}

/** Takes it out of the file. */
export const remove = (name: string) =>
  edit([{ edit: "remove", section: "monitor", name }], t("done.removed", { name }));
