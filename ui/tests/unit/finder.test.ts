import { expect, test } from "vitest";
import { type Deed, find, type Find, fold, marked, type Things } from "../../src/state/finder";

let chosen: string[] = [];

const one = (text: string, about = "", isUrgent = false): Find => ({
  id: text,
  text,
  about,
  mark: { icon: "overview" },
  kind: "Monitor",
  isUrgent,
  choose: () => chosen.push(text),
});

const deed = (id: string, called: (name: string) => string, can = true): Deed<string> => ({
  id,
  icon: "play",
  called,
  can: () => can,
  act: (name) => chosen.push(`${id} ${name}`),
});

const monitors = (finds: readonly Find[], deeds: readonly Deed<string>[] = []): Things<string>[] => [
  { all: finds.map((find) => [find.text, find]), deeds },
];

const texts = (
  text: string,
  finds: readonly Find[],
  deeds: readonly Deed<string>[] = [],
  fixed: readonly Find[] = [],
) => find(text, fixed, monitors(finds, deeds), 50).finds.map(({ text }) => text);

const DEEDS = [
  deed("pause", (name) => `Pause ${name}`),
  deed("snooze", (name) => `Snooze ${name} for 1 hour`),
  deed("check", (name) => `Check ${name} now`),
  deed("resume", (name) => `Resume ${name}`, false),
];

test("the best comes first: the whole name, its beginning, a word of it, a part, what it is about, its letters", () => {
  const finds = ["slow-op", "bishop", "my shop", "shopping", "shop"].map((name) => one(name));
  expect(texts("shop", [...finds, one("orders", "https://shop.example/")])).toEqual([
    "shop",
    "shopping",
    "my shop",
    "bishop",
    "orders",
  ]);
  expect(texts("shp", finds)).toEqual(["shop", "my shop", "shopping"]);
  expect(texts("xyz", finds)).toEqual([]);
});

test("all words must fit, in any order, in a name and in what it is about", () => {
  const finds = [one("web port", "127.0.0.1:5173 local dev"), one("database", "127.0.0.1:5432 local")];
  expect(texts("local web", finds)).toEqual(["web port"]);
  expect(texts("5432", finds)).toEqual(["database"]);
  expect(texts("local", finds)).toEqual(["web port", "database"]);
  expect(texts("web nowhere", finds)).toEqual([]);
});

test("upper case and accents are not needed", () => {
  expect(texts("pagina", [one("Página de Ñandú")])).toEqual(["Página de Ñandú"]);
  expect(texts("ÑANDU", [one("Página de ñandú")])).toEqual(["Página de ñandú"]);
});

test("an act is found by its words and the name of what it is done with", () => {
  const finds = [one("shop"), one("portfolio")];
  expect(texts("Pause shop", finds, DEEDS)).toEqual(["Pause shop"]);
  expect(texts("shop pau", finds, DEEDS)).toEqual(["Pause shop"]);
  expect(texts("check now port", finds, DEEDS)).toEqual(["Check portfolio now"]);
  expect(texts("snooze 1 h shop", finds, DEEDS)).toEqual(["Snooze shop for 1 hour"]);
  expect(texts("pause", finds, DEEDS)).toEqual(["Pause shop", "Pause portfolio"]);
  expect(texts("resume shop", finds, DEEDS), "what cannot be done").toEqual([]);
});

test("what can be done with the first of a few is shown with them", () => {
  const acts = ["Pause shop", "Snooze shop for 1 hour", "Check shop now"];
  expect(texts("shop", [one("shop"), one("shop two")], DEEDS)).toEqual(["shop", "shop two", ...acts]);
  const many = Array.from({ length: 20 }, (_, index) => one(`shop ${index}`));
  expect(texts("shop", many, DEEDS)).toHaveLength(20);
});

test("what is chosen is done with the thing that was found", () => {
  chosen = [];
  const { finds } = find("pause shop", [], monitors([one("shop")], DEEDS), 50);
  finds[0]?.choose();
  expect(chosen).toEqual(["pause shop"]);
});

test("of equals what wants attention comes first", () => {
  expect(texts("web", [one("web one"), one("web two", "", true)])).toEqual(["web two", "web one"]);
});

test("an act for all stands beside the acts for each", () => {
  const fixed = [one("Snooze all alerts for 1 hour")];
  expect(texts("snooze all alerts 1 h", [one("shop")], DEEDS, fixed)).toEqual(["Snooze all alerts for 1 hour"]);
});

test("there are at most so many, and it is known how many there would be", () => {
  const finds = Array.from({ length: 200 }, (_, index) => one(`web ${index}`));
  const found = find("web", [], monitors(finds), 50);
  expect([found.finds.length, found.count]).toEqual([50, 200]);
});

test("what was looked for is marked, once for each word", () => {
  expect(marked("Pause shop", "sho pau")).toEqual([
    { text: "Pau", found: true },
    { text: "se ", found: false },
    { text: "sho", found: true },
    { text: "p", found: false },
  ]);
  expect(marked("Página", "pagina")).toEqual([{ text: "Página", found: true }]);
  expect(marked("shop", "")).toEqual([{ text: "shop", found: false }]);
  expect(fold("ÁÉ x")).toBe("ae x");
});
