import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axe } from "./axe";
import { staged } from "./stage";

const stage = staged();
let page: Page;

const row = (name: string) => page.locator("[role=row][id]", { has: page.getByRole("link", { name, exact: true }) });
const box = (name: string) => row(name).locator(".box");
const button = (name: string) => page.getByRole("button", { name, exact: true });
const heading = (name: string) => page.getByRole("heading", { level: 1, name, exact: true });
const picked = () => page.locator("[role=row].picked a").allTextContents();

/** The monitors that stand in the file, by their names. */
async function inTheFile(): Promise<Record<string, Record<string, unknown>>> {
  const monitors = await page.evaluate(() => {
    const { mock } = globalThis as unknown as { mock: { tables(): { monitor?: Record<string, unknown>[] } } };
    return mock.tables().monitor ?? [];
  });
  return Object.fromEntries(monitors.map((table) => [String(table.name), table]));
}

test("rows are picked by their boxes, by presses with Ctrl and Shift, and by keys, and dropped again", async () => {
  page = await stage.open("?still#/", { viewport: { width: 1100, height: 1200 } });
  await box("shop").click();
  await heading("1 selected").waitFor();
  await row("portfolio")
    .locator(".who")
    .click({ modifiers: ["Control"] });
  await heading("2 selected").waitFor();
  expect(page.url()).toContain("#/");
  expect((await picked()).sort()).toEqual(["portfolio", "shop"]);
  expect(await row("shop").getAttribute("aria-selected")).toBe("true");
  expect(await row("router").getAttribute("aria-selected")).toBe("false");
  await box("shop").click();
  await heading("1 selected").waitFor();
  expect(await row("shop").locator("input").isChecked()).toBe(false);

  // From the one that was pressed last to the one that is pressed with Shift, as the rows are ordered.
  const names = await page.locator("[role=row][id] a").allTextContents();
  await box(names[1]!).click();
  await box(names[4]!).click({ modifiers: ["Shift"] });
  const stretch = names.slice(1, 5);
  expect(await picked()).toEqual(names.filter((name) => stretch.includes(name) || name === "portfolio"));

  await page.keyboard.press("Escape");
  await heading("1 monitor is down").waitFor();
  expect(await picked()).toEqual([]);

  await page.locator("#monitors").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Space");
  await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  await heading("3 selected").waitFor();
  expect(await picked()).toEqual(names.slice(0, 3));
  await page.keyboard.press("Control+a");
  await heading(`${names.length} selected`).waitFor();
  expect(await page.getByRole("checkbox", { name: "Select all" }).isChecked()).toBe(true);
  await page.getByRole("checkbox", { name: "Select all" }).click();
  await heading("1 monitor is down").waitFor();
});

test("what is picked stays so when the list is ordered or narrowed otherwise, and it is said what is not seen", async () => {
  page = await stage.open("?still#/", { viewport: { width: 1100, height: 1200 } });
  await box("shop").click();
  await box("router").click();
  await page.getByRole("button", { name: "Monitor" }).click();
  expect((await picked()).sort()).toEqual(["router", "shop"]);
  await page.locator("#search").fill("shop");
  await page.getByText("1 of them is filtered out").waitFor();
  await page.locator("#search").fill("");
  await page.getByText("filtered out").waitFor({ state: "detached" });
  expect((await picked()).sort()).toEqual(["router", "shop"]);
});

test("several are paused, resumed and snoozed at once", async () => {
  page = await stage.open("?still#/", { viewport: { width: 1100, height: 1200 } });
  await box("shop").click();
  await box("portfolio").click();
  await button("Pause").click();
  await page.getByText("2 monitors are paused").waitFor();
  await row("shop").getByText("paused", { exact: true }).waitFor();
  await row("portfolio").getByText("paused", { exact: true }).waitFor();
  // Who has picked them has more in mind.
  await button("Resume").click();
  await page.getByText("2 monitors are being checked again").waitFor();
  await button("Snooze").click();
  await page.getByRole("menuitem", { name: "For 1 hour" }).click();
  await page.getByText("Alerts for 2 monitors are snoozed until").waitFor();
  await row("shop").getByText("snoozed").waitFor({ state: "attached" });
  await row("shop").locator(".who").click({ button: "right" });
  await page.getByRole("menu", { name: "2 selected" }).waitFor();
  await page.getByRole("menuitem", { name: "End snooze" }).click();
  await page.getByText("Alerts for 2 monitors are on again").waitFor();
});

test("several are given tags in one edit, which is undone and done again", async () => {
  page = await stage.open("?still#/", { viewport: { width: 1100, height: 1200 } });
  const before = await inTheFile();
  for (const name of ["shop", "portfolio", "web port"]) await box(name).click();
  await button("Tags…").click();
  const dialog = page.getByRole("dialog", { name: "Tags of 3 monitors" });
  const tag = (name: string) => dialog.getByRole("checkbox", { name: new RegExp(`^${name}( |$)`) });
  await tag("public").waitFor();
  expect(await tag("public").evaluate((box) => (box as HTMLInputElement).indeterminate)).toBe(true);
  expect(await dialog.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
  expect(await axe(page, { within: "dialog[open]" })).toEqual([]);
  await tag("public").click();
  await tag("money").click();
  await tag("money").click();
  await dialog.getByRole("textbox", { name: "New tag" }).fill("mine");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("3 monitors were changed").waitFor();
  const after = await inTheFile();
  expect(after["shop"]).toEqual({ ...before["shop"], tags: ["web", "public", "mine"] });
  expect(after["portfolio"]).toEqual({ ...before["portfolio"], tags: ["web", "public", "mine"] });
  expect(after["web port"]).toEqual({ ...before["web port"], tags: ["local", "dev", "public", "mine"] });
  await button("Undo").click();
  await page.getByText("Undone", { exact: true }).waitFor();
  expect(await inTheFile()).toEqual(before);
  await button("Redo").click();
  await page.getByText("Done again").waitFor();
  expect(await inTheFile()).toEqual(after);
});

test("several are given channels and an interval, and what is wrong is said where it is asked", async () => {
  page = await stage.open("?still#/", { viewport: { width: 1100, height: 1200 } });
  await box("shop").click();
  await box("portfolio").click();
  await button("Channels…").click();
  const channels = page.getByRole("dialog", { name: "Channels of 2 monitors" });
  await channels.getByRole("radio", { name: "As in the alert settings", checked: true }).waitFor();
  await channels.getByRole("checkbox", { name: "chat" }).click();
  await channels.getByRole("button", { name: "Save" }).click();
  await page.getByText("2 monitors were changed").waitFor();
  expect((await inTheFile())["shop"]).toMatchObject({ channels: ["chat"] });

  await button("Interval…").click();
  const interval = page.getByRole("dialog", { name: "Interval of 2 monitors" });
  await interval.getByLabel("Interval", { exact: true }).fill("soon");
  await interval.getByRole("button", { name: "Save" }).click();
  await interval.getByRole("alert").getByText("portfolio:").waitFor();
  await interval.getByLabel("Interval", { exact: true }).fill("15");
  await interval.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const [shop, portfolio] = await inTheFile().then((all) => [all["shop"], all["portfolio"]]);
  expect([shop?.["every"], portfolio?.["every"]]).toEqual([shop?.["every"], shop?.["every"]]);
  expect(String(shop?.["every"])).toMatch(/^15/);

  await button("Channels…").click();
  await channels.getByRole("radio", { name: "As in the alert settings" }).click();
  await channels.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect((await inTheFile())["shop"]).not.toHaveProperty("channels");
});

test("several are removed once that is confirmed by their names, and are there again when that is undone", async () => {
  page = await stage.open("?still#/", { viewport: { width: 1100, height: 1200 } });
  const before = await inTheFile();
  await box("portfolio").click();
  await box("this machine").click();
  await button("Remove…").click();
  const question = page.getByRole("dialog", { name: "Remove 2 monitors?" });
  await question.getByText("portfolio and this machine will no longer be checked.").waitFor();
  await question.getByRole("button", { name: "Remove" }).click();
  await page.getByText("2 monitors were removed").waitFor();
  await row("portfolio").waitFor({ state: "detached" });
  expect(Object.keys(await inTheFile())).not.toContain("portfolio");
  await heading("1 monitor is down").waitFor();
  await button("Undo").click();
  await row("portfolio").waitFor();
  expect(await inTheFile()).toEqual(before);
});

test("who removes monitors is told which stored secrets stay, and where they can be removed", async () => {
  page = await stage.open("?still#/", { viewport: { width: 1100, height: 1200 } });
  await page.evaluate(() => {
    const { mock } = globalThis as unknown as {
      mock: {
        keep(name: string, value: string): void;
        edit(edits: unknown[]): void;
        tables(): { monitor: { name: string }[] };
      };
    };
    const names = { shop: "shop-token", portfolio: "both", "web port": "both", router: "never-entered" };
    for (const name of ["shop-token", "both"]) mock.keep(name, "hunter2");
    const edits = Object.entries(names).map(([name, keyring]) => {
      const table = mock.tables().monitor.find((table) => table.name === name) ?? { name };
      return { edit: "put", section: "monitor", name, table: { ...table, headers: { "X-Key": { keyring } } } };
    });
    mock.edit(edits);
  });
  /** What is said of secrets where these monitors are about to be removed, once that is known. */
  const said = async (...names: string[]) => {
    for (const name of names) await box(name).click();
    await button("Remove…").click();
    const dialog = page.getByRole("dialog");
    await page.evaluate(() => (globalThis as unknown as { mock: { shown(): Promise<void> } }).mock.shown());
    const text = await dialog.getByRole("status").textContent();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    for (const name of names) await box(name).click();
    return text?.trim();
  };
  expect(await said("shop", "portfolio")).toBe(
    "The secret “shop-token” stays stored, so that this can be undone. You can remove it in Settings, under “Stored secrets”.",
  );
  expect(await said("shop", "portfolio", "web port")).toBe(
    "2 secrets stay stored, so that this can be undone: both and shop-token. You can remove them in Settings, under “Stored secrets”.",
  );
  expect(await said("this machine", "router")).toBe("");
  await row("shop").locator(".who").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByText("The secret “shop-token” stays stored").waitFor();
});

test("an edit is not undone upon what somebody else has made of it since, and the versions are offered", async () => {
  page = await stage.open("?still#/", { viewport: { width: 1100, height: 1200 } });
  await row("portfolio").locator(".who").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("portfolio was removed").waitFor();
  const byHand = (name: string) =>
    page.evaluate((name) => {
      const { mock } = globalThis as unknown as { mock: { edit(edits: unknown[]): void } };
      const table = { name, tcp: "127.0.0.1:1" };
      mock.edit([{ edit: "put", section: "monitor", name: null, table }]);
    }, name);
  await byHand("elsewhere");
  await button("Undo").click();
  await row("portfolio").waitFor();
  expect(Object.keys(await inTheFile())).toContain("elsewhere");

  await row("portfolio").locator(".who").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("portfolio was removed").waitFor();
  await byHand("portfolio");
  await button("Undo").click();
  await page.getByText("was changed again in the meantime").waitFor();
  await button("Show versions").click();
  await page.getByRole("heading", { name: "Previous versions" }).waitFor();
});

test("whoever may only steer is offered nothing that edits", async () => {
  page = await stage.open("?still&may=steer#/", { viewport: { width: 1100, height: 1200 } });
  await box("shop").click();
  await heading("1 selected").waitFor();
  const acts = page.getByRole("toolbar").getByRole("button");
  expect((await acts.allTextContents()).map((text) => text.trim())).toEqual(["Pause", "Snooze"]);
});

test("ten thousand are picked at once, and one more or less is seen at once", async () => {
  page = await stage.open("?monitors=10000&still#/");
  await page.locator("[role=row][id]").first().waitFor();
  await page.keyboard.press("Control+a");
  await heading("10,000 selected").waitFor();
  const seen = await page.evaluate(async () => {
    const frames: [number, string][] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      document.querySelectorAll<HTMLElement>("[role=row][id] .box")[turn]!.click();
      await new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done)));
      const dropped = document.querySelectorAll("[role=row][id]:not(.picked)").length;
      frames.push([dropped, document.querySelector("h1")?.textContent?.trim() ?? ""]);
    }
    return frames;
  });
  expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((count) => [count, `9,99${10 - count} selected`]));
});

test("what can be done with several is whole and accessible in every width and theme", async () => {
  page = await stage.open("?still#/", { reducedMotion: "reduce" });
  await page.keyboard.press("Control+a");
  const found: string[] = [];
  for (const [width, height, colorScheme] of [
    [1100, 720, "light"],
    [1100, 720, "dark"],
    [700, 600, "dark"],
    [550, 360, "light"],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    found.push(...(await axe(page)).map((what) => `${width} ${colorScheme} ${what}`));
    const acts = page.getByRole("toolbar").getByRole("button");
    for (const act of await acts.all()) {
      const size = await act.boundingBox();
      if (!size || size.height < 24 || size.x + size.width > width) found.push(`${width}: ${await act.textContent()}`);
    }
  }
  expect(found).toEqual([]);
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Interval…" }).waitFor();
});
