import { backend } from "#backend";
import type { ReportFormat } from "../contract";
import { t } from "../i18n/i18n.svelte";
import { askReport, reason } from "./ask";
import { tell } from "./told.svelte";

/** So many months are offered; those before are had on the command line. */
const MONTHS = 13;

/** The months up to that of `now`, the newest first, like `2026-11`. */
export function months(now: Date): string[] {
  return Array.from({ length: MONTHS }, (_, before) => {
    const month = new Date(now.getFullYear(), now.getMonth() - before, 1);
    return `${month.getFullYear()}-${String(month.getMonth() + 1).padStart(2, "0")}`;
  });
}

/** By this mark at the beginning a spreadsheet knows that a table is in UTF-8. */
const MARK = "\uFEFF";

/** Saves the report of `month` as a file and tells of it; whether it could. */
export async function saveReport(month: string, format: ReportFormat): Promise<boolean> {
  try {
    const { name, text } = await askReport({ of: month }, format);
    const place = await backend.save(
      name,
      (async function* () {
        yield format === "html" || format === "json" ? text : MARK + text;
      })(),
    );
    tell(t("log.saved", { place }));
    return true;
  } catch (error) {
    tell(reason(error), true);
    return false;
  }
}
