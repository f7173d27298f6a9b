// How soon the window on the mock shows something, and how soon its rows, each time in a browser that knows nothing of it yet; and how
// large the real one is. Prints medians, in milliseconds. `npm run paint` builds both before.
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { browser, served } from "./served.mjs";

const TIMES = 15;
const DIST = fileURLToPath(new URL("../dist", import.meta.url));

const shown = await served();
const viewer = await chromium.launch(browser());
const seen = [];
for (let time = 0; time <= TIMES; time += 1) {
  const figures = await opened();
  // The first time the browser itself is cold.
  if (time > 0) seen.push(figures);
}
await viewer.close();
await shown.close();

const median = (name) => seen.map((one) => one[name]).sort((one, other) => one - other)[Math.floor(TIMES / 2)];
for (const name of Object.keys(seen[0])) console.log(`${name}: ${Math.round(median(name))}`);
console.log(`bundle: ${(weight(DIST) / 1000).toFixed(1)} kB`);

async function opened() {
  const context = await viewer.newContext({ viewport: { width: 1100, height: 720 }, locale: "en-GB" });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.addInitScript(() => {
    const look = () => {
      if (!document.querySelector("[role=row][id]")) return;
      watcher.disconnect();
      requestAnimationFrame(() => setTimeout(() => (globalThis.rows = performance.now())));
    };
    const watcher = new MutationObserver(look);
    watcher.observe(document, { childList: true, subtree: true });
  });
  await page.goto(`${shown.base}?still`);
  const rows = await (await page.waitForFunction(() => globalThis.rows)).jsonValue();
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN);
  const { metrics } = await session.send("Performance.getMetrics");
  const of = (name) => 1000 * (metrics.find((one) => one.name === name)?.value ?? NaN);
  await context.close();
  return {
    "first paint": paint,
    "first rows": rows,
    "CPU in all": of("TaskDuration"),
    "CPU of scripts": of("ScriptDuration"),
    "CPU of layout and style": of("LayoutDuration") + of("RecalcStyleDuration"),
  };
}

/** What scripts and styles weigh, in bytes. */
function weight(folder) {
  if (!existsSync(folder)) return NaN;
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.(js|css)$/.test(name))
    .reduce((sum, name) => sum + statSync(`${folder}/${name}`).size, 0);
}
