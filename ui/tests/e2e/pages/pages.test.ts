import { expect, test } from "vitest";
import { axe } from "../axe";
import { staged } from "../stage";
import { type PageCase, VIEWS, whole } from "./whole";

const stage = staged();

/** Every page and state but those of flows and fleets, and a text by which it is known. */
const PAGES: PageCase[] = [
  ["#/", "1 monitor is down"],
  ["#/monitor/portfolio", "Last probe"],
  ["#/monitor/shop", "Response"],
  ["#/monitor/new%20landing%20page", "Not checked yet."],
  ["#/monitor/nobody", "Monitor “nobody” not found"],
  ["#/program/web", "Last exit"],
  ["#/program/worker", "crash loop, next try"],
  ["?language=es#/program/web", "Ajustar líneas"],
  ["#/monitor/this%20machine", "Free space on /"],
  ["?measured=never#/program/web", "Recorded from now on"],
  ["#/incidents", "2 open incidents"],
  ["#/incident/214", "Remedy failed: no more attempts"],
  ["#/settings", "Send a test"],
  ["?file=wrong#/settings", "line 14"],
  ["?service=command#/settings", "sudo estatus service uninstall"],
  ["?service=others&may=steer#/settings", "It runs as another user"],
  ["?answers=failing#/settings", "The state of the service could not be read"],
  ["?file=emptied#/", "This is intended"],
  ["#/new/monitor", "New monitor"],
  ["#/edit/monitor/web%20port", "Remedy"],
  ["#/edit/program/web", "Readiness"],
  ["#/edit/channel/chat", "Webhook"],
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
  ["?language=es#/", "1 monitor está caído"],
  ["#/nothing/here", "Page not found"],
];

test.each(PAGES)("%s shows itself, whole and accessibly, in every width and theme", (address, text) =>
  whole(stage, address, text),
);

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
    found.push(...(await axe(page, { within: "dialog" })).map((what) => `${width} ${colorScheme} ${what}`));
    const beside = (dialog: Element) => dialog.scrollWidth > dialog.clientWidth || dialog.clientWidth > innerWidth;
    if (await page.getByRole("dialog").evaluate(beside)) found.push(`${width}: the dialog is too wide`);
  }
  expect([...found]).toEqual([]);
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
