import { expect } from "vitest";
import { axe } from "../axe";
import { clipped, clobbered, type Staged, wide } from "../stage";

/** The address of a page or of a state of it, and a text by which it is known. */
export type PageCase = [address: string, text: string];

/** The window as it opens, beside another, and at 200 %; each theme has its turn, but for colours, which are seen in both. */
export const VIEWS = [
  { width: 1100, height: 720, colorScheme: "light" },
  { width: 700, height: 600, colorScheme: "dark" },
  { width: 550, height: 360, colorScheme: "light" },
] as const;

/** Expects a page to show itself in every width and theme: nothing wide, clipped or clobbered, and nothing that axe finds. */
export async function whole(stage: Staged, address: string, text: string) {
  const page = await stage.look(address);
  const found: string[] = [];
  for (const { width, height, colorScheme } of VIEWS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await page.getByText(text).first().waitFor({ state: "attached" });
    const all = [...(await axe(page)), ...(await page.evaluate(wide)), ...(await page.evaluate(clipped))];
    await page.emulateMedia({ colorScheme: colorScheme === "light" ? "dark" : "light" });
    all.push(...(await axe(page, { rules: COLOURS })).map((what) => `in the other theme ${what}`));
    found.push(...all.map((what) => `${width} ${colorScheme}: ${what}`));
  }
  expect([...found, ...(await page.evaluate(clobbered))]).toEqual([]);
}

/** The rules of axe that a theme can break by itself. */
const COLOURS = ["color-contrast", "link-in-text-block"];
