import { afterEach, expect, test, vi } from "vitest";
import { cron, interval, next, wall } from "../../src/forms/schedule";
import { inWords } from "../../src/forms/words";
import { speak } from "../../src/i18n/i18n.svelte";

vi.stubGlobal("document", { documentElement: { lang: "" } });
vi.stubGlobal("navigator", { language: "en-GB" });
afterEach(() => speak("en"));

const at = (text: string) => Date.parse(`${text}:00Z`);
/** The next times after noon of Sunday, 29 November 2026. */
const times = (text: string, count = 3, now = at("2026-11-29T12:00")) => {
  const read = cron(text);
  return read ? next(read, now, count).map((time) => new Date(time).toISOString().slice(0, 16)) : null;
};

test("a cron expression names its next times", () => {
  expect(times("0 4 * * *")).toEqual(["2026-11-30T04:00", "2026-12-01T04:00", "2026-12-02T04:00"]);
  expect(times("*/20 12 * * *")).toEqual(["2026-11-29T12:20", "2026-11-29T12:40", "2026-11-30T12:00"]);
  expect(times("30 8 * * mon-fri", 2)).toEqual(["2026-11-30T08:30", "2026-12-01T08:30"]);
  expect(times("0 0 1 JAN,jul *", 2)).toEqual(["2027-01-01T00:00", "2027-07-01T00:00"]);
  expect(times("0 12 * * 7", 1)).toEqual(["2026-12-06T12:00"]);
  expect(times("5/20 0 * * *", 3)).toEqual(["2026-11-30T00:05", "2026-11-30T00:25", "2026-11-30T00:45"]);
  expect(times("0 0 29 2 *", 2)).toEqual(["2028-02-29T00:00", "2032-02-29T00:00"]);
});

test("days of the month and of the week are meant together where one begins with an asterisk, and either where none does", () => {
  expect(times("0 0 1 * tue", 3)).toEqual(["2026-12-01T00:00", "2026-12-08T00:00", "2026-12-15T00:00"]);
  expect(times("0 0 1 * mon", 2)).toEqual(["2026-11-30T00:00", "2026-12-01T00:00"]);
  expect(times("0 0 */2 * mon", 2)).toEqual(["2026-12-07T00:00", "2026-12-21T00:00"]);
});

test("what is no expression, or one that only the engine understands, names nothing", () => {
  for (const text of [
    "",
    "1h",
    "0 4 * *",
    "0 4 * * * *",
    "60 4 * * *",
    "0 4 L * *",
    "0 4 * * 5#3",
    "4-2 * * * *",
    "*/0 * * * *",
    "1-2-3 * * * *",
    "- * * * *",
  ])
    expect(cron(text), text).toBeNull();
  expect(times("0 0 30 2 *")).toEqual([]);
});

test("an expression is put into words, in the language of the reader", async () => {
  const said = (text: string) => {
    const read = cron(text);
    return read && inWords(read);
  };
  const check = async (text: string, english: string | null, spanish: string | null) => {
    await speak("en");
    expect(said(text), text).toBe(english);
    await speak("es");
    expect(said(text), text).toBe(spanish);
  };
  await check("0 4 * * *", "Every day at 04:00", "Todos los días a las 04:00");
  await check("30 8,16 * * 1-5", "Monday to Friday at 08:30 and 16:30", "De lunes a viernes a las 08:30 y 16:30");
  await check("0 4 * * sat,sun", "Every Saturday and Sunday at 04:00", "Cada sábado y domingo a las 04:00");
  await check("0 4 * * 0", "Every Sunday at 04:00", "Cada domingo a las 04:00");
  await check("0 0 1,15 * *", "On day 1 and 15 of the month at 00:00", "El día 1 y 15 del mes a las 00:00");
  await check(
    "0 0 1 1,7 *",
    "On day 1 of the month at 00:00, in January and July",
    "El día 1 del mes a las 00:00, en enero y julio",
  );
  await check("* * * * *", "Every minute", "Cada minuto");
  await check("*/15 * * * *", "Every 15 minutes", "Cada 15 minutos");
  await check("0 * * * *", "Every hour", "Cada hora");
  await check("5,35 * * * *", "Every hour at minute 5 and 35", "Cada hora en el minuto 5 y 35");
  await check("0 */6 * * *", "Every 6 hours", "Cada 6 horas");
  await check("*/15 * * * mon-fri", "Monday to Friday, every 15 minutes", "De lunes a viernes, cada 15 minutos");
  await check("*/15 8-18 * * *", null, null);
  await check("0 0 1 * mon", null, null);
  await check("*/7 * * * *", null, null);
});

test("the clock on the wall is that of the zone, if there is such a zone", () => {
  const noon = at("2026-07-01T12:00");
  expect(wall(noon, "Europe/Madrid")).toBe(at("2026-07-01T14:00"));
  expect(wall(noon, "America/Mexico_City")).toBe(at("2026-07-01T06:00"));
  expect(wall(noon, "Nowhere/At_all")).toBeNull();
  expect(wall(noon, undefined)).not.toBeNull();
});

test("an interval is a sum of numbers with units", () => {
  expect(["30s", "1h30m", "1h 30m", "1.5h", "100ms", "2d"].map(interval)).toEqual([
    30_000, 5_400_000, 5_400_000, 5_400_000, 100, 172_800_000,
  ]);
  for (const text of ["", "5", "5 minutes", "m", "-5m", "0 4 * * *"]) expect(interval(text), text).toBeNull();
});
