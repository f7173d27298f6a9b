import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const css = readFileSync(join(import.meta.dirname, "../../src/design/tokens.css"), "utf8");
const [light = "", dark = ""] = css.split("@media");
const colours = (text: string) => [...text.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(([, name, hex]) => [name, hex]);
const LIGHT = Object.fromEntries(colours(light)) as Record<string, string>;
const DARK = { ...LIGHT, ...Object.fromEntries(colours(dark)) } as Record<string, string>;

/** How light a colour is, as the guidelines for accessible content have it. */
function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function contrast(one = "", other = ""): number {
  const [dim = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
}

test.each([
  ["light", LIGHT],
  ["dark", DARK],
])(
  "in the %s theme what is drawn stands out from every ground by 3 to 1, and what is written by 4.5 to 1",
  (_, theme) => {
    const drawn = Object.keys(theme).filter((name) => /-fill$|^phase-|^chart-/.test(name));
    const written = ["ink", "ink-soft", "accent", "up", "down", "suspect", "recovering", "quiet"];
    const found: string[] = [];
    for (const ground of ["ground", "surface", "raised", "hover", "chosen"]) {
      const check = (name: string, least: number) => {
        const is = contrast(theme[name], theme[ground]);
        if (is < least) found.push(`${name} on ${ground}: ${is.toFixed(2)}`);
      };
      for (const name of drawn) check(name, 3);
      for (const name of written) check(name, 4.5);
    }
    expect(found).toEqual([]);
  },
);
