import { backend } from "#backend";
import { expect, test, vi } from "vitest";
import type { Configuration, Reply, Request } from "../../src/contract";
import { NONE, type Picked, share, stretched, toggled, toggledAll } from "../../src/state/picked";
import { changeAll, listing, removing, retagged, settingAll, tablesOf } from "../../src/state/several";

vi.stubGlobal("navigator", { language: "en" });

const NAMES = ["a", "b", "c", "d", "e"];
const all = (picked: Picked) => [...picked].sort().join(" ");

test("a row is picked and dropped", () => {
  const one = toggled(NONE, "b");
  expect(all(one)).toBe("b");
  expect(all(toggled(toggled(one, "d"), "b"))).toBe("d");
  expect(all(NONE)).toBe("");
});

test("a stretch is picked up or down, beside what is picked already", () => {
  expect(all(stretched(NONE, NAMES, "b", "d"))).toBe("b c d");
  expect(all(stretched(new Set(["e"]), NAMES, "c", "a"))).toBe("a b c e");
  expect(all(stretched(NONE, NAMES, null, "c"))).toBe("c");
  // Where the first is not among the rows any more, the last is picked alone.
  expect(all(stretched(NONE, NAMES, "gone", "c"))).toBe("c");
  expect(all(stretched(new Set(["e"]), NAMES, "b", "gone"))).toBe("e");
});

test("all rows are picked, and dropped if they were, beside those that are not shown", () => {
  const hidden = new Set(["hidden", "a"]);
  expect(all(toggledAll(hidden, NAMES))).toBe("a b c d e hidden");
  expect(all(toggledAll(toggledAll(hidden, NAMES), NAMES))).toBe("hidden");
  expect([share(NONE, NAMES), share(hidden, NAMES), share(toggledAll(NONE, NAMES), NAMES)]).toEqual([
    "none",
    "some",
    "all",
  ]);
  expect(share(NONE, [])).toBe("none");
});

const TABLES = [
  { name: "a", tcp: "h:1", tags: ["web"], every: "1m" },
  { name: "b", tcp: "h:2", tags: "web" },
  { name: "c", tcp: "h:3" },
];

test("each table that is to say something else is put into the file as a whole, and no other", () => {
  expect(settingAll(TABLES, "every", () => "1m")).toEqual([
    { edit: "put", section: "monitor", name: "b", table: { ...TABLES[1], every: "1m" } },
    { edit: "put", section: "monitor", name: "c", table: { ...TABLES[2], every: "1m" } },
  ]);
  expect(settingAll(TABLES, "every", () => undefined)).toEqual([
    { edit: "put", section: "monitor", name: "a", table: { name: "a", tcp: "h:1", tags: ["web"] } },
  ]);
});

test("what was changed in the file since the monitors were looked at stays", async () => {
  const asked: Request[] = [];
  const now = [{ ...TABLES[0], tcp: "moved:1" }, ...TABLES.slice(1)];
  const request = vi.spyOn(backend, "request").mockImplementation(async (request): Promise<Reply> => {
    asked.push(request);
    if (request.request === "configuration")
      return { reply: "configuration", of: { file: "", tables: { monitor: now }, problems: [] } };
    return { reply: "edited", of: { problems: [], version: 7 } };
  });
  const change = (every: string) => changeAll(new Set(["a"]), (tables) => settingAll(tables, "every", () => every));
  const { edited, count } = await change("5m");
  expect([edited.version, count]).toEqual([7, 1]);
  const table = { name: "a", tcp: "moved:1", tags: ["web"], every: "5m" };
  const edits = [{ edit: "put", section: "monitor", name: "a", table }];
  expect(asked.at(-1)).toEqual({ request: "edit", of: { edits, save: true } });
  // Somebody else has done it already.
  expect((await change("1m")).count).toBe(0);
  expect(asked.at(-1)?.request).toBe("configuration");
  request.mockRestore();
});

test("tags are added and taken away, and those that nobody has touched stay", () => {
  const wanted = new Map([
    ["web", false],
    ["new", true],
  ]);
  expect(retagged(["web", "old"], wanted)).toEqual(["old", "new"]);
  expect(retagged("web", new Map([["web", false]]))).toBeUndefined();
  expect(retagged(undefined, new Map([["web", false]]))).toBeUndefined();
  expect(retagged(["new"], wanted)).toEqual(["new"]);
});

test("the tables of what is picked come in the order of the file, whatever else is picked", () => {
  const configuration = { file: "", problems: [], tables: { monitor: TABLES } } satisfies Configuration;
  expect(tablesOf(configuration, new Set(["c", "a", "gone"])).map(({ name }) => name)).toEqual(["a", "c"]);
  expect(tablesOf({ ...configuration, tables: {} }, new Set(["a"]))).toEqual([]);
  expect(removing(["a", "c"])).toEqual([
    { edit: "remove", section: "monitor", name: "a" },
    { edit: "remove", section: "monitor", name: "c" },
  ]);
});

test("many names are listed as the first and how many more", () => {
  const join = (names: string[]) => names.join(", ");
  expect(listing(NAMES, 5, join)).toBe("a, b, c, d, e");
  // One more than is told takes no more room than its count.
  expect(listing(NAMES, 4, join)).toBe("a, b, c, d, e");
  expect(listing(NAMES, 2, join)).toBe("a, b, 3 more");
});
