import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axe } from "./axe";
import { staged, wide } from "./stage";

const stage = staged();
let page: Page;

const versions = () => page.locator("section", { has: page.getByRole("heading", { name: "Previous versions" }) });
const told = () => versions().locator("li .what").allTextContents();

test("the last versions of the file are listed with what each changed", async () => {
  page = await stage.open("?still#/settings");
  await versions().getByText("in use").waitFor();
  expect((await told()).map((text) => text.trim())).toEqual([
    "changed: shop",
    "+1 monitor (this machine) · changed: shop",
    "+1 channel (chat)",
    "oldest version kept",
  ]);
});

test("a version is compared with the file and put back, and that is undone", async () => {
  page = await stage.open("?still#/settings", { permissions: ["clipboard-read", "clipboard-write"] });
  await versions().getByRole("button", { name: "Compare" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Putting it back would change this in the file:").waitFor();
  const lines = (kind: string) => dialog.locator(`.line.${kind} .text`).allTextContents();
  expect(await lines("removed")).toEqual(['removed: every = "30s"']);
  expect(await lines("added")).toEqual(['added: every = "5m"']);
  await dialog.getByRole("button", { name: "Copy: the whole version" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("[[monitor]]");
  await dialog.getByRole("button", { name: "Put back" }).click();
  await page.getByText(/The version of .* is in use again/).waitFor();
  expect((await told())[0]?.trim()).toBe("changed: shop");
  const every = () =>
    page.evaluate(() => {
      const { mock } = globalThis as unknown as { mock: { tables(): { monitor: Record<string, unknown>[] } } };
      return mock.tables().monitor.find(({ name }) => name === "shop")?.every;
    });
  expect(await every()).toBe("5m");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Undone", { exact: true }).waitFor();
  expect(await every()).toBe("30s");
});

test("an edit in the window is a version at once", async () => {
  page = await stage.open("?still#/edit/monitor/shop");
  await page.locator("#f-every").fill("45");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("shop was saved").waitFor();
  await page.getByRole("button", { name: "Undo" }).waitFor();
  await page.evaluate(() => (location.hash = "#/settings"));
  await versions().getByText("in use").waitFor();
  expect((await told()).length).toBe(5);
});

test("a monitor is copied as it stands in the file, and as a command of curl", async () => {
  page = await stage.open("?still#/", {
    viewport: { width: 1100, height: 1200 },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const copied = async (choice: string) => {
    const row = page.locator("[role=row][id]", { has: page.getByRole("link", { name: "shop", exact: true }) });
    await row.click({ button: "right" });
    await page.getByRole("menuitem", { name: choice }).click();
    await page.getByText("Copied").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  expect(await copied("Copy as TOML")).toContain('[[monitor]]\nname = "shop"\n');
  expect(await copied("Copy as curl")).toBe(
    "curl 'https://shop.example/cart' \\\n  --location --max-redirs 10 \\\n  --max-time 10",
  );
});

test("the difference is whole and accessible in every width and theme", async () => {
  page = await stage.open("?still#/settings", { reducedMotion: "reduce" });
  await versions().getByRole("button", { name: "Compare" }).last().click();
  await page.getByRole("dialog").getByText("Putting it back").waitFor();
  const found: string[] = [];
  for (const [width, height, colorScheme] of [
    [1100, 720, "light"],
    [1100, 720, "dark"],
    [700, 600, "dark"],
    [550, 360, "light"],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    found.push(...(await axe(page, { within: "dialog[open]" })).map((what) => `${width} ${colorScheme} ${what}`));
    found.push(...(await page.evaluate(wide)));
    const isWide = (dialog: Element) => dialog.scrollWidth > dialog.clientWidth || dialog.clientWidth > innerWidth;
    if (await page.getByRole("dialog").evaluate(isWide)) found.push(`${width}: the dialog is too wide`);
  }
  expect(found).toEqual([]);
});
