import { counted, i18n, t } from "../../i18n/i18n.svelte";
import type { Placed, Value, Values } from "../fields";
import { kindNow, type Step, stepName, valueId } from "../steps";

const value = (values: Values, key: string, path: string): Value | undefined =>
  values[valueId(key, { path: path.split(".") })];

const text = (values: Values, key: string, path: string): string => String(value(values, key, path) ?? "").trim();

/** What the step `key` does it to, in a line. */
export function target(values: Values, key: string): string {
  const kind = kindNow(values, key);
  if (kind === "run") {
    const { place, text } = (value(values, key, kind) ?? { place: "shell", text: "" }) as Placed;
    return place === "words" ? text.split("\n").join(" ") : text;
  }
  if (kind === "http") return `${text(values, key, "method")} ${text(values, key, kind)}`.trim();
  return text(values, key, kind).split("\n")[0] ?? "";
}

/** Under which conditions the step `key` of `steps` starts, and what becomes of its failure, as far as that is not the usual. */
export function conditions(values: Values, key: string, steps: readonly Step[]): string[] {
  const called = new Map(steps.map(({ key, name }) => [key, name]));
  const list = (keys: string) => {
    const names = keys.split("\n").map((key) => t("steps.quoted", { name: called.get(key) ?? stepName(key) }));
    return new Intl.ListFormat(i18n.locale, { type: "conjunction" }).format(names);
  };
  const found: string[] = [];
  const needs = value(values, key, "needs") as Placed | undefined;
  if (needs?.place === "steps")
    found.push(needs.text === "" ? t("steps.tag.at_once") : t("steps.tag.after", { steps: list(needs.text) }));
  for (const end of ["failed", "succeeded", "skipped"] as const) {
    const looked = text(values, key, `when.${end}`);
    if (looked !== "") found.push(t(`steps.tag.${end}`, { steps: list(looked) }));
  }
  if (value(values, key, "always") === true) found.push(t("steps.tag.always"));
  const times = Number(text(values, key, "retry.times"));
  if (times > 0) found.push(counted("steps.tag.retry", times));
  const failure = value(values, key, "on_failure") as Placed | undefined;
  if (failure?.place === "continue") found.push(t("steps.tag.continue"));
  if (failure?.place === "flow") found.push(t("steps.tag.flow", { flow: failure.text }));
  const undo = value(values, key, "undo") as Placed | undefined;
  if (undo?.text) found.push(t("steps.tag.undo"));
  return found;
}
