import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What is looked at, and by which rules; all of the page, by all rules, where nothing is said. */
export interface Looked {
  /** What it has to be within, as a selector. */
  within?: string;
  rules?: readonly string[];
}

/** What axe finds in a page as it is drawn now. It is read into the page once, whatever that is asked for afterwards. */
export async function axe(page: Page, { within, rules }: Looked = {}): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(SOURCE);
  const options: RunOptions = { resultTypes: ["violations"], ...(rules && { runOnly: [...rules] }) };
  const { violations } = await page.evaluate(
    ([within, options]) => {
      const { axe } = globalThis as unknown as { axe: { run(of: unknown, options: RunOptions): Promise<AxeResults> } };
      return axe.run(within ?? document, options);
    },
    [within, options] as const,
  );
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((it) => `${String(it.target)} ${it.failureSummary}`).join("; ")}`,
  );
}
