import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ALERTS, CHANNEL, EMAIL } from "../../src/forms/channel";
import type { Field } from "../../src/forms/fields";
import { FLEET } from "../../src/forms/fleet";
import { FLOW, STEP, STEP_FIELDS } from "../../src/forms/flow";
import { MONITOR } from "../../src/forms/monitor";
import { PROGRAM } from "../../src/forms/program";
import { STATUS_PAGE } from "../../src/forms/statuspage";
import texts from "../../../lang/en.json";
import { fill, places, selectForm } from "../../src/i18n/fill";
import { TEXTS } from "../../src/i18n/texts";

const [en, es] = [(await TEXTS.en()).default, (await TEXTS.es()).default];

test("every text exists in every language, in the same order, with the same places", () => {
  const shape = (catalogue: Record<string, string>) =>
    Object.entries(catalogue).map(([key, text]) => [key, places(text)]);
  expect(shape(es)).toEqual(shape(en));
});

test("no text is empty", () => {
  for (const catalogue of [en, es]) {
    for (const [key, text] of Object.entries(catalogue)) expect(text.trim(), key).not.toBe("");
  }
});

test("three dots stand right behind what goes on", () => {
  for (const catalogue of [en, es])
    for (const [key, text] of Object.entries(catalogue)) expect(text, key).not.toMatch(/ …$/);
});

test("a text of the window that counts has both forms", () => {
  const bases = Object.keys(texts.window).flatMap((key) => key.match(/^(.*)\.(?:one|other)$/)?.[1] ?? []);
  for (const base of bases) {
    expect(en).toHaveProperty([`${base}.one`]);
    expect(en).toHaveProperty([`${base}.other`]);
  }
});

/** The texts and hints of every field and group of every form. */
function ofForms(): Set<string> {
  const forms = [MONITOR, PROGRAM, CHANNEL, EMAIL, ALERTS, STATUS_PAGE, FLOW, FLEET, [STEP.request, ...STEP.more]];
  const found = new Set<string>(forms.flat().map((group) => group.text));
  const field = ({ text, hint, shape }: Field) => {
    found.add(text);
    if (hint) found.add(hint);
    if (shape.is === "rows") shape.fields.forEach(field);
  };
  forms.flat().forEach((group) => group.fields.forEach(field));
  STEP_FIELDS.forEach(field);
  return found;
}

test("every field and group of every form has its text and its hint", () => {
  for (const key of ofForms()) expect(en, key).toHaveProperty([key]);
});

test("every text of the window is used", () => {
  const source = sources(join(import.meta.dirname, "../../src")).join("\n");
  const spoken = ofForms();
  const isUsed = (key: string) => {
    if (spoken.has(key)) return true;
    const base = key.replace(/\.(one|other)$/, "");
    if (source.includes(`"${base}"`)) return true;
    // A family is used by a template with its head: `health.${health}`.
    const heads = base.split(".").map((_, index, parts) => parts.slice(0, index + 1).join("."));
    return (
      heads.some(
        (head) =>
          source.includes(`\`${head}.\${`) ||
          source.includes(`${head}.\${[`) ||
          // So does the shape of a field with its words.
          source.includes(`words: "${head}"`),
      ) || counts(source, base)
    );
  };
  expect(Object.keys(texts.window).filter((key) => !isUsed(key))).toEqual([]);
});

/** `settings.${section}s` makes `settings.monitors`. */
const counts = (source: string, base: string) =>
  base.startsWith("settings.") && source.includes("`settings.${section}s`");

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.(svelte|ts)$/.test(entry.name) ? [readFileSync(path, "utf8")] : [];
  });
}

test("places are filled with values, and with nothing where there is none", () => {
  expect(fill("{a} and {b}{c}", { a: "x", b: 2 })).toBe("x and 2");
  expect(places("{b} {a} {b}")).toEqual(["a", "b", "b"]);
});

test("one is one, all else is several", () => {
  for (const locale of ["en", "es", "es-MX"]) {
    expect([0, 1, 2, 1_000_000].map((count) => selectForm(locale, count))).toEqual(["other", "one", "other", "other"]);
  }
});
