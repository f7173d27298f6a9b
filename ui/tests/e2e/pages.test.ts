import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clipped, clobbered, faults, Stage, wide } from "./stage";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.build();
});
afterAll(() => stage?.strike());

/** Every page and state, and a text by which it is known. */
const PAGES: [address: string, text: string][] = [
  ["#/", "2 monitors are down"],
  ["#/monitor/portfolio", "Last probe"],
  ["#/monitor/shop", "Response"],
  ["#/monitor/new%20landing%20page", "Not checked yet."],
  ["#/monitor/nobody", "Monitor “nobody” not found"],
  ["#/program/web", "Last exit"],
  ["#/program/worker", "cooling down"],
  ["#/flows", "2 flows need attention"],
  ["?flows=dense#/flows", " of 30: part "],
  ["#/flow/nightly%20backup", "suppressed: the budget was used up"],
  ["#/flow/move%20to%20the%20new%20disk", "No runs yet"],
  ["#/flow/release%20the%20shop", "Cancel run"],
  ["#/flow/nobody", "Flow “nobody” not found"],
  ["#/run/16", "error: canceling statement due to lock timeout"],
  ["#/flow/switch%20the%20database", "Switch the shop to replica-2?"],
  ["#/run/73", "could not be undone"],
  ["#/run/75", "Failed at step 4 of 8"],
  ["#/run/76", "If nobody answers by"],
  ["#/run/77", "publish the image"],
  ["?flows=dense#/run/78", "part 30"],
  ["#/run/9999", "there is no run 9999"],
  ["?world=empty#/flows", "No flows yet"],
  ["?language=es#/run/16", "duró"],
  ["#/plan/switch%20the%20database", "Nothing was found that would make a step fail"],
  ["?flows=dense#/plan/reindex", "part 30"],
  ["#/plan/nobody", "there is no flow called “nobody”"],
  ["?language=es#/plan/move%20to%20the%20new%20disk", "1 paso fallaría"],
  ["#/fleets", "1 fleet needs attention"],
  ["?world=empty#/fleets", "No fleets yet"],
  ["?language=es#/fleets", "1 flota requiere atención"],
  ["?still#/fleet/web", "web-3"],
  ["?still#/fleet/edge", "1,312 ×"],
  ["?still#/fleet/shop", "shop-7"],
  ["?still&language=es#/fleet/lab", "Esta política nunca se estabiliza"],
  ["?fleet=thousands#/fleet/web", "5,000"],
  ["#/fleet/office", "No instances"],
  ["#/fleet/nobody", "Fleet “nobody” not found"],
  ["#/incidents", "2 open incidents"],
  ["#/incident/214", "Remedy failed: no more attempts"],
  ["#/settings", "Send test email"],
  ["?file=wrong#/settings", "line 14"],
  ["?service=command#/settings", "sudo estatus service uninstall"],
  ["?service=others&may=steer#/settings", "It runs as another user"],
  ["?answers=failing#/settings", "The state of the service could not be read"],
  ["?file=emptied#/", "This is intended"],
  ["#/new/monitor", "New monitor"],
  ["#/edit/monitor/web%20port", "Remedy"],
  ["#/edit/program/web", "Readiness"],
  ["#/edit/channel/chat", "Webhook"],
  ["#/new/flow", "What should the step do?"],
  ["#/edit/flow/heal%20the%20shop", "is it really down"],
  ["?language=es#/edit/flow/release%20the%20shop", "Añadir un paso"],
  ["#/edit/flow/nobody", "is not in the file"],
  ["#/new/fleet", "New fleet"],
  ["#/edit/fleet/shop", "Launch template"],
  ["?language=es#/edit/fleet/edge", "Comando para lanzar"],
  ["#/edit/monitor/nobody", "is not in the file"],
  ["?world=empty#/", "Listening on this machine"],
  ["?world=example#/", "So far there is only the example."],
  ["?world=empty#/programs", "No programs yet"],
  ["?world=empty#/incidents", "No incidents yet"],
  ["?answers=failing#/incidents", "the disk is full"],
  ["?answers=none#/settings", "One moment"],
  ["?engine=lost#/", "Cannot connect to the engine"],
  ["?engine=lost&service=stopped#/", "Run as a service"],
  ["?engine=silent#/", "Connecting to the engine"],
  ["?language=es#/", "2 monitores están caídos"],
  ["#/nothing/here", "Page not found"],
];

/** The window as it opens, beside another, and at 200 %; each theme has its turn, but for axe, which sees both. */
const VIEWS = [
  { width: 1100, height: 720, colorScheme: "light" },
  { width: 700, height: 600, colorScheme: "dark" },
  { width: 550, height: 360, colorScheme: "light" },
] as const;

test.each(PAGES)("%s shows itself, whole and accessibly, in every width and theme", async (address, text) => {
  const page = await stage.open(address, { reducedMotion: "reduce" });
  const found: string[] = [];
  for (const { width, height, colorScheme } of VIEWS) {
    await page.setViewportSize({ width, height });
    const all: string[] = [];
    for (const scheme of [colorScheme, colorScheme === "light" ? "dark" : "light"] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.getByText(text).first().waitFor({ state: "attached" });
      const { violations } = await new AxeBuilder({ page }).analyze();
      for (const { id, nodes } of violations)
        all.push(`${scheme} ${id}: ${nodes.map((it) => `${it.target} ${it.failureSummary}`).join("; ")}`);
    }
    await page.emulateMedia({ colorScheme });
    all.push(...(await page.evaluate(wide)), ...(await page.evaluate(clipped)));
    found.push(...all.map((what) => `${width} ${colorScheme}: ${what}`));
  }
  expect([...found, ...(await page.evaluate(clobbered)), ...faults(page)]).toEqual([]);
  await page.context().close();
});

test("what is found before a service is installed can be read in every width and theme", async () => {
  const page = await stage.open("?still&switch=failed#/settings", { reducedMotion: "reduce" });
  await page.getByLabel("Run as a service").click();
  await page.getByText("uses the variable QUEUE_URL").waitFor();
  await page.getByRole("button", { name: "Install anyway" }).click();
  await page.getByRole("alert").getByText("enable-linger").waitFor();
  const found: string[] = [];
  for (const { width, height, colorScheme } of [...VIEWS, { width: 420, height: 360, colorScheme: "dark" } as const]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).include("dialog").analyze();
    found.push(...violations.map(({ id, nodes }) => `${width} ${colorScheme} ${id}: ${nodes.map((it) => it.target)}`));
    const beside = (dialog: Element) => dialog.scrollWidth > dialog.clientWidth || dialog.clientWidth > innerWidth;
    if (await page.getByRole("dialog").evaluate(beside)) found.push(`${width}: the dialog is too wide`);
  }
  expect([...found, ...faults(page)]).toEqual([]);
  await page.context().close();
});

test.each(["light", "dark"] as const)(
  "in forced colours (%s) what is chosen and what is painted is seen",
  async (colorScheme) => {
    const page = await stage.open("?still#/", { forcedColors: "active", colorScheme });
    const look = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => {
          const { backgroundColor, color, outlineStyle } = getComputedStyle(element);
          return [backgroundColor, outlineStyle, color].join(" ");
        });
    const differ = async (chosen: string, other: string) =>
      expect(await look(chosen), chosen).not.toBe(await look(other));
    await page.getByRole("button", { name: /^down/ }).click();
    await page.getByRole("grid").focus();
    await differ("nav a[aria-current]", "nav a:not([aria-current])");
    await differ(".chip[aria-pressed=true]", ".chip[aria-pressed=false]");
    await page.getByRole("button", { name: /^down/ }).click();
    await page.getByRole("grid").focus();
    await page.keyboard.press("j");
    await differ("[role=row][aria-selected=true]", "[role=row][aria-selected=false]");
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const painted = async (selector: string) =>
      expect(
        await page.locator(selector).evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor)),
        selector,
      ).not.toContain(ground);
    await painted(".dot");
    await page.evaluate(() => (location.hash = "#/monitor/shop"));
    await page.getByText("Last probe").waitFor();
    await differ(".card button[aria-pressed=true]", ".card button[aria-pressed=false]");
    await painted("div.painted > span");
    await page.evaluate(() => (location.hash = "#/run/16"));
    await page.getByText("Failed at step 3 of 5").waitFor();
    await painted(".lane .painted");
    await page.evaluate(() => (location.hash = "#/edit/monitor/shop"));
    await page.getByText("Check type").first().waitFor();
    await differ("label.chosen", "label:has([type=radio]):not(.chosen)");
    await page.context().close();
  },
);
