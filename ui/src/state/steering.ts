import { t } from "../i18n/i18n.svelte";
import { carryOut } from "./told.svelte";

/** Starts a program, and tells of it, as all of these. */
export const start = (name: string) => carryOut({ ask: "start_program", program: name }, t("done.started", { name }));

/** Stops it until it is started again. */
export const stop = (name: string) => carryOut({ ask: "stop_program", program: name }, t("done.stopped", { name }));

export const restart = (name: string) =>
  carryOut({ ask: "restart_program", program: name }, t("done.restarted", { name }));
