import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axe } from "./axe";
import { clipped, clobbered, pass, seenAfter, staged, wide } from "./stage";

const stage = staged();
let page: Page;

type Table = Record<string, unknown>;
interface Mock {
  tables(): { fleet?: Record<string, Table> };
}

/** The fleets in the file. */
const fleets = () => page.evaluate(() => (globalThis as unknown as { mock: Mock }).mock.tables().fleet ?? {});
const rows = () => page.locator("[role=row][id]");
const row = (name: string) => rows().filter({ has: page.getByText(name, { exact: true }) });
const names = () => rows().locator(".name b").allTextContents();
const slider = (name: string) => page.getByRole("slider", { name: `Load: ${name}`, exact: true });
const act = (what: string, name: string) => page.getByRole("button", { name: `${what}: ${name}`, exact: true });
const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
/** Until the instances say the loads that were set. */
const said = () => expect.poll(() => rows().locator(".figure.soft").count(), { timeout: 10_000 }).toBe(0);
const save = () => page.getByRole("button", { name: "Save" });

test("whoever has no fleet tries one on this machine, and sees it grow by a slider and shrink again", async () => {
  page = await stage.open("?world=empty&still#/fleets");
  await page.getByText("No fleets yet").waitFor();
  await page.getByRole("button", { name: "Try a fleet on this machine" }).click();
  await page.getByRole("heading", { level: 1, name: "demo", exact: true }).waitFor();
  expect(Object.keys(await fleets())).toEqual(["demo"]);
  expect((await fleets()).demo).toMatchObject({ desired: 2, launch: "local" });
  await row("demo-1").getByText("launching").waitFor();
  await pass(page, 2);
  await row("demo-1").getByText("starting").waitFor();
  await pass(page, 6);
  await row("demo-2").getByText("running").waitFor();
  await page.getByText("Move it above 66% and the fleet grows").waitFor();
  await page.getByRole("slider", { name: "Load of all instances" }).fill("95");
  expect(await slider("demo-1").inputValue()).toBe("95");
  await said();
  await pass(page, 4);
  await row("demo-4").waitFor();
  await page.getByText("2 more: the mean load is 95%, and should be 60%").first().waitFor();
  await page.getByText("2 of 4 running").waitFor();
  await pass(page, 10);
  await row("demo-4").getByText("running").waitFor();
  await page.getByRole("slider", { name: "Load of all instances" }).fill("5");
  expect(await slider("demo-4").inputValue()).toBe("5");
  await said();
  await pass(page, 80);
  await expect.poll(names).toEqual(["demo-3", "demo-4"]);
  await page
    .getByText(/^2 fewer: the mean load is 5%/)
    .first()
    .waitFor();
});

test("the list tells of every fleet how large it is, its load, what was decided and what is wrong", async () => {
  page = await stage.open("?still#/fleets");
  await page.getByRole("heading", { level: 1, name: "1 fleet needs attention" }).waitFor();
  const list = page.getByRole("list", { name: "Fleets" }).getByRole("listitem");
  const [edge, web] = [list.nth(0), list.filter({ has: page.getByRole("link", { name: "web", exact: true }) })];
  await edge.getByText("in trouble").waitFor();
  await edge.getByText("not encrypted").waitFor();
  await edge.getByText(/quota exceeded/).waitFor();
  await web.getByText("2 of 3 running").waitFor();
  await web.getByText("desired: 2, limits: 1–6").waitFor();
  await web.getByText(/^1 more: the mean load is/).waitFor();
  expect(await page.getByRole("link", { name: /^Fleets/ }).textContent()).toMatch(/1\s+needs attention/);
  await web.getByRole("link", { name: "web", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "web", exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/fleets$/);
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.waitForURL(/#\/$/);
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await page.waitForURL(/#\/fleets$/);
});

test("the overview shows how large fleets are, and those first with which something is wrong", async () => {
  page = await stage.open("?still#/");
  const list = page.getByRole("list", { name: "Fleets" }).getByRole("listitem");
  expect(await list.count()).toBe(4);
  await list.nth(0).getByText("4 running · desired: 3").waitFor();
  await list.nth(0).getByText("instances cannot be launched").waitFor();
  await list.nth(1).getByText("2 of 3 running · desired: 2").waitFor();
  expect(await list.nth(3).textContent()).toMatch("2 more fleets");
  await list.nth(0).getByRole("link").click();
  await page.getByRole("heading", { level: 1, name: "edge", exact: true }).waitFor();
  await page.context().close();
  page = await stage.open("?world=example&still#/welcome");
  expect(await page.getByRole("list", { name: "Fleets" }).count()).toBe(0);
});

test("instances are added and removed once one says that it is meant, and protected ones are not removed", async () => {
  page = await stage.open("?still#/fleet/web");
  await row("web-1").waitFor();
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Add an instance: web" }).click();
  await dialog.getByText("It stays until you remove it").waitFor();
  expect(await dialog.getByText("may charge").count()).toBe(0);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect(await rows().count()).toBe(3);
  await page.getByRole("button", { name: "Add an instance: web" }).click();
  await dialog.getByRole("button", { name: "Add an instance" }).click();
  await page.getByText("web-4 is being launched").waitFor();
  await row("web-4").getByText("manual").waitFor();
  await act("Protect", "web-1").click();
  await act("End protection", "web-1").waitFor();
  expect(await act("Remove", "web-1").isDisabled()).toBe(true);
  await act("End protection", "web-1").click();
  await act("Protect", "web-1").waitFor();
  await act("Remove", "web-1").click();
  await dialog.getByText("Remove web-1?").waitFor();
  await dialog.getByText("It finishes what it is doing").waitFor();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await row("web-1").getByText("draining").waitFor();
  await page.getByText("1 fewer: a user wants it").first().waitFor();
  await pass(page, 6);
  await row("web-1").waitFor({ state: "detached" });
});

test("in a cloud an instance may cost something, and one that is missing is launched again: both are said", async () => {
  page = await stage.open("?still#/fleet/edge");
  await row("edge-1").waitFor();
  await page.getByRole("button", { name: "Add an instance: edge" }).click();
  await page.getByRole("dialog").getByText("Your provider may charge for it.").waitFor();
  await page.keyboard.press("Escape");
  expect(await page.getByRole("slider").count()).toBe(0);
  await page.evaluate(() => (location.hash = "#/fleet/lab"));
  await row("lab-1").waitFor();
  await act("Remove", "lab-1").click();
  expect(await page.getByText("so another one is launched").count()).toBe(0);
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await row("lab-1").getByText("draining").waitFor();
  await act("Remove", "lab-2").click();
  await page.getByText("so another one is launched").waitFor();
});

test("what is wrong with a fleet and its instances is shown: orphans, who was refused, and what they declare", async () => {
  page = await stage.open("?still#/fleet/edge");
  await page.getByText("2 instances with the mark of Estatus").waitFor();
  await page.getByText("vm-4411 and vm-4417").waitFor();
  await page.getByText("1,312 ×").waitFor();
  await page.getByText("anyone on the way can read and forge their loads").waitFor();
  await row("edge-1").locator(".address").getByText("declares 192.168.7.21:50061").waitFor();
  await row("edge-1").getByText("17 invalid loads").waitFor();
  await row("edge-2").getByText("lost").waitFor();
  await row("edge-2").getByText("3m 34s").waitFor();
  await row("edge-6")
    .getByText(/quota exceeded/)
    .waitFor();
  await page.evaluate(() => (location.hash = "#/fleet/lab"));
  await page.getByText("This policy never settles").waitFor();
});

test("instances are looked for, narrowed and put in order, and reached by keys", async () => {
  page = await stage.open("?still#/fleet/shop");
  await row("shop-1").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("10.0.0.7");
  await expect.poll(names).toEqual(["shop-3"]);
  await page.keyboard.press("Escape");
  await expect.poll(() => rows().count()).toBe(7);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  expect(await page.locator("[role=row][aria-selected=true] b").textContent()).toBe("shop-3");
  // The way into the row that one is at, and no other, and back.
  await page.keyboard.press("Enter");
  expect(await focused()).toBe("Protect: shop-3");
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Drain: shop-3");
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("Remove: shop-3");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator(":focus").getAttribute("role")).toBe("grid");
  await page.getByRole("button", { name: /^silent/ }).click();
  await expect.poll(names).toEqual(["shop-6"]);
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByRole("columnheader", { name: "State" }).getByRole("button").click();
  expect((await names())[0]).toBe("shop-6");
  await page.getByRole("columnheader", { name: "Load" }).getByRole("button").click();
  const loads = (await rows().locator(".figure").allTextContents()).map((text) => Number.parseInt(text, 10) || -1);
  expect(loads).toEqual(loads.toSorted((one, other) => other - one));
  await page.getByRole("searchbox").fill("nobody");
  await page.getByText("No instance matches.").waitFor();
});

test("a slider is moved by keys, its instance is told, and the load is shown that it says", async () => {
  page = await stage.open("?still#/fleet/web");
  await row("web-1").waitFor();
  await row("web-1").click({ position: { x: 60, y: 10 } });
  await slider("web-1").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => slider("web-1").getAttribute("aria-valuetext")).toBe("1%");
  // The engine's word takes the place of the hand's.
  await said();
  expect(await row("web-1").locator(".figure").textContent()).toBe("1%");
  expect(await row("web-3").getByRole("slider").count()).toBe(0);
});

test("what was decided is listed with its reasons, what was not done, and who was removed", async () => {
  page = await stage.open("?still#/fleet/shop");
  const list = page.getByRole("region", { name: "Decisions" });
  const fewer = list.locator("details").first();
  await fewer.locator("summary").click();
  await fewer.getByText("Not done").waitFor();
  await fewer.getByText(/stays: without it the mean load would be/).waitFor();
  await fewer.getByText(/^Removed: shop-/).waitFor();
  const chart = page.getByRole("img", { name: /mean load .*, target 60%; 1 launched, 0 removed/ });
  await chart.waitFor();
  // A decision that is pointed at in the chart is told beside it.
  const told = page.getByRole("region", { name: /^(Last d|D)ecision$/ });
  await told.getByText(/^1 more: the mean load is/).waitFor();
  await page.getByRole("button", { name: "24 h" }).click();
  await page.getByRole("img", { name: /1[0-9] launched, 1[0-9] removed/ }).waitFor();
  const box = (await page.locator(".u-over").boundingBox())!;
  for (let x = 0; x < box.width && !(await told.getByText(/^1 fewer/).isVisible()); x += 2)
    await page.mouse.move(box.x + x, box.y + 20);
  await told.getByRole("heading", { name: "Decision", exact: true }).waitFor();
  await told.getByText("Not done").waitFor();
});

test("an instance finishes what it does before it goes, once one says that it is meant", async () => {
  page = await stage.open("?still#/fleet/web");
  const dialog = page.getByRole("dialog");
  await act("Drain", "web-1").click();
  await dialog.getByText("however long that takes").waitFor();
  await dialog.getByRole("button", { name: "Drain" }).click();
  await page.getByText("web-1 finishes what it is doing and is then terminated").waitFor();
  await pass(page, 1);
  await row("web-1").getByText("draining").waitFor();
  expect(await act("Drain", "web-1").isDisabled()).toBe(true);
  await act("Protect", "web-2").click();
  await act("End protection", "web-2").waitFor();
  expect(await act("Drain", "web-2").isDisabled()).toBe(true);
});

test("another rule is tried on the past before it is saved, beside what was and what is in use", async () => {
  page = await stage.open("?still#/edit/fleet/shop");
  const replay = page.getByRole("region", { name: "What would have happened" });
  await replay.getByRole("button", { name: "Try it on the past" }).click();
  await replay.getByText("The form says what is in use already").waitFor();
  await replay.getByRole("button", { name: "24 h" }).click();
  await replay.getByText(/^Based on (1d|23h)/).waitFor();
  expect(page.url()).toMatch(/#\/edit\/fleet\/shop$/);
  const cells = (title: string) => replay.getByRole("row", { name: title }).getByRole("cell").allTextContents();
  const before = await cells("Launched");
  expect(before[1]).toBe(before[2]);
  await page.getByLabel("Policy", { exact: true }).selectOption("seed");
  await page.getByText("This policy never settles").waitFor();
  await replay.getByRole("columnheader", { name: "seed" }).waitFor();
  const [was, inUse, seed] = (await cells("Launched")).map(Number);
  expect([was, inUse]).toEqual(before.slice(0, 2).map(Number));
  expect(seed).toBeGreaterThan(inUse!);
  await page.getByLabel("Maximum", { exact: true }).fill("1");
  await replay.getByRole("alert").getByText("min = 2, desired = 3 and max = 1").waitFor();
  await page.getByLabel("Maximum", { exact: true }).fill("many");
  await replay.getByText("Complete the numbers above first.").waitFor();
  expect(await page.evaluate(clobbered)).toEqual([]);
});

test("the load of the day before one looked is drawn, and of what is new nothing can be tried yet", async () => {
  page = await stage.open("?still#/fleet/shop");
  await page.getByRole("button", { name: "24 h" }).click();
  const chart = page.getByRole("img", { name: /^From .* mean load/ });
  // A stretch of a day begins on another date than it ends.
  const days = async () => {
    const label = (await chart.getAttribute("aria-label")) ?? "";
    const [, from, to] = /^From (\d+ \w+).* to (\d+ \w+)/.exec(label) ?? [];
    return from !== undefined && from !== to;
  };
  await expect.poll(days).toBe(true);
  await page.context().close();
  page = await stage.open("?world=empty&still#/fleets");
  await page.getByRole("button", { name: "Try a fleet on this machine" }).click();
  await page
    .getByRole("link", { name: "Edit" })
    .or(page.getByRole("button", { name: "Edit" }))
    .click();
  await page.getByRole("button", { name: "Try it on the past" }).click();
  await page.getByRole("alert").getByText("nothing is known yet of the load of “demo”").waitFor();
});

test("thousands of instances are filtered, sorted and scrolled with the next frame, and only those in view are drawn", async () => {
  page = await stage.open("?fleet=thousands&still#/fleet/web");
  await rows().first().waitFor();
  const filtered = await page.evaluate(seenAfter, { type: ["web", "web-4", "web-49"], scroll: [] });
  for (const { act, names } of filtered) {
    expect(names.length, act).toBeGreaterThan(5);
    expect(names.length, act).toBeLessThan(60);
    expect(names.filter((name) => !act.split(" ").every((word) => name.includes(word)))).toEqual([]);
  }
  const titles = ["Load", "Age", "State", "Instance"];
  const moved = await page.evaluate(seenAfter, { type: [""], sort: titles, scroll: [4_000, 100_000, 200_000] });
  expect(new Set(moved.slice(-3).map(({ names }) => names[0])).size).toBe(3);
  for (const { act, names } of moved) expect(names.length, act).toBeLessThan(60);
});

test("a fleet is added with its form, whatever is wrong with it is said at its field, and it is removed", async () => {
  page = await stage.open("?world=empty&still#/fleets");
  await page.getByRole("button", { name: "Add a fleet" }).click();
  await page.getByRole("heading", { level: 1, name: "New fleet" }).waitFor();
  await page.locator("#f-called").fill("web");
  await page.getByLabel("EC2", { exact: true }).check();
  await page.getByLabel("Region").fill("us-east-1");
  await page.getByLabel("Maximum", { exact: true }).fill("1");
  await page.getByLabel("Desired", { exact: true }).fill("3");
  await save().click();
  await page.getByText("template is missing").waitFor();
  await page.getByText("is more than max, which is 1").waitFor();
  await page.getByLabel("Launch template").fill("lt-0abc");
  await page.getByText("Advanced", { exact: true }).click();
  await page.getByLabel("Template version").fill("7");
  await page.getByLabel("Maximum", { exact: true }).fill("9");
  await page.getByLabel("Target load").fill("55%");
  const access = page.getByRole("combobox", { name: "Credentials: type" });
  await access.selectOption({ label: "an access key" });
  await page.getByLabel("Credentials", { exact: true }).fill("AKIAEXAMPLE");
  await page.getByLabel("Secret of the access key").fill("hunter2");
  await page.getByLabel("Policy", { exact: true }).selectOption({ label: "schedule" });
  const planned = page.getByRole("group", { name: "Schedule" });
  await planned.getByRole("button", { name: "Add" }).click();
  await planned.getByLabel("From").fill("0 8 * * *");
  await planned.getByLabel("Instances").fill("5");
  await save().click();
  await page.getByRole("heading", { level: 1, name: "web", exact: true }).waitFor();
  expect((await fleets()).web).toEqual({
    desired: 3,
    max: 9,
    policy: "schedule",
    load: "55%",
    schedule: { from: "0 8 * * *", desired: 5 },
    ec2: {
      region: "us-east-1",
      template: "lt-0abc",
      version: 7,
      credentials: { id: "AKIAEXAMPLE", secret: { keyring: "fleet-web-secret" } },
    },
  });
  await page.getByRole("button", { name: "Edit" }).click();
  await page.locator("footer").getByRole("button", { name: "Remove" }).click();
  await page.getByText("Its instances keep running").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.waitForURL(/#\/fleets$/);
  await page.getByText("No fleets yet").waitFor();
  expect(await fleets()).toEqual({});
});

test("a fleet is edited, and all else stays as it stands in the file, known or not", async () => {
  page = await stage.open("?still#/fleet/shop");
  const before = (await fleets()).shop;
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Heartbeat", { exact: true }).fill("soon");
  await page.getByText('found "soon"').waitFor();
  await page.getByLabel("Heartbeat", { exact: true }).fill("10s");
  await page.getByRole("combobox", { name: "Credentials: type" }).selectOption({ label: "the role of this machine" });
  await page.getByLabel("Secret of the access key", { exact: true }).waitFor({ state: "detached" });
  await save().click();
  await page.getByText("heartbeat every 10s").waitFor();
  expect((await fleets()).shop).toEqual({
    ...before,
    heartbeat: "10s",
    ec2: { ...(before?.ec2 as Table), credentials: "role" },
  });
});

test("who may only steer adds and removes instances, and is offered no form", async () => {
  page = await stage.open("?still&may=steer#/fleets");
  await page.getByRole("link", { name: "web", exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Add a fleet" }).count()).toBe(0);
  await page.getByRole("link", { name: "web", exact: true }).click();
  await page.getByRole("button", { name: "Add an instance: web" }).waitFor();
  expect(await page.getByRole("button", { name: "Edit" }).count()).toBe(0);
});

test.each([
  ["en", ["local", "command", "ec2", "asg"]],
  ["es", ["local", "command", "ec2", "asg"]],
])("every way to launch with all that can be said of it is whole and accessible (%s)", async (language, ways) => {
  page = await stage.open(`?still&language=${language}#/edit/fleet/shop`, { reducedMotion: "reduce" });
  const found: string[] = [];
  for (const way of ways) {
    await page.locator(`input[type=radio][value=${way}]`).check({ force: true });
    await page.locator("#f-policy").selectOption("schedule");
    await page.locator("details:not([open])").evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
    for (const { width, height, colorScheme } of [
      { width: 1100, height: 720, colorScheme: "light" },
      { width: 420, height: 600, colorScheme: "dark" },
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      const all = [...(await axe(page)), ...(await page.evaluate(wide)), ...(await page.evaluate(clipped))];
      found.push(...all.map((what) => `${way} ${width} ${colorScheme}: ${what}`));
    }
  }
  expect([...found, ...(await page.evaluate(clobbered))]).toEqual([]);
});

test("at 420 px all of a fleet can be read and pressed", async () => {
  page = await stage.open("?still#/fleet/web", { viewport: { width: 420, height: 600 }, reducedMotion: "reduce" });
  const found: string[] = [];
  for (const address of ["#/fleet/web", "#/fleet/edge", "#/fleet/shop", "#/fleets"]) {
    await page.evaluate((address) => (location.hash = address), address);
    await page
      .getByText(address === "#/fleets" ? "in trouble" : "Last decision")
      .first()
      .waitFor();
    if (address !== "#/fleets") await rows().first().waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const all = [...(await axe(page)), ...(await page.evaluate(wide)), ...(await page.evaluate(clipped))];
      found.push(...all.map((what) => `${address} ${colorScheme}: ${what}`));
    }
  }
  expect(found).toEqual([]);
});
