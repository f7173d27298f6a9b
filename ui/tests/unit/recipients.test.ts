import { expect, test } from "vitest";
import { CHANNEL_KINDS, channelKindOf } from "../../src/forms/channel";
import { recipients } from "../../src/state/recipients";

test("alerts go to the mail's recipients and to every channel, unless some are chosen", () => {
  const channel = { phone: { telegram: {} }, chat: { slack: {} } };
  const email = { to: ["a@example.com", "b@example.com"] };
  const said = (tables: Record<string, unknown>) => recipients({ tables }).map(({ text }) => text);
  expect(said({})).toEqual([]);
  expect(said({ email, channel })).toEqual(["a@example.com, b@example.com", "phone", "chat"]);
  expect(said({ email: { to: "a@example.com" } })).toEqual(["a@example.com"]);
  expect(said({ email: {} })).toEqual(["email"]);
  expect(said({ email, channel, alerts: { channels: ["chat"] } })).toEqual(["chat"]);
  expect(said({ email, channel, alerts: { channels: "email" } })).toEqual(["a@example.com, b@example.com"]);
});

test("a channel is of the kind whose key it has", () => {
  for (const kind of CHANNEL_KINDS) expect(channelKindOf({ timeout: "5s", [kind]: "x" })).toBe(kind);
});
