import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axe } from "./axe";
import { clipped, clobbered, staged, wide } from "./stage";

const stage = staged();
let page: Page;

type Table = Record<string, unknown>;

/** The flows in the file. */
const flows = () =>
  page.evaluate(
    () =>
      (
        globalThis as unknown as { mock: { tables(): { flow: Record<string, Table & { step: Table[] }> } } }
      ).mock.tables().flow,
  );
const focused = () =>
  page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.id);
/** The cards of the steps, and what they are called. */
const cards = () => page.locator("li[data-step]");
const names = () => cards().locator(".name").allTextContents();
const card = (name: string) => cards().filter({ has: page.locator(".name", { hasText: new RegExp(`^${name}$`) }) });
const toggle = (name: string) => card(name).getByRole("heading").getByRole("button");
const box = (name: string, label: string) => card(name).getByRole("textbox", { name: label, exact: true });
const choice = (name: string, label: string) => card(name).getByRole("combobox", { name: label, exact: true });
const choose = (kind: string) =>
  page.getByRole("group", { name: "What should the step do?" }).getByRole("button", { name: new RegExp(`^${kind}`) });
const save = () => page.getByRole("button", { name: "Save" });
const flowName = () => page.locator("#f-called");

test("a flow is added step by step, with what it means in words, and is there to be run", async () => {
  page = await stage.open("?world=empty&still#/flows");
  await page.getByText("No flows yet").waitFor();
  await page.getByRole("button", { name: "Add a flow" }).click();
  await page.getByRole("heading", { level: 1, name: "New flow" }).waitFor();
  await flowName().fill("tidy up");
  await page.getByRole("textbox", { name: "Schedule" }).fill("30 4 * * mon-fri");
  await page.getByText("Monday to Friday at 04:30").waitFor();
  await page.getByText(/^Next: (Mon|Tue|Wed|Thu|Fri)/).waitFor();
  // Without a step it is none, which is said where they stand.
  await save().click();
  await page.getByText("a flow needs at least one step").waitFor();
  await choose("Run a command").click();
  await expect.poll(focused).toBe("f-step.%2B1.name");
  await page.keyboard.type("clean");
  await box("clean", "Command").fill("rm -rf ./cache");
  await page.getByText("a flow needs at least one step").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Add a step", exact: true }).click();
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator(":focus").textContent()).toBe("Add a step");
  await page.keyboard.press("Enter");
  await choose("Restart a program").click();
  // There is no program yet, and the way to one loses nothing.
  await card("restart a program").getByRole("link", { name: "Add a program" }).click();
  await page.getByRole("heading", { level: 1, name: "New program" }).waitFor();
  await page.goBack();
  await expect.poll(names).toEqual(["clean", "restart a program"]);
  await toggle("restart a program").click();
  await choice("restart a program", "What it does").selectOption({ label: "Wait" });
  await box("restart a program", "Duration").fill("soon");
  await page.getByText('found "soon"').waitFor();
  expect(await box("restart a program", "Duration").getAttribute("aria-invalid")).toBe("true");
  await box("restart a program", "Duration").fill("10s");
  await box("restart a program", "Name").fill("wait");
  await save().click();
  await page.getByRole("heading", { level: 1, name: "tidy up", exact: true }).waitFor();
  expect(await flows()).toEqual({
    "tidy up": {
      every: "30 4 * * mon-fri",
      step: [
        { name: "clean", run: "rm -rf ./cache" },
        { name: "wait", wait: "10s" },
      ],
    },
  });
  await page.getByRole("button", { name: "Run now" }).click();
  await page.getByRole("link", { name: /^running .* Run 1$/ }).click();
  await page.getByRole("button", { name: /^clean / }).waitFor();
});

test("a step is edited, and all else stays as it stands in the file, known or not", async () => {
  page = await stage.open("?still#/flow/heal%20the%20shop");
  await page.getByRole("button", { name: "Edit" }).click();
  await toggle("clear the cache").click();
  await box("clear the cache", "Command").fill("npm cache verify");
  await box("clear the cache", "First retry after").fill("5s");
  await choice("clear the cache", "Starts after").selectOption({ label: "these steps" });
  await choice("clear the cache", "Effect on the run").selectOption({ label: "the run fails, and this flow is run" });
  await choice("clear the cache", "the run fails, and this flow is run").selectOption("nightly backup");
  // It is offered no flow that it is a step of.
  await toggle("restart").click();
  await choice("restart", "What it does").selectOption({ label: "Run another flow" });
  expect(await choice("restart", "Flow").locator("option").allTextContents()).not.toContain("heal the shop");
  await choice("restart", "What it does").selectOption({ label: "Start a program" });
  await choice("restart", "Program").selectOption("reloj");
  const before = (await flows())["heal the shop"]!;
  await save().click();
  await page.getByRole("heading", { level: 1, name: "heal the shop", exact: true }).waitFor();
  expect((await flows())["heal the shop"]).toEqual({
    ...before,
    step: before.step
      .with(1, {
        ...before.step[1],
        run: "npm cache verify",
        retry: { times: 3, wait: "5s" },
        needs: ["is it really down"],
        on_failure: { flow: "nightly backup" },
      })
      .with(3, { name: "restart", start: "reloj" }),
  });
});

test("steps are put in order by buttons and keys, doubled, taken out and put back, and that is said", async () => {
  page = await stage.open("?still#/edit/flow/nightly%20backup");
  const said = page.getByRole("status");
  await page.getByRole("button", { name: "Move “prune” up" }).click();
  expect(await names()).toEqual(["dump", "prune", "upload"]);
  await said.getByText("“prune” is now step 2 of 3").waitFor();
  await expect.poll(focused).toBe("Move “prune” up");
  await page.keyboard.press("Enter");
  expect(await names()).toEqual(["prune", "dump", "upload"]);
  // It can go no further, and the focus is not lost for that.
  await expect.poll(focused).toBe("Move “prune” down");
  await toggle("prune").focus();
  await page.keyboard.press("Alt+ArrowDown");
  await page.keyboard.press("Alt+ArrowDown");
  expect(await names()).toEqual(["dump", "upload", "prune"]);
  await page.keyboard.press("Alt+ArrowDown");
  await page.keyboard.press("Enter");
  expect(await toggle("prune").getAttribute("aria-expanded")).toBe("true");
  await page.getByRole("button", { name: "Duplicate “dump”" }).click();
  expect(await names()).toEqual(["dump", "dump 2", "upload", "prune"]);
  await page.keyboard.type("dump the rest");
  await page.getByRole("button", { name: "Remove “upload”" }).click();
  await page.getByText("“upload” was removed").first().waitFor();
  await page.keyboard.press("Enter");
  expect(await names()).toEqual(["dump", "dump the rest", "upload", "prune"]);
  await page.getByRole("button", { name: "Remove “dump”" }).click();
  await card("prune").getByRole("button", { name: "Add a step after this one" }).click();
  await choose("Send a message").click();
  await box("send a message", "Message").fill("done");
  await save().click();
  await page.getByRole("heading", { level: 1, name: "nightly backup", exact: true }).waitFor();
  expect((await flows())["nightly backup"]?.step).toEqual([
    { name: "dump the rest", run: "pg_dump --format=custom shop" },
    { name: "upload", run: "rclone copy shop.dump backup:shop" },
    { name: "prune", run: "rclone delete --min-age 30d backup:shop", on_failure: "continue" },
    { name: "send a message", tell: "done" },
  ]);
});

test("what is wrong with a step is shown at its very field, and its card opens for it", async () => {
  page = await stage.open("?still#/edit/flow/release%20the%20shop");
  await page.getByRole("button", { name: "Move “build” up" }).click();
  await toggle("test").click();
  await box("test", "Timeout").fill("soon");
  await page.getByText('found "soon"').waitFor();
  await toggle("test").click();
  await toggle("test").getByText("1 problem").waitFor();
  await toggle("answers again").click();
  await choice("answers again", "What it does").selectOption({ label: "Run another flow" });
  await toggle("answers again").click();
  await save().click();
  await page.getByText("flow must not be empty").waitFor();
  expect(await toggle("answers again").getAttribute("aria-expanded")).toBe("true");
  expect(await choice("answers again", "Flow").getAttribute("aria-invalid")).toBe("true");
  expect(await box("fetch", "Command").count()).toBe(0);
  await toggle("test").click();
  await box("test", "Timeout").fill("20m");
  await choice("answers again", "Flow").selectOption("heal the shop");
  // Who is renamed is followed by those that name it.
  await toggle("install").click();
  await box("install", "Name").fill("install all");
  await card("publish the image").getByText("after “install all”").waitFor();
  await page.getByRole("button", { name: "Remove “fetch”" }).click();
  await save().click();
  await page.getByRole("heading", { level: 1, name: "release the shop", exact: true }).waitFor();
  const { step } = (await flows())["release the shop"]!;
  expect(step.map(({ name, needs }) => [name, needs])).toEqual([
    ["build", "install all"],
    ["install all", undefined],
    ["test", ["install all"]],
    ["publish the image", "install all"],
    ["restart", ["build", "test", "publish the image"]],
    ["answers again", undefined],
    ["tidy up", ["answers again"]],
  ]);
});

test("a step that names one that is gone says so, at the field", async () => {
  page = await stage.open("?still#/edit/flow/heal%20the%20shop");
  await page.getByRole("button", { name: "Remove “is it really down”" }).click();
  await save().click();
  await page.getByText('there is no step "is it really down"').waitFor();
  expect(await toggle("clear the cache").getAttribute("aria-expanded")).toBe("true");
  const looked = card("clear the cache").getByRole("group", { name: "Only if failed" });
  await looked.getByText('there is no step "is it really down"').waitFor();
  await looked.getByRole("button", { name: "Take out “is it really down”" }).click();
  await save().click();
  await page.getByRole("heading", { level: 1, name: "heal the shop", exact: true }).waitFor();
  expect((await flows())["heal the shop"]?.step[0]).not.toHaveProperty("when");
});

test("a flow becomes the remedy of a monitor, is renamed with it, and is removed once nobody names it", async () => {
  page = await stage.open("?still#/edit/monitor/shop");
  await page.getByRole("combobox", { name: "When down: type" }).selectOption({ label: "run the flow" });
  await page.getByLabel("When down", { exact: true }).selectOption("heal the shop");
  await page.getByLabel("Attempts").fill("2");
  await save().click();
  await page.getByRole("heading", { level: 1, name: "shop", exact: true }).waitFor();
  const goTo = (hash: string) => page.evaluate((hash) => (location.hash = hash), hash);
  await goTo("#/edit/flow/heal%20the%20shop");
  await flowName().fill("nightly backup");
  await page.getByText('there is a flow "nightly backup" already').waitFor();
  await flowName().fill("mend the shop");
  await page.getByText('there is a flow "nightly backup" already').waitFor({ state: "detached" });
  await save().click();
  await page.getByRole("heading", { level: 1, name: "mend the shop", exact: true }).waitFor();
  await goTo("#/flows");
  await page.getByRole("link", { name: "mend the shop", exact: true }).waitFor();
  expect(await page.getByRole("link", { name: "heal the shop", exact: true }).count()).toBe(0);
  await goTo("#/edit/monitor/shop");
  expect(await page.getByLabel("When down", { exact: true }).inputValue()).toBe("mend the shop");
  // It cannot be taken from the monitor that needs it.
  await goTo("#/edit/flow/mend%20the%20shop");
  const remove = page.locator("footer").getByRole("button", { name: "Remove" });
  const confirm = page.getByRole("dialog").getByRole("button", { name: "Remove" });
  await remove.click();
  await page.getByText("It will no longer run").waitFor();
  await confirm.click();
  await page.getByText('there is no flow "mend the shop"').waitFor();
  await goTo("#/edit/monitor/shop");
  await page.getByRole("combobox", { name: "When down: type" }).selectOption("");
  await save().click();
  await page.getByRole("heading", { level: 1, name: "shop", exact: true }).waitFor();
  await goTo("#/edit/flow/mend%20the%20shop");
  await remove.click();
  await confirm.click();
  await page.waitForURL(/#\/flows$/);
  await page.getByRole("link", { name: "nightly backup", exact: true }).waitFor();
  await expect.poll(() => page.getByRole("link", { name: "mend the shop", exact: true }).count()).toBe(0);
  expect(await flows()).not.toHaveProperty(["mend the shop"]);
});

test("what was typed into steps outlives its page, and an edit elsewhere", async () => {
  page = await stage.open("?still#/edit/flow/nightly%20backup");
  await toggle("dump").click();
  await box("dump", "Command").fill("pg_dumpall");
  await page.getByRole("link", { name: "Incidents" }).click();
  await page.getByRole("heading", { level: 1, name: "Incidents" }).waitFor();
  await page.goBack();
  await toggle("dump").click();
  expect(await box("dump", "Command").inputValue()).toBe("pg_dumpall");
  await page.evaluate(() => {
    const { mock } = globalThis as unknown as {
      mock: { tables(): { flow: Record<string, Table & { step: Table[] }> }; edit(edits: unknown[]): void };
    };
    const table = mock.tables().flow["nightly backup"]!;
    const step = table.step.with(1, { ...table.step[1], run: "rclone sync shop.dump backup:shop" });
    mock.edit([{ edit: "put", section: "flow", name: "nightly backup", table: { ...table, step } }]);
    dispatchEvent(new Event("focus"));
  });
  await card("upload").getByText("rclone sync").waitFor();
  await page.getByText("The file was changed elsewhere in the meantime.").waitFor();
  expect(await box("dump", "Command").inputValue()).toBe("pg_dumpall");
});

test("who may only steer is offered no form of a flow", async () => {
  page = await stage.open("?still&may=steer#/flows");
  await page.getByRole("link", { name: "nightly backup", exact: true }).click();
  await page.getByRole("button", { name: "Run now" }).waitFor();
  expect(await page.getByRole("button", { name: "Edit" }).count()).toBe(0);
  await page.evaluate(() => (location.hash = "#/flows"));
  await page.getByRole("link", { name: "nightly backup", exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Add a flow" }).count()).toBe(0);
});

test.each([
  ["en", "Add a step", "More", "Options"],
  ["es", "Añadir un paso", "Más", "Opciones"],
])(
  "every kind of step with all that can be said of it is whole and accessible (%s)",
  async (language, add, more, options) => {
    page = await stage.open(`?still&language=${language}#/edit/flow/move%20to%20the%20new%20disk`, {
      reducedMotion: "reduce",
    });
    const kinds = () => page.locator(".kinds li button");
    await cards().first().waitFor();
    for (let kind = 0; kind < 11; kind += 1) {
      await page.getByRole("button", { name: add, exact: true }).click();
      await kinds().nth(kind).click();
    }
    await page
      .locator("details:not([open])", { hasText: new RegExp(`^(${more}|${options})`) })
      .evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
    await page.locator("footer button[type=submit]").click();
    await page.locator(".wrong").first().waitFor();
    await page.getByRole("button", { name: add, exact: true }).click();
    await kinds().first().waitFor();
    const found: string[] = [];
    for (const { width, height, colorScheme } of [
      { width: 1100, height: 720, colorScheme: "light" },
      { width: 700, height: 600, colorScheme: "dark" },
      { width: 420, height: 600, colorScheme: "light" },
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      const all = [...(await axe(page)), ...(await page.evaluate(wide)), ...(await page.evaluate(clipped))];
      found.push(...all.map((what) => `${width} ${colorScheme}: ${what}`));
    }
    expect([...found, ...(await page.evaluate(clobbered))]).toEqual([]);
  },
);
