import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { pass, staged } from "./stage";

const stage = staged();
let page: Page;

const rows = () => page.locator("[role=row][id]");
const focused = () => page.evaluate(() => document.activeElement?.id);
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
  await pass(page, 8);
  await step("dump").getByText("succeeded").waitFor();
  await page.getByRole("status").getByText("step 2 of 3: upload").waitFor();
  await pass(page, 12);
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
  await pass(page, 30);
  await step("publish the image").getByText("3 attempts").waitFor();
  await pass(page, 15);
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
  await pass(page, 1);
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
  await pass(page, 15);
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
  const again = page.getByRole("button", { name: "Run again…", exact: true });
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
  await pass(page, 20);
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
  await pass(page, 4);
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
  await pass(page, 25);
  await page.goBack();
  await page.locator(".state").getByText("succeeded").waitFor();
});

test("what is denied fails, and what was done is undone, one after the other", async () => {
  page = await stage.open("?still#/run/76");
  await page.getByText("Switch the shop to replica-2?").waitFor();
  // Who opens the step that asks is not asked a second time.
  await step("go ahead").click();
  await page.locator("#more-3 dl").waitFor();
  expect(await page.getByRole("button", { name: /^Approve/ }).count()).toBe(1);
  await page.getByRole("button", { name: "Deny: go ahead" }).click();
  const failure = page.getByRole("region", { name: "Failed at step 4 of 8: go ahead" });
  await failure.getByText("denied by isaac in the window").waitFor();
  // With what it is compared is known when it is over.
  expect(await failure.getByText("Since the last success").count()).toBe(0);
  await page.getByRole("status").getByText("undoing: stop the worker").waitFor();
  await step("stop the worker").getByText("being undone").waitFor();
  await pass(page, 4);
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
  await pass(page, 2);
  await build.getByText("> vite build").waitFor();
  await step("test").click();
  await live(3).waitFor();
  await pass(page, 1);
  await page.getByRole("log", { name: "Output of test" }).getByText("orders.test.ts").waitFor();
  expect(await build.getByText("warning: 2 chunks").count()).toBe(0);
  // Who is not followed any more says so, and misses nothing when one comes back.
  await page.getByRole("button", { name: "Follow: build" }).click();
  await live(2).waitFor();
  await page.getByRole("button", { name: "Follow: test" }).waitFor();
  await pass(page, 1);
  await build.getByText("warning: 2 chunks").waitFor();
  await page.getByRole("searchbox", { name: "Search output" }).fill("WARNING");
  await build.locator("mark").waitFor();
  await pass(page, 4);
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
