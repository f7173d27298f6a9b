import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { seenAfter, staged } from "./stage";

const stage = staged();
let page: Page;

const rows = () => page.locator("[role=row][id]");
const focused = () => page.evaluate(() => document.activeElement?.id);

test("keys search, move, open and come back", async () => {
  page = await stage.open("?still");
  await rows().first().waitFor();
  await page.keyboard.press("/");
  await expect.poll(focused).toBe("search");
  await page.keyboard.type("example");
  await page.keyboard.press("Enter");
  await expect.poll(focused).toBe("monitors");
  await page.keyboard.press("j");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("k");
  const name = await page.locator("[role=row][aria-selected=true] a").textContent();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: name ?? "" }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/$/);
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.waitForURL(/#\/incidents$/);
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("Show shortcuts").waitFor();
});

test("marks and columns narrow and order the rows", async () => {
  page = await stage.open("?still");
  await rows().first().waitFor();
  await page.getByRole("button", { name: "money" }).click();
  expect(await rows().count()).toBe(2);
  await page.getByRole("button", { name: /^down/ }).click();
  expect(await rows().locator("a").allTextContents()).toEqual(["shop"]);
  await page.getByRole("button", { name: "money" }).click();
  await page.getByRole("button", { name: /^down/ }).click();
  await page.getByRole("button", { name: "Monitor", exact: true }).click();
  expect(await rows().first().locator("a").textContent()).toBe("database");
  await page.getByRole("searchbox").fill("no such thing");
  await page.getByText("No monitor matches").waitFor();
});

test("a file that takes everything away is put in force once one says that it is meant", async () => {
  page = await stage.open("?still&file=emptied#/settings");
  const meant = page.getByRole("button", { name: "This is intended" });
  const apply = page.getByRole("button", { name: "Apply the empty file" });
  await meant.click();
  await page.getByText("All programs will be stopped").waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await meant.click();
  await apply.click();
  await page.getByText("The file is now in use").waitFor();
  await meant.waitFor({ state: "detached" });
});

test("where there is little room the titles of the columns are there, sort, and the health of a row is said", async () => {
  page = await stage.open("?still", { viewport: { width: 550, height: 500 } });
  await rows().first().waitFor();
  const name = page.getByRole("columnheader", { name: "Monitor" });
  expect(await name.isVisible()).toBe(true);
  await name.getByRole("button").click();
  expect(await name.getAttribute("aria-sort")).toBe("ascending");
  expect(await rows().first().locator("a").textContent()).toBe("database");
  await page.getByRole("columnheader", { name: "Health" }).getByRole("button").click();
  expect(await rows().first().locator("a").textContent()).toBe("shop");
  await page.getByRole("row", { name: /^down shop/ }).waitFor();
  await page.getByRole("button", { name: "Snooze alerts" }).click();
  await page.getByRole("menuitem", { name: "1 hour" }).click();
  await page.getByRole("button", { name: "Alerts snoozed" }).waitFor();
});

test("ten thousand monitors are filtered and scrolled with the next frame, and only those in view are drawn", async () => {
  page = await stage.open("?monitors=10000&still");
  await rows().first().waitFor();
  const filtered = await page.evaluate(seenAfter, { type: ["http", "http 0", "http 099"], scroll: [] });
  for (const { act, names } of filtered) {
    expect(names.length, act).toBeGreaterThan(5);
    expect(names.length, act).toBeLessThan(60);
    expect(names.filter((name) => !act.split(" ").every((word) => name.includes(word)))).toEqual([]);
  }
  const scrolled = await page.evaluate(seenAfter, { type: [""], scroll: [4_000, 200_000, 400_000, 0] });
  expect(new Set(scrolled.slice(1).map(({ names }) => names[0])).size).toBe(4);
  for (const { act, names } of scrolled) expect(names.length, act).toBeLessThan(60);
});

test("what happens meanwhile takes nobody's focus, place or words away", async () => {
  page = await stage.open("?still");
  await rows().first().waitFor();
  const tick = (health: "up" | "down") =>
    page.evaluate((health) => {
      const standing = health === "up" ? "well" : "down";
      const { mock } = globalThis as unknown as { mock: { tell(event: unknown): void; monitors: Map<string, object> } };
      for (const monitor of mock.monitors.values())
        mock.tell({ event: "monitor", of: { ...monitor, health, standing } });
    }, health);
  await page.getByRole("searchbox").fill("a");
  await page.keyboard.press("Enter");
  await page.keyboard.press("j");
  const selected = () => page.locator("[role=row][aria-selected=true] a").textContent();
  const name = await selected();
  await tick("down");
  await page.getByText("13 monitors are down").waitFor();
  expect([await focused(), await selected()]).toEqual(["monitors", name]);
  await page.getByRole("searchbox").focus();
  await tick("up");
  await page.getByText("Everything is OK").waitFor();
  expect([await focused(), await page.getByRole("searchbox").inputValue()]).toEqual(["search", "a"]);
  await page.evaluate(() => (location.hash = "#/edit/monitor/shop"));
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("shop two");
  await tick("down");
  expect(await page.getByRole("textbox", { name: "Name", exact: true }).inputValue()).toBe("shop two");
});

test("a form says what is wrong while one types, beside its field, and saves what is right", async () => {
  page = await stage.open("?still#/new/monitor");
  await page.getByLabel("Address").fill("example");
  await page.getByText('expected a URL like "https://example.com/"').waitFor();
  expect(await page.getByLabel("Address").getAttribute("aria-invalid")).toBe("true");
  await page.getByLabel("Address").fill("https://example.com/");
  const every = page.getByLabel("Interval", { exact: true });
  await every.fill("soon");
  await page.getByText('expected a duration like "5m", found "soon"').waitFor();
  await every.fill("5m");
  await page.getByText('expected a duration like "5m", found "soon"').waitFor({ state: "detached" });
  const name = page.getByRole("textbox", { name: "Name", exact: true });
  await name.fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("a name must not be empty").waitFor();
  await expect.poll(focused).toBe("f-name");
  await name.fill("example");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "example", exact: true }).waitFor();
});

test("a monitor takes its name from its address until it is given one, and a number its unit from beside it", async () => {
  page = await stage.open("?still#/new/monitor");
  const name = page.getByRole("textbox", { name: "Name", exact: true });
  const every = page.getByLabel("Interval", { exact: true });
  const unit = page.getByLabel("Interval: unit");
  await page.getByLabel("Address").fill("https://example.com/shop");
  expect(await name.inputValue()).toBe("example.com/shop");
  await name.fill("mine");
  await page.getByLabel("Address").fill("https://example.com/");
  expect(await name.inputValue()).toBe("mine");
  expect([await unit.inputValue(), await page.getByText("Default: 1 min").count()]).toEqual(["m", 1]);
  await every.fill("2h");
  await every.blur();
  expect([await every.inputValue(), await unit.inputValue()]).toEqual(["2", "h"]);
  await unit.selectOption("d");
  // What few need is there for whoever asks, and is found where it is wrong.
  expect(await page.getByLabel("Timeout", { exact: true }).isVisible()).toBe(false);
  await page.getByText("Advanced", { exact: true }).click();
  await page.getByLabel("Timeout", { exact: true }).fill("soon");
  await page.getByText("Advanced", { exact: true }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText('found "soon"').waitFor();
  await page.getByLabel("Timeout", { exact: true }).fill("3s");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "mine", exact: true }).waitFor();
  await page.getByRole("button", { name: "Edit" }).click();
  expect([await every.inputValue(), await unit.inputValue()]).toEqual(["2", "d"]);
  expect(await page.getByLabel("Timeout", { exact: true }).isVisible()).toBe(true);
});

test("a form offers what its platform has", async () => {
  const signals = () => page.getByLabel("Signal", { exact: true }).count();
  const example = () => page.getByLabel("Folder", { exact: true }).getAttribute("placeholder");
  page = await stage.open("?still#/new/program");
  await page.getByLabel("Folder", { exact: true }).waitFor();
  expect([await signals(), await example()]).toEqual([1, "e.g. ~/web"]);
  await page.context().close();
  page = await stage.open("?still&platform=windows#/new/program");
  await page.getByLabel("Folder", { exact: true }).waitFor();
  expect([await signals(), await example()]).toEqual([0, "e.g. D:\\projects\\web"]);
});

test("what was typed is there again when one comes back, until it is given up", async () => {
  page = await stage.open("?still#/edit/monitor/shop");
  const every = page.getByLabel("Interval", { exact: true });
  await every.fill("45s");
  await page.getByRole("link", { name: "Incidents" }).click();
  await page.getByRole("heading", { level: 1, name: "Incidents" }).waitFor();
  await page.goBack();
  expect(await every.inputValue()).toBe("45");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.goBack();
  await every.waitFor();
  expect(await every.inputValue()).toBe("30");
});

test("settings keep what was typed when one leaves, saves another part, or the file is changed elsewhere", async () => {
  page = await stage.open("?still#/settings");
  const port = page.getByLabel("Port", { exact: true });
  await port.fill("2525");
  await page.getByText("Unsaved changes").first().waitFor();
  await page.getByRole("link", { name: /Incidents/ }).click();
  await page.getByRole("link", { name: /Settings.*Unsaved changes/ }).click();
  await expect.poll(() => port.inputValue()).toBe("2525");
  // Another part is saved.
  await page.getByLabel("Remind every", { exact: true }).fill("6h");
  const alerts = page.locator("form", { has: page.getByLabel("Remind every", { exact: true }) });
  await alerts.getByRole("button", { name: "Save" }).click();
  await page.getByText("The settings were saved").waitFor();
  expect([await port.inputValue(), await page.getByLabel("Remind every", { exact: true }).inputValue()]).toEqual([
    "2525",
    "6",
  ]);
  // The file is edited elsewhere: what was not typed follows it, what was is kept, and both are said.
  const elsewhere = (path: string[], value: unknown) =>
    page.evaluate(
      ([path, value]) => {
        const { mock } = globalThis as unknown as { mock: { edit(edits: unknown[]): void } };
        mock.edit([{ edit: "set", path, value }]);
        dispatchEvent(new Event("focus"));
      },
      [path, value] as const,
    );
  await elsewhere(["email", "server"], "mail.example.com");
  await expect.poll(() => page.getByLabel("Server", { exact: true }).inputValue()).toBe("mail.example.com");
  expect(await port.inputValue()).toBe("2525");
  await page.getByText("The file was changed elsewhere in the meantime.").waitFor();
  await elsewhere(["email", "port"], 465);
  await page.getByText("Now in the file: 465").waitFor();
  expect(await port.inputValue()).toBe("2525");
  const mail = page.locator("form", { has: port });
  await mail.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => page.getByText("Unsaved changes").count()).toBe(0);
  await port.fill("26");
  await mail.getByRole("button", { name: "Discard changes" }).click();
  expect(await port.inputValue()).toBe("2525");
});

test("what is edited elsewhere after one began is neither lost nor overwritten unseen", async () => {
  page = await stage.open("?still#/edit/monitor/shop");
  await page.getByLabel("Interval", { exact: true }).fill("45s");
  const put = (table: object | null) =>
    page.evaluate((table) => {
      const { mock } = globalThis as unknown as { mock: { edit(edits: unknown[]): void } };
      const edit = { edit: table ? "put" : "remove", section: "monitor", name: "shop", table };
      mock.edit([edit]);
    }, table);
  await put({ name: "shop", http: "https://shop.example/cart", every: "20s", timeout: "3s" });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Now in the file: 20s").waitFor();
  expect(await page.getByLabel("Timeout", { exact: true }).first().inputValue()).toBe("3");
  expect(await page.getByLabel("Interval", { exact: true }).inputValue()).toBe("45");
  await put(null);
  await page.getByText("This was removed from the file in the meantime.").waitFor();
  expect(await page.getByLabel("Address").inputValue()).toBe("https://shop.example/cart");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 1, name: "shop", exact: true }).waitFor();
  await page.getByRole("button", { name: "Edit" }).click();
  expect(await page.getByLabel("Interval", { exact: true }).inputValue()).toBe("45");
});

test("what is watched already is not watched twice", async () => {
  page = await stage.open("?still#/welcome");
  const item = (text: string) => page.locator("li", { hasText: text }).first();
  await item("node_modules/.bin/vite").getByRole("link", { name: "Watched as web port" }).waitFor();
  await item("postgres").getByRole("link", { name: "Watched as database" }).waitFor();
  expect(await item("postgres").getByRole("button").count()).toBe(0);
  const ssh = item("/usr/sbin/sshd");
  await ssh.getByRole("button", { name: "Watch" }).click();
  await ssh.getByRole("link", { name: "Watched as sshd 22" }).waitFor();
  await page.reload();
  await ssh.getByRole("button", { name: "Watch: sshd 22" }).click();
  await page.evaluate(() => (location.hash = "#/settings"));
  await page.evaluate(() => (location.hash = "#/welcome"));
  await ssh.getByRole("link", { name: "Watched as sshd 22" }).click();
  await page.getByRole("heading", { level: 1, name: "sshd 22", exact: true }).waitFor();
  await page.goBack();
  // A program is made of what is watched: its monitor heals it from now on, and there is no second one.
  const api = item("uvicorn");
  await api.getByRole("button", { name: "Watch: python3 8000" }).click();
  await api.getByRole("link", { name: "Watched as python3 8000" }).waitFor();
  await api.getByRole("button", { name: "Keep running: python3 8000" }).click();
  await api.getByText("program python3").waitFor();
  await page.getByLabel("Page, address, port or process").fill("https://SHOP.example/cart");
  await page.getByRole("link", { name: "Watched as shop" }).waitFor();
  await page.keyboard.press("Enter");
  await page.evaluate(() => (location.hash = "#/edit/monitor/python3%208000"));
  await page.getByLabel("Attempts").waitFor();
  await page.getByRole("link", { name: "Overview" }).first().click();
  await rows().first().waitFor();
  const names = await rows().locator("a").allTextContents();
  expect(
    names.filter((name) => name.startsWith("python3") || name.startsWith("sshd") || name.includes("shop.")),
  ).toEqual(["sshd 22", "python3 8000"]);
});

test("who comes back to the overview finds it as it was left, on the row that led away", async () => {
  page = await stage.open("?monitors=10000&still");
  await rows().first().waitFor();
  await page.getByRole("searchbox").fill("http");
  await page.getByRole("button", { name: "Monitor", exact: true }).click();
  const box = page.locator(".rows");
  await box.evaluate((box) => (box.scrollTop = 50_000));
  await page.getByRole("link", { name: "http 06529" }).click();
  await page.getByRole("heading", { level: 1, name: "http 06529" }).waitFor();
  const back = page.getByRole("main").getByRole("link", { name: "Overview" });
  for (const leave of [() => page.goBack(), () => page.keyboard.press("Escape"), () => back.click()]) {
    await leave();
    await rows().first().waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("http");
    expect(await box.evaluate((box) => box.scrollTop)).toBe(50_000);
    expect(await page.locator("[role=row][aria-selected=true] a").textContent()).toBe("http 06529");
    expect(await focused()).toBe("monitors");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "http 06529" }).waitFor();
  }
  await back.click();
  await page.getByRole("button", { name: "Show all" }).click();
  expect(await page.getByRole("searchbox").inputValue()).toBe("");
});

test("from a monitor one comes back to what led there", async () => {
  page = await stage.open("?still#/incident/214");
  await page.getByRole("main").getByRole("heading", { level: 2 }).getByRole("link").click();
  const back = page.getByRole("main").getByRole("link", { name: "Incident 214" });
  await back.waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/incident\/214$/);
});

test("another kind shows its own fields, and the remedy those that it needs", async () => {
  page = await stage.open("?still#/new/monitor");
  await page.getByText("Port", { exact: true }).click();
  await page.getByLabel("Host and port").waitFor();
  expect(await page.getByLabel("Address").count()).toBe(0);
  expect(await page.getByLabel("Attempts").count()).toBe(0);
  await page.getByRole("combobox", { name: "When down: type" }).selectOption({ label: "restart the program" });
  await page.getByLabel("When down", { exact: true }).selectOption("web");
  await page.getByLabel("Attempts").waitFor();
});

test("an entry is removed only when one says so twice", async () => {
  page = await stage.open("?still#/edit/monitor/portfolio");
  await page.getByRole("button", { name: "Remove" }).last().click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.waitForURL(/#\/$/);
  await rows().first().waitFor();
  await expect.poll(() => rows().locator("a").allTextContents()).not.toContain("portfolio");
});

test("e-mail is tested, and a refusal is explained", async () => {
  page = await stage.open("?still&mail=refused#/settings");
  await page.getByRole("button", { name: "Send a test: Email" }).click();
  await page.getByText("many providers want a password made for this app").waitFor();
});

const runsAsService = () => page.getByLabel("Run as a service");

test("Estatus becomes a service once what is different for it was read, and is one no more once that is confirmed", async () => {
  page = await stage.open("?still#/settings");
  await page.getByText("Not installed").waitFor();
  await runsAsService().click();
  expect(await runsAsService().isChecked()).toBe(false);
  const dialog = page.getByRole("dialog");
  const first = dialog.getByRole("listitem").first();
  await first.getByText("which the service does not have").waitFor();
  await dialog.getByText("Estatus continues as a service of your own").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  await runsAsService().click();
  await dialog.getByRole("button", { name: "Install anyway" }).click();
  await page.getByText("Estatus now runs as a service").waitFor();
  await page.getByText("Running as isaac").waitFor();
  expect(await runsAsService().isChecked()).toBe(true);
  await runsAsService().click();
  await dialog.getByRole("button", { name: "Switch off" }).click();
  await page.getByText("Estatus no longer runs as a service").waitFor();
  await page.getByText("Not installed").waitFor();
});

test("what is different for the service is told in the language of the page", async () => {
  page = await stage.open("?still&language=es#/settings");
  await page.getByLabel("Ejecutar como servicio").click();
  const first = page.getByRole("dialog").getByRole("listitem").first();
  await first.getByText("programa «queue»: su comando usa la variable QUEUE_URL").waitFor();
});

test("why no service could be installed stays to be read, and it can be tried again", async () => {
  page = await stage.open("?still&doctor=well&switch=failed#/settings");
  await runsAsService().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Nothing else changes").waitFor();
  await dialog.getByRole("button", { name: "Install" }).click();
  await dialog.getByRole("alert").getByText("loginctl enable-linger").waitFor();
  await expect.poll(() => dialog.getByRole("button", { name: "Install" }).isEnabled()).toBe(true);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Not installed").waitFor();
});

test("on Windows the one who is asked for an administrator may say no", async () => {
  page = await stage.open("?still&doctor=well&service=windows&switch=dismissed#/settings");
  await runsAsService().click();
  await page.getByRole("dialog").getByText("Windows asks for administrator rights").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Install" }).click();
  await page.getByRole("alert").getByText("The request was declined").waitFor();
});

test("a service whose engine does not answer can be switched off", async () => {
  page = await stage.open("?still&engine=lost&service=stopped#/");
  await page.getByText("Cannot connect to the engine").waitFor();
  await runsAsService().click();
  await page.getByRole("dialog").getByRole("button", { name: "Switch off" }).click();
  await page.getByText("Estatus no longer runs as a service").waitFor();
  expect(await runsAsService().count()).toBe(0);
});

test("who may not switch the service off is told how it is, and why not", async () => {
  page = await stage.open("?still&service=others&may=steer#/settings");
  await page.getByText("Running as root").waitFor();
  await page.getByText("It runs as another user").waitFor();
  expect(await runsAsService().count()).toBe(0);
});

test("settings of the desktop take effect at once, the language too", async () => {
  page = await stage.open("?still#/settings");
  await page.getByLabel("Language of window and tray").selectOption("es");
  await page.getByRole("heading", { level: 1, name: "Ajustes" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("es");
});

test("a monitor is paused, resumed and acknowledged", async () => {
  page = await stage.open("?still#/monitor/shop");
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByText("acknowledged", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("menuitem", { name: "Until resumed" }).click();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
});

test("a chart is drawn, and a stretch that is dragged over is zoomed into", async () => {
  page = await stage.open("?still#/monitor/portfolio");
  const plot = page.locator(".u-over");
  await plot.waitFor();
  const box = await plot.boundingBox();
  if (!box) throw new Error("the chart has no size");
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 5 });
  await page.mouse.up();
  await page.getByRole("button", { name: "Reset zoom" }).click();
  await page.getByRole("button", { name: "1 y" }).click();
  await page.getByRole("img", { name: /^Latency from/ }).waitFor();
});

test("latency is shown by percentiles, or by the phases that it is made of", async () => {
  page = await stage.open("?still#/monitor/portfolio");
  const past = page.getByRole("region", { name: "History" });
  // For who cannot see the chart there is a table of it.
  const titles = () => past.getByRole("table").getByRole("columnheader").allTextContents();
  await expect.poll(titles).toEqual(["Time", "p50", "p95", "p99", "Uptime"]);
  await past.getByRole("button", { name: "Phases" }).click();
  await expect.poll(titles).toContain("waiting for response");
  expect(await past.getByText("p95").count()).toBe(0);
  await past.getByRole("button", { name: "1 y" }).click();
  await expect.poll(titles).toContain("waiting for response");
  await page.getByRole("img", { name: /^Latency from/ }).waitFor();
});

test("a log goes on as it is written, and is searched", async () => {
  page = await stage.open("?still#/program/web");
  const log = page.getByRole("log");
  await log.getByText("ms").first().waitFor();
  const last = () => log.locator(".line").last().textContent();
  const before = await last();
  await page.evaluate(() => (globalThis as unknown as { mock: { tick(): void } }).mock.tick());
  await expect.poll(last).not.toBe(before);
  await page.getByRole("searchbox", { name: "Search output" }).fill("WARNING");
  await page.getByLabel("only matches").check();
  await expect
    .poll(async () => {
      const lines = await log.locator(".line").allTextContents();
      return lines.length > 0 && lines.every((line) => line.includes("warning"));
    })
    .toBe(true);
  await expect.poll(() => log.locator("mark").count()).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByRole("button", { name: "Start", exact: true }).waitFor();
});

test("what listens is watched and kept alive by one click, and a pasted address too", async () => {
  page = await stage.open("?world=empty&still");
  const java = page.locator("li", { hasText: "minecraft" }).first();
  await java.getByRole("button", { name: "Keep running" }).click();
  await java.getByRole("link", { name: "Watched as java 25565" }).waitFor();
  await page.getByText("java is now kept running").waitFor();
  await page.getByText("1 other process of yours does not listen on a port").click();
  const worker = page.locator("li", { hasText: "worker.py" }).first();
  await worker.getByRole("button", { name: "Watch" }).click();
  await worker.getByRole("link", { name: "Watched as python3" }).waitFor();
  await page.getByLabel("Page, address, port or process").fill("example.com");
  await page.getByRole("button", { name: "Watch" }).first().click();
  await page.getByRole("heading", { level: 1, name: "example.com", exact: true }).waitFor();
  await page.getByRole("link", { name: "Overview" }).first().click();
  await rows().first().waitFor();
  await expect.poll(() => rows().locator("a").allTextContents()).toEqual(["java 25565", "python3", "example.com"]);
  await page.getByRole("link", { name: "Programs" }).click();
  await page.getByText("31007", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Edit" }).click();
  expect(await page.getByLabel("Keep running").isChecked()).toBe(true);
});

test("what another tool's file says is added as far as one wants it", async () => {
  page = await stage.open("?world=empty&still");
  const file = { name: "Procfile", mimeType: "text/plain", buffer: Buffer.from("web: npm start\n") };
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByText("Procfile: 2 to add").waitFor();
  await page.getByText("release: it runs once").waitFor();
  await page.getByLabel("Program queue").uncheck();
  await page.getByRole("button", { name: "Add 1" }).click();
  await page.getByRole("link", { name: "Programs" }).click();
  await page.getByRole("heading", { level: 2, name: "web" }).waitFor();
  expect(await page.getByText("queue").count()).toBe(0);
});

test("how a program stood is shown over a day, a week or a month, and told change by change", async () => {
  page = await stage.open("?still#/program/worker");
  const strip = page.getByRole("img", { name: /start/ });
  await strip.waitFor();
  const day = await strip.getAttribute("aria-label");
  await page.locator("section", { has: strip }).getByRole("button", { name: "7 d" }).click();
  await expect.poll(() => strip.getAttribute("aria-label")).not.toBe(day);
  await page.getByText("Events", { exact: true }).click();
  await page.getByText("SIGSEGV (segmentation fault)").nth(1).waitFor();
});

test("a lost engine is said, what was known stays, and it is back when it is back", async () => {
  page = await stage.open("?still");
  await rows().first().waitFor();
  const hear = (message: string) =>
    page.evaluate((message) => {
      const { mock } = globalThis as unknown as { mock: { hear(heard: unknown): void; hello(): unknown } };
      mock.hear(message === "hello" ? { heard: "hello", hello: mock.hello() } : { heard: "lost", why: message });
    }, message);
  await hear("the process ended");
  await page.getByText("The connection to the engine was lost.").waitFor();
  expect(await rows().count()).toBe(13);
  await hear("hello");
  await page.getByText("The connection to the engine was lost.").waitFor({ state: "detached" });
});

test("the tray opens a page, and the window is called after it", async () => {
  page = await stage.open("?still");
  await expect.poll(() => page.title()).toMatch(/^\(\d+\) Overview – Estatus$/);
  await page.evaluate(() =>
    (globalThis as unknown as { mock: { hear(heard: unknown): void } }).mock.hear({
      heard: "open",
      page: "/monitor/router",
    }),
  );
  await page.getByRole("heading", { level: 1, name: "router" }).waitFor();
  await expect.poll(() => page.title()).toMatch(/^\(\d+\) router – Estatus$/);
});

test("what comes from outside is text, whatever it looks like", async () => {
  page = await stage.open("?still");
  await page.evaluate(() => {
    const { mock } = globalThis as unknown as { mock: { tell(event: unknown): void; monitors: Map<string, object> } };
    const html = "<img src=x onerror=alert(1)>";
    mock.tell({ event: "monitor", of: { ...mock.monitors.get("router"), name: html, target: html } });
  });
  await page.getByText("<img src=x onerror=alert(1)>").first().waitFor();
  expect(await page.locator("main img").count()).toBe(0);
});

test("a system without a language does not keep the window from opening", async () => {
  page = await stage.open();
  await page.addInitScript(() => Object.defineProperty(navigator, "language", { value: "C", configurable: true }));
  await page.reload();
  await rows().first().waitFor();
});

test("who may only steer is offered nothing that the engine would refuse, and told why", async () => {
  page = await stage.open("?still&may=steer");
  const goTo = (hash: string) => page.evaluate((hash) => (location.hash = hash), hash);
  await rows().first().waitFor();
  expect(await page.getByRole("button", { name: "Add" }).count()).toBe(0);
  await goTo("#/program/web");
  await page.getByRole("button", { name: "Restart" }).first().waitFor();
  expect(await page.getByRole("button", { name: "Edit" }).count()).toBe(0);
  await goTo("#/flow/nightly%20backup");
  await page.getByRole("button", { name: "Run now" }).waitFor();
  expect(await page.getByRole("button", { name: "Dry run" }).count()).toBe(0);
  for (const closed of ["#/settings", "#/edit/monitor/shop", "#/new/program", "#/welcome", "#/plan/nightly%20backup"]) {
    await goTo(closed);
    await page.getByText("Only administrators can change the configuration").waitFor();
    expect(await page.getByRole("button", { name: "Save" }).count()).toBe(0);
  }
});

const tick = (times: number) =>
  page.evaluate((times) => {
    const { mock } = globalThis as unknown as { mock: { tick(): void } };
    for (let time = 0; time < times; time += 1) mock.tick();
  }, times);
const flow = (name: string) =>
  page.getByRole("listitem").filter({ has: page.getByRole("link", { name, exact: true }) });
const step = (name: string) => page.getByRole("button", { name: new RegExp(`^${name} `) });

test("where a flow failed is read within two keys: its step, its attempt, its reason and its last lines", async () => {
  page = await stage.open("?still");
  await rows().first().waitFor();
  await page
    .getByRole("navigation")
    .getByRole("link", { name: /^Flows 2 need attention/ })
    .waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await page.getByRole("heading", { level: 1, name: "2 flows need attention" }).waitFor();
  // What needs attention stands first, and before that who waits for an answer.
  const listed = await page.getByRole("list", { name: "Flows" }).getByRole("listitem").allTextContents();
  expect(listed[0]).toContain("switch the database");
  expect(listed[1]).toContain("heal the shop");
  await flow("heal the shop")
    .getByRole("img", { name: "Last 9 runs: 6 × succeeded, 2 × failed, 1 × cancelled" })
    .waitFor();
  await flow("heal the shop").getByRole("link", { name: "failed" }).press("Enter");
  await page.getByRole("heading", { level: 1, name: "Run 16" }).waitFor();
  const failure = page.getByRole("region", { name: "Failed at step 3 of 5: migrate the database" });
  await failure.getByText("exit code 1 (general error) (attempt 3 of 3)").waitFor();
  await failure
    .getByRole("region", { name: "Last lines" })
    .getByText("error: canceling statement due to lock timeout")
    .waitFor();
  await failure.getByText("(usually 4s)").waitFor();
  await failure.getByRole("link", { name: "Run 15" }).waitFor();
  await failure.getByText("migrate.mjs, last modified today").waitFor();
  await failure.getByText("restart, answers again").waitFor();
  // All that it wrote is one more key away.
  await failure.getByRole("button", { name: "Show this step" }).press("Enter");
  await page.getByRole("log", { name: "Output of migrate the database" }).getByText("was rolled back").last().waitFor();
  await expect.poll(focused).toBe("step-2");
  expect(await step("clear the cache").getAttribute("aria-expanded")).toBe("false");
  await step("restart").getByText("skipped").waitFor();
  await page.getByRole("main").getByRole("link", { name: "heal the shop", exact: true }).click();
  await page.getByRole("link", { name: /^succeeded .* Run 15$/ }).click();
  await page.getByRole("heading", { level: 1, name: "Run 15" }).waitFor();
  expect(await page.locator("[aria-expanded=true]").count()).toBe(0);
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { level: 1, name: "heal the shop" }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/flows$/);
});

test("what steps wrote is searched, and the steps that wrote it open", async () => {
  page = await stage.open("?still#/run/16");
  await page.getByText("Failed at step").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("RECOMMENDED");
  await page.getByRole("log", { name: "Output of clear the cache" }).locator("mark").waitFor();
  await page.getByRole("status").getByText("1 line").waitFor();
  await page.getByRole("searchbox").fill("handlePacket");
  // Each of the three attempts wrote it: the whole log is searched, not its last lines.
  await page.getByRole("status").getByText("3 lines").waitFor();
  await page.getByLabel("only matches").check();
  await expect.poll(() => page.getByRole("log").locator(".line").count()).toBe(3);
});

test("a run is begun, followed step by step, and told in the list of its flow", async () => {
  page = await stage.open("?still#/flows");
  const backup = flow("nightly backup");
  await backup.getByRole("button", { name: "Run now: nightly backup" }).click();
  await page.getByText("nightly backup: run 78 was started").waitFor();
  await backup.getByText("step 1 of 3: dump").waitFor();
  await backup.getByRole("link", { name: "running" }).click();
  await page.getByRole("heading", { level: 1, name: "Run 78" }).waitFor();
  await step("dump").getByText("running").waitFor();
  await tick(8);
  await step("dump").getByText("succeeded").waitFor();
  await page.getByRole("status").getByText("step 2 of 3: upload").waitFor();
  await tick(12);
  await expect.poll(() => page.getByRole("button", { name: "Cancel run" }).count()).toBe(0);
  await step("prune").getByText("succeeded").waitFor();
  await step("dump").click();
  await page.getByRole("log", { name: "Output of dump" }).waitFor();
  await page.keyboard.press("Escape");
  await backup.getByRole("link", { name: "succeeded" }).waitFor();
  await backup.getByRole("button", { name: "Run now: nightly backup" }).waitFor();
});

test("a run that retries is tried again, and others wait for their turn until it is over", async () => {
  page = await stage.open("?still#/flow/release%20the%20shop");
  await page.getByRole("button", { name: "Run now" }).click();
  await page.getByText("release the shop: run 78 waits for its turn").waitFor();
  await page.getByRole("link", { name: /^queued .* Run 78$/ }).waitFor();
  await page.getByRole("link", { name: /^running .* Run 77$/ }).click();
  await step("publish the image").getByText("retrying").waitFor();
  await step("publish the image")
    .getByText(/next attempt at/)
    .waitFor();
  await tick(30);
  await step("publish the image").getByText("3 attempts").waitFor();
  await tick(15);
  await page.goBack();
  await page.getByRole("link", { name: /^succeeded .* Run 77$/ }).waitFor();
  await page.getByRole("link", { name: /^running .* Run 78$/ }).waitFor();
});

test("a run is cancelled once that is confirmed, and a second time without what it always does", async () => {
  page = await stage.open("?still#/run/77");
  const dialog = page.getByRole("dialog");
  const cancel = page.getByRole("main").getByRole("button", { name: "Cancel run" });
  await cancel.click();
  await dialog.getByRole("button", { name: "Let it run" }).click();
  await dialog.waitFor({ state: "detached" });
  await step("build").getByText("running").waitFor();
  await cancel.click();
  await dialog.getByRole("button", { name: "Cancel run" }).click();
  await page.getByText("Run 77 is being cancelled").waitFor();
  await step("build").getByText("cancelled").waitFor();
  await step("answers again").getByText("skipped").waitFor();
  await tick(1);
  await step("tidy up").getByText("running").waitFor();
  await page.getByRole("main").getByRole("button", { name: "Cancel now" }).click();
  await dialog.getByText("steps that always run are ended or skipped, too").waitFor();
  await dialog.getByRole("button", { name: "Cancel now" }).click();
  await step("tidy up").getByText("cancelled").waitFor();
  await page.locator(".state").getByText("cancelled").waitFor();
  await expect.poll(() => page.getByRole("main").getByRole("button", { name: "Cancel now" }).count()).toBe(0);
});

test("the last lines of a step are copied", async () => {
  page = await stage.open("?still#/run/16", { permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByText("Copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("error: canceling statement due to lock");
});

test("what a run began for is said once, and runs of another day bear its date", async () => {
  page = await stage.open("?still#/flow/heal%20the%20shop");
  await page
    .getByRole("link", { name: /Run 12$/ })
    .getByText("to heal shop, orders api")
    .waitFor();
  expect(await page.getByText("to heal").count()).toBe(1);
  await page.goto(page.url().replace(/#.*/, "#/flow/release%20the%20shop"));
  const last = page.getByRole("link", { name: /^running .* Run 77$/ });
  await last.getByText(/^\d\d:\d\d:\d\d$/).waitFor();
  await page.clock.setFixedTime(Date.now() + 24 * 3_600_000);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await last.getByText(/^\d+ \w+, \d\d:\d\d$/).waitFor();
});

test("a thousand flows are listed", async () => {
  page = await stage.open("?still&flows=1000#/flows");
  await flow("flow 1000").waitFor();
  await flow("flow 1000")
    .getByRole("img", { name: /^Last 20 runs/ })
    .waitFor();
  expect(await page.getByRole("main").getByRole("listitem").count()).toBe(1005);
});

test("a run that failed is repeated from the step that failed, and keeps what was done before it", async () => {
  page = await stage.open("?still#/run/16");
  await page.getByRole("button", { name: "Run again from “migrate the database”" }).click();
  await page.getByRole("heading", { level: 1, name: "Run 78" }).waitFor();
  await page.getByText("heal the shop: run 78 was started").waitFor();
  await page.getByText("repeats run 16 from the step “migrate the database”").waitFor();
  await step("clear the cache").getByText("kept from run 16").waitFor();
  await step("migrate the database").getByText("running").waitFor();
  await step("clear the cache").click();
  const before = page.locator("#more-1").getByRole("link", { name: "run 16 of heal the shop" });
  await before.waitFor();
  // What goes on cannot be repeated.
  expect(await page.getByRole("button", { name: /^Run again/ }).count()).toBe(0);
  await tick(15);
  await step("answers again").getByText("succeeded").waitFor();
  await page.getByRole("button", { name: "Run again from here" }).waitFor();
  await before.click();
  await page.getByRole("heading", { level: 1, name: "Run 16" }).waitFor();
});

test("any step of a run that is over can be the one from which it is done again", async () => {
  page = await stage.open("?still#/run/15");
  await step("restart").click();
  await page.getByRole("button", { name: "Run again from here" }).click();
  await page.getByText("repeats run 15 from the step “restart”").waitFor();
  await step("migrate the database").getByText("kept from run 15").waitFor();
  await step("restart").getByText("running").waitFor();
});

test("if the flow was changed since, it is asked by which definition the run is repeated", async () => {
  page = await stage.open("?still#/run/13");
  const dialog = page.getByRole("dialog", { name: "Run again" });
  const again = page.getByRole("button", { name: "Run again …", exact: true });
  const does = async () => {
    await step("answers again").click();
    return page.locator("#more-4 dd").first().textContent();
  };
  await page.getByText("Nothing known has changed.").waitFor();
  await again.click();
  await dialog.getByText("The flow has been changed since run 13.").waitFor();
  expect(await dialog.getByLabel("As it is now").isChecked()).toBe(true);
  await dialog.getByRole("button", { name: "Run again" }).click();
  await page.getByRole("heading", { level: 1, name: "Run 78" }).waitFor();
  expect(await does()).toBe("wait until shop is up, for 1 min at most");
  await tick(20);
  await page.goBack();
  await again.click();
  await dialog.getByLabel("As it was in run 13").check();
  await dialog.getByRole("button", { name: "Run again" }).press("Enter");
  await page.getByRole("heading", { level: 1, name: "Run 79" }).waitFor();
  expect(await does()).toBe("wait until shop is up, for 20 s at most");
});

test("who is asked approves in the list, and the run goes on with the run of another flow", async () => {
  page = await stage.open("?still#/flows");
  await page.getByRole("status").getByText("1 run is waiting for approval").waitFor();
  const asking = flow("switch the database");
  await asking.getByText("Switch the shop to replica-2?").waitFor();
  await asking.getByText(/^If nobody answers by .*, the step fails\.$/).waitFor();
  await asking.getByRole("button", { name: "Approve: go ahead" }).press("Enter");
  await page.getByText("“go ahead” was approved").waitFor();
  await page.getByText("1 run is waiting for approval").waitFor({ state: "detached" });
  await asking.getByText("step 5 of 8: switch").waitFor();
  await tick(4);
  await asking.getByText("step 6 of 8: back up again").waitFor();
  await asking.getByRole("link", { name: "running" }).click();
  await step("go ahead").click();
  await page.getByText("approved by isaac in the window").waitFor();
  await step("switch").click();
  await page.getByText("replica-2.db.example:5432").waitFor();
  await step("back up again").click();
  const child = page.locator("#more-5").getByRole("link", { name: "run 78 of nightly backup" });
  await child.click();
  await page.getByRole("heading", { level: 1, name: "Run 78" }).waitFor();
  await page.getByText("started by the step “back up again” of run 76 of switch the database").waitFor();
  await tick(25);
  await page.goBack();
  await page.locator(".state").getByText("succeeded").waitFor();
});

test("what is denied fails, and what was done is undone, one after the other", async () => {
  page = await stage.open("?still#/run/76");
  await page.getByRole("button", { name: "Deny: go ahead" }).first().click();
  const failure = page.getByRole("region", { name: "Failed at step 4 of 8: go ahead" });
  await failure.getByText("denied by isaac in the window").waitFor();
  // With what it is compared is known when it is over.
  expect(await failure.getByText("Since the last success").count()).toBe(0);
  await tick(1);
  await page.getByRole("status").getByText("undoing: stop the worker").waitFor();
  await step("stop the worker").getByText("being undone").waitFor();
  await tick(4);
  await page.locator(".state").getByText("failed").waitFor();
  await failure.getByText("stop the worker: undone").waitFor();
  await failure.getByText("copy the data: undone").waitFor();
  await failure.getByText("switch, back up again, tell the team").waitFor();
  await failure.getByRole("link", { name: "Run 74" }).waitFor();
  await step("back up again").click();
  await page.getByText("“switch” before it: skipped").waitFor();
  await page.getByRole("button", { name: "Run again from “go ahead”" }).waitFor();
});

test("what could not be undone is said, with what it wrote", async () => {
  page = await stage.open("?still#/run/73");
  await page.getByText("stop the worker: could not be undone (exit code 1 (general error))").waitFor();
  await step("stop the worker").click();
  await page.getByRole("log", { name: "stop the worker: Output of the undo" }).getByText("worker: not found").waitFor();
});

test("the log of a step is told as it is written, one at a time", async () => {
  page = await stage.open("?still#/run/77");
  const build = page.getByRole("log", { name: "Output of build" });
  const live = (place: number) => page.locator(`#more-${place}`).getByText("live", { exact: true });
  await step("build").click();
  await live(2).waitFor();
  await tick(2);
  await build.getByText("> vite build").waitFor();
  await step("test").click();
  await live(3).waitFor();
  await tick(1);
  await page.getByRole("log", { name: "Output of test" }).getByText("orders.test.ts").waitFor();
  expect(await build.getByText("warning: 2 chunks").count()).toBe(0);
  // Who is not followed any more says so, and misses nothing when one comes back.
  await page.getByRole("button", { name: "Follow: build" }).click();
  await live(2).waitFor();
  await page.getByRole("button", { name: "Follow: test" }).waitFor();
  await tick(1);
  await build.getByText("warning: 2 chunks").waitFor();
  await page.getByRole("searchbox", { name: "Search output" }).fill("WARNING");
  await build.locator("mark").waitFor();
  await tick(4);
  await step("build").getByText("succeeded").waitFor();
  await build.getByText("✓ built in 6.41s").waitFor();
  // What goes on is followed again by itself.
  await page.getByRole("searchbox", { name: "Search output" }).fill("");
  await live(3).waitFor();
});

test("a run is gone through without doing anything, from the flow and from the list", async () => {
  page = await stage.open("?still#/flows");
  await page.getByRole("button", { name: "More actions: move to the new disk" }).press("Enter");
  await page.getByRole("menuitem", { name: "Dry run" }).press("Enter");
  await page.getByRole("heading", { level: 1, name: "Dry run: move to the new disk" }).waitFor();
  await page.getByRole("status").getByText("1 step would fail").waitFor();
  const move = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "move", exact: true }) });
  await move.getByText("after stop").waitFor();
  await move.getByText("the program was not found: ./move-to-the-new-disk.sh").waitFor();
  await move.getByText("the run fails, and “start” would be skipped").waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/flows$/);
  await flow("switch the database").getByRole("link", { name: "switch the database", exact: true }).click();
  await page.getByRole("button", { name: "Dry run" }).click();
  await page.getByRole("status").getByText("Nothing was found that would make a step fail").waitFor();
  await page.getByText("if “back up” failed").waitFor();
  await page.getByText("would be skipped if all goes well").waitFor();
  await page.getByRole("button", { name: "Look again" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { level: 1, name: "switch the database" }).waitFor();
});

test("from an incident one comes to the run that was its remedy, and back", async () => {
  page = await stage.open("?still#/incident/214");
  const attempt = page.getByRole("listitem").filter({ hasText: "ran the flow heal the shop" });
  await attempt.getByText("failed", { exact: true }).last().waitFor();
  await attempt.getByRole("link", { name: "run 16 of heal the shop" }).click();
  await page.getByRole("heading", { level: 1, name: "Run 16" }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/incident\/214$/);
});

test("flows speak the language of the window", async () => {
  page = await stage.open("?still&language=es#/flows");
  await page.getByRole("heading", { level: 1, name: "2 flujos requieren atención" }).waitFor();
  await flow("release the shop").getByText("pasos 3–5 de 8: build, test, publish the image").waitFor();
  await flow("nightly backup").getByText("próxima ejecución").waitFor();
  await flow("release the shop").getByRole("button", { name: "Cancelar ejecución: release the shop" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Dejar que siga" }).click();
  await flow("heal the shop").getByRole("link", { name: "fallida" }).click();
  await page.getByRole("heading", { level: 1, name: "Ejecución 16" }).waitFor();
  await step("migrate the database").getByText("fallido").waitFor();
  await page.getByRole("region", { name: "Falló en el paso 3 de 5: migrate the database" }).waitFor();
  await page.getByRole("region", { name: "Últimas líneas" }).waitFor();
  await page.getByRole("button", { name: "Ejecutar de nuevo desde «migrate the database»" }).click();
  await step("clear the cache").getByText("conservado de la ejecución 16").waitFor();
});
