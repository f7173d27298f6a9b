import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ProgramState } from "../../src/contract";
import { BAND, legend, look, shape } from "../../src/state/strip";

const STATES: (ProgramState | null)[] = [
  "looking",
  "waiting",
  "starting",
  "running",
  "stopping",
  "stopped",
  "finished",
  "backoff",
  "cooling",
  "cannot_start",
  null,
];

test("how a program stood is told by the shape of a bar: each mark has its own, whatever its colour", () => {
  const shapes = new Map(STATES.map((state) => [look(state), JSON.stringify(shape(state))]));
  expect(new Set(shapes.values()).size).toBe(shapes.size);
  const top = (state: ProgramState) => Math.min(...shape(state).map(([top]) => top));
  expect(top("cooling")).toBeLessThan(top("backoff"));
  expect(top("backoff")).toBeLessThan(top("running"));
  for (const [top, height] of STATES.flatMap(shape)) expect(top + height).toBeLessThanOrEqual(BAND);
});

test("what stands in the strip is said beneath it, what wants attention first", () => {
  const past = (["running", "stopped", null, "cooling", "finished", "running"] as const).map((state) => ({ state }));
  expect(legend(past)).toEqual([
    ["down", ["cooling"]],
    ["up", ["running"]],
    ["paused", ["stopped", "finished"]],
    ["unknown", [null]],
  ]);
  expect(legend([])).toEqual([]);
});

test("what is filled stands out from its ground by 3 to 1 at least, by light and by dark", () => {
  const css = readFileSync(join(import.meta.dirname, "../../src/design/tokens.css"), "utf8");
  const themes = css.split("@media (prefers-color-scheme: dark)");
  for (const theme of themes) {
    const colour = (name: string) => luminance(theme.match(new RegExp(`--${name}: (#[0-9a-f]{6})`))?.[1] ?? "");
    for (const name of ["up", "down", "suspect", "recovering", "quiet", "unseen"]) {
      for (const ground of ["surface", "ground"]) {
        const [light, dark] = [colour(`${name}-fill`), colour(ground)].sort((one, other) => other - one);
        expect(((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05), `${name} on ${ground}`).toBeGreaterThanOrEqual(3);
      }
    }
  }
});

/** As WCAG 2 defines it. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
