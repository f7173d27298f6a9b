import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import type { Table } from "../../src/forms/fields";
import { curl } from "../../src/state/curl";

/** The command for a monitor of `table`, line by line, without what it always says. */
function lines(table: Table): string[] {
  const [first, ...rest] = curl({ http: "https://example.com/", ...table }).split(" \\\n  ");
  expect(first).toBe(`curl '${String(table.http ?? "https://example.com/")}'`);
  return rest;
}

const USUAL = ["--location --max-redirs 10", "--max-time 10"];

/** What `sh` takes the command for, word by word; with what its variables are. */
function words(table: Table, env: Record<string, string> = {}): string[] {
  const show = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${curl(table)}`;
  return execFileSync("/bin/sh", ["-c", show], { env, encoding: "utf8" }).split("\0").slice(0, -1);
}

test.each<[what: string, table: Table, lines: string[]]>([
  ["a page, with the usual redirects and timeout", {}, USUAL],
  ["a method", { method: "OPTIONS" }, ["--request 'OPTIONS'", ...USUAL]],
  ["only the head", { method: "head" }, ["--head", ...USUAL]],
  [
    "headers",
    { headers: { Accept: "text/html", "X-Empty": "" } },
    ["--header 'Accept: text/html'", "--header 'X-Empty;'", ...USUAL],
  ],
  [
    "no header that is nobody's business",
    { headers: { Authorization: "Bearer abc", "X-Api-Key": "k", Cookie: "a=b" } },
    [
      `--header 'Authorization: '"$AUTHORIZATION"`,
      `--header 'X-Api-Key: '"$X_API_KEY"`,
      `--header 'Cookie: '"$COOKIE"`,
      ...USUAL,
    ],
  ],
  [
    "no header whose value is kept elsewhere, whatever it is called",
    { headers: { "X-From": { keyring: "shop from" }, Accept: { env: "WANTED" } } },
    [`--header 'X-From: '"$SHOP_FROM"`, `--header 'Accept: '"$WANTED"`, ...USUAL],
  ],
  [
    "a body, without a type that the monitor does not say",
    { method: "POST", body: "a=1" },
    ["--header 'Content-Type:'", "--data-raw 'a=1'", ...USUAL],
  ],
  [
    "a body of some type, by a method that is not that of curl",
    { method: "PUT", body: "{}", headers: { "content-type": "application/json" } },
    ["--request 'PUT'", "--header 'content-type: application/json'", "--data-raw '{}'", ...USUAL],
  ],
  [
    "a body with the usual method",
    { body: "x" },
    ["--request 'GET'", "--header 'Content-Type:'", "--data-raw 'x'", ...USUAL],
  ],
  [
    "a login by a password that is kept elsewhere",
    { username: "ana", password: { keyring: "shop login" } },
    [`--user 'ana:'"$SHOP_LOGIN"`, ...USUAL],
  ],
  [
    "a token that is kept elsewhere",
    { bearer: { file: "2nd.token" } },
    [`--header 'Authorization: Bearer '"$SECRET_2ND_TOKEN"`, ...USUAL],
  ],
  ["that redirects are refused", { redirects: "refuse" }, ["--max-time 10"]],
  ["that none is followed", { redirects: 0 }, ["--max-time 10"]],
  ["how many are followed", { redirects: 3 }, ["--location --max-redirs 3", "--max-time 10"]],
  ["a timeout", { timeout: "1m30s" }, ["--location --max-redirs 10", "--max-time 90"]],
  ["a timeout below a second", { timeout: "800ms" }, ["--location --max-redirs 10", "--max-time 0.8"]],
  [
    "that any certificate will do",
    { verify_tls: false },
    ["--location --max-redirs 10", "--insecure", "--max-time 10"],
  ],
  [
    "whose certificate is trusted",
    { trust: "own ca.pem" },
    ["--location --max-redirs 10", "--cacert 'own ca.pem'", "--max-time 10"],
  ],
  [
    "a proxy",
    { proxy: "socks5://proxy:1080" },
    ["--location --max-redirs 10", "--proxy 'socks5://proxy:1080'", "--max-time 10"],
  ],
  ["the version of IP", { ip: 6 }, ["--location --max-redirs 10", "--ipv6", "--max-time 10"]],
])("curl is told %s", (_, table, expected) => expect(lines(table)).toEqual(expected));

test("whatever stands in a monitor is one word for the shell, and means nothing else", () => {
  const body = `it's "$HOME" \`id\` \\ \n!! @file`;
  const table = {
    http: "https://example.com/?a=1&b='2' $x",
    method: "POST",
    body,
    headers: { "X-It": "it's; rm -rf /" },
  };
  const told = words(table);
  expect(told[0]).toBe(table.http);
  expect(told[told.indexOf("--data-raw") + 1]).toBe(body);
  expect(told[told.indexOf("--header") + 1]).toBe("X-It: it's; rm -rf /");
});

test("a secret is put in where the command is run, as one word", () => {
  const table = { http: "https://example.com/", username: "it's me", password: { env: "PASS" } };
  const told = words(table, { PASS: "a b'c" });
  expect(told[told.indexOf("--user") + 1]).toBe("it's me:a b'c");
});
