import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { faults, Stage } from "./stage";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.build();
});
afterAll(() => stage?.strike());

/** Every page and state, and a text by which it is known. */
const PAGES: [address: string, text: string][] = [
  ["#/", "1 monitor is down"],
  ["#/monitor/portfolio", "The last probe"],
  ["#/monitor/shop", "What the target said"],
  ["#/monitor/new%20landing%20page", "It has not been checked yet."],
  ["#/monitor/nobody", "There is no monitor “nobody”"],
  ["#/program/web", "How it ended the last time"],
  ["#/program/worker", "cooling"],
  ["#/incidents", "2 incidents are open"],
  ["#/incident/214", "The remedy was given up"],
  ["#/settings", "Send a test mail"],
  ["?file=wrong#/settings", "line 14"],
  ["#/new/monitor", "New monitor"],
  ["#/edit/monitor/web%20port", "When it is down"],
  ["#/edit/program/web", "When it is ready"],
  ["#/edit/channel/chat", "Webhook"],
  ["#/edit/monitor/nobody", "does not stand in the file"],
  ["?world=empty#/", "What listens on this machine"],
  ["?world=example#/", "So far there is only the example."],
  ["?world=empty#/programs", "No program is kept running yet"],
  ["?world=empty#/incidents", "There has been no incident yet"],
  ["?answers=failing#/incidents", "the disk is full"],
  ["?answers=none#/settings", "One moment"],
  ["?engine=lost#/", "The engine cannot be reached"],
  ["?engine=silent#/", "Connecting to the engine"],
  ["?language=es#/", "1 monitor está caído"],
  ["#/nothing/here", "There is no such page"],
];

for (const colorScheme of ["light", "dark"] as const) {
  test.each(PAGES)(`%s shows itself, accessibly, by ${colorScheme}`, async (address, text) => {
    const page = await stage.open(address, { colorScheme, reducedMotion: "reduce" });
    await page.getByText(text).first().waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(
      violations.map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`,
      ),
    ).toEqual([]);
    expect(faults(page)).toEqual([]);
    await page.context().close();
  });
}

test.each([
  "#/",
  "#/monitor/shop",
  "#/program/web",
  "#/incident/214",
  "#/settings",
  "#/edit/monitor/web%20port",
  "?world=empty#/",
])("%s is readable at 200 %: nothing is wider than the window", async (address) => {
  const page = await stage.open(address, { viewport: { width: 550, height: 360 } });
  await page.locator("h1").waitFor();
  const over = await page.evaluate(
    () => document.querySelector("main")!.scrollWidth - document.querySelector("main")!.clientWidth,
  );
  expect(over).toBeLessThanOrEqual(0);
  await page.context().close();
});
