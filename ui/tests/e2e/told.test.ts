import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { whole } from "./pages/whole";
import { staged } from "./stage";

const stage = staged();
let page: Page;

interface Mock {
  secrets(): Record<string, string>;
  tables(): Record<string, unknown>;
}

/** What the backend has been given. */
const stored = () => page.evaluate(() => (globalThis as unknown as { mock: Mock }).mock.secrets());
const channels = () =>
  page.evaluate(() => (globalThis as unknown as { mock: Mock }).mock.tables().channel as Record<string, unknown>);
const told = () => page.getByRole("list", { name: "Alerts go to:" });
const kind = (name: string) => page.getByRole("radiogroup").getByText(name, { exact: true }).click();
const save = () => page.getByRole("button", { name: "Save", exact: true }).click();
/** The box of the field that is called so; a star says that it is needed. */
const field = (name: string) =>
  page
    .locator(".row", { has: page.locator("label", { hasText: new RegExp(`^${name}\\*?$`) }) })
    .locator("input")
    .first();

test("the first page says where alerts go, and how somebody else gets them", async () => {
  page = await stage.open("?still&world=empty#/welcome");
  await told().waitFor();
  expect(await told().innerText()).toContain("This desktop cannot show notifications");
  await told().getByRole("link", { name: "Add a channel" }).click();
  await page.getByRole("heading", { level: 1, name: "New channel" }).waitFor();
});

test("the overview says it until somebody is set, and the settings always", async () => {
  page = await stage.open("?still&world=example#/");
  await page.getByRole("button", { name: "Show the example" }).click();
  await told().waitFor();
  await page.evaluate(() => (location.hash = "#/new/channel"));
  await kind("ntfy");
  await field("Topic").fill("my-alerts");
  await save();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await told().getByRole("link", { name: "ntfy" }).waitFor();
  await page.evaluate(() => (location.hash = "#/"));
  await page.getByRole("grid", { name: "Overview" }).waitFor();
  expect(await told().count()).toBe(0);
});

test("who is told leads to where it is set", async () => {
  page = await stage.open("?still#/settings");
  await told().getByRole("link", { name: "isaac@example.com" }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Email");
  await told().getByRole("link", { name: "chat" }).click();
  await page.getByRole("heading", { level: 1, name: "Edit chat" }).waitFor();
  expect(await page.getByRole("radio", { name: "Webhook" }).isChecked()).toBe(true);
  expect(await field("URL").inputValue()).toBe("https://chat.example/hook/estatus");
});

test("a bot of Telegram takes a token, which is stored, and a chat; its name is proposed", async () => {
  page = await stage.open("?still#/new/channel");
  await page.getByText("@BotFather").waitFor();
  await field("Chat ID").fill("123456789");
  await save();
  await page.getByText("Enter it here.").waitFor();
  await field("Bot token").fill("110201543:AAHdq");
  expect(await field("Name").inputValue()).toBe("telegram");
  await save();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  expect(await stored()).toMatchObject({ "channel-telegram-token": "110201543:AAHdq" });
  expect((await channels()).telegram).toEqual({
    telegram: { token: { keyring: "channel-telegram-token" }, chat: "123456789" },
  });
  expect(await page.content()).not.toContain("110201543:AAHdq");
  await page.getByText("Telegram: 123456789").waitFor();
});

test.each([
  ["Discord", "Webhook URL", "discord", { discord: { keyring: "channel-discord-discord" } }],
  ["Slack", "Webhook URL", "slack", { slack: { keyring: "channel-slack-slack" } }],
  ["Microsoft Teams", "Workflow URL", "teams", { teams: { keyring: "channel-teams-teams" } }],
])("%s takes the one address that is a secret", async (word, name, called, expected) => {
  page = await stage.open("?still#/new/channel");
  await kind(word);
  await field(name).fill("https://chat.example/T0K3N");
  await save();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  expect((await channels())[called]).toEqual(expected);
  expect(Object.values(await stored())).toContain("https://chat.example/T0K3N");
});

test("a secret that was typed in for another kind is not stored", async () => {
  page = await stage.open("?still#/new/channel");
  await field("Bot token").fill("110201543:AAHdq");
  await kind("ntfy");
  await field("Topic").fill("my-alerts");
  await save();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  expect((await channels()).ntfy).toEqual({ ntfy: { topic: "my-alerts" } });
  expect(Object.keys(await stored())).toEqual(["smtp"]);
});

test("Gotify and Pushover take what they need, and a second channel of a kind another name", async () => {
  page = await stage.open("?still#/new/channel");
  await kind("Gotify");
  await field("Server").fill("https://push.example");
  await field("App token").fill("AbC");
  await save();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await page.evaluate(() => (location.hash = "#/new/channel"));
  await kind("Pushover");
  await field("API token").fill("azG");
  await field("User key").fill("uQi");
  await save();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await page.evaluate(() => (location.hash = "#/new/channel"));
  await kind("Gotify");
  await expect.poll(() => field("Name").inputValue()).toBe("gotify-2");
  expect(await channels()).toMatchObject({
    gotify: { gotify: { server: "https://push.example", token: { keyring: "channel-gotify-token" } } },
    pushover: { pushover: { token: { keyring: "channel-pushover-token" }, user: "uQi" } },
  });
});

test("the address of a webhook becomes a secret, and the kind of a channel another", async () => {
  page = await stage.open("?still#/edit/channel/chat");
  await page.getByRole("button", { name: "Keep it as a secret" }).click();
  await save();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  expect(await channels()).toEqual({ chat: { webhook: { keyring: "channel-chat-webhook" } } });
  expect(await stored()).toMatchObject({ "channel-chat-webhook": "https://chat.example/hook/estatus" });
  await page.evaluate(() => (location.hash = "#/edit/channel/chat"));
  await kind("Email to others");
  await field("Other recipients").fill("boss@example.com");
  await save();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  expect(await channels()).toEqual({ chat: { email: "boss@example.com" } });
});

test.each([
  ["?world=empty#/welcome", "Alerts go to:"],
  ["?world=example#/welcome", "Add a channel"],
  ["#/new/channel", "@BotFather"],
])("%s shows itself, whole and accessibly", (address, text) => whole(stage, address, text));
