import { expect, test } from "vitest";
import type { Configuration, SecretState, SecretUser } from "../../src/contract";
import { drafts } from "../../src/forms/drafts.svelte";
import type { Draft, Edited } from "../../src/forms/draft.svelte";
import type { Pair, Placed } from "../../src/forms/fields";
import { namesBeside, secretNames, slug } from "../../src/forms/naming";
import { soundsSecret } from "../../src/forms/secrets";
import { entryForm, unnamedForm } from "../../src/forms/subjects";
import { leftBehind } from "../../src/state/left";

const file = (tables: Record<string, unknown>): Configuration => ({ file: "estatus.toml", tables, problems: [] });

function opened(edited: Edited, tables: Record<string, unknown>): Draft {
  const draft = drafts.open(edited, file(tables));
  if (!draft) throw new Error("there is nothing to edit");
  return draft;
}

const typed = (value: string, text = ""): Placed => ({ place: "keyring", text, typed: value });
const password = (draft: Draft) => draft.values["password"] as Placed;

test("what is typed into a form reaches the file by its name alone", () => {
  const draft = opened(entryForm("monitor", null), {});
  draft.values["name"] = "My Shóp";
  draft.values["http"] = "https://shop.example/";
  draft.values["username"] = "me";
  draft.values["password"] = typed("hunter2");
  expect(draft.isChanged).toBe(true);
  const [edit] = draft.edits;
  expect(edit).toMatchObject({ table: { password: { keyring: "monitor-My-Shop-password" } } });
  expect(JSON.stringify(draft.edits)).not.toContain("hunter2");
  drafts.end(draft);
});

test("a secret that is there keeps its name, and a new one takes nobody's", () => {
  const mail = { server: "smtp.example.com", password: { keyring: "mine" } };
  const known = opened(unnamedForm("email"), { email: mail });
  known.values["email.password"] = typed("hunter2", "mine");
  // The file says already where it is.
  expect([known.isChanged, known.edits]).toEqual([true, []]);
  drafts.end(known);
  const other = { name: "x", http: "https://x/", username: "x", password: { keyring: "smtp" } };
  const fresh = opened(unnamedForm("email"), { email: { server: "smtp.example.com" }, monitor: [other] });
  fresh.values["email.password"] = typed("hunter2");
  expect(fresh.edits).toEqual([{ edit: "set", path: ["email", "password"], value: { keyring: "smtp-2" } }]);
  drafts.end(fresh);
});

test("values of one's own names are secrets each under its own", () => {
  const web = { name: "web", command: "run", env: { A: "plain", KEY: { env: "KEY" } } };
  const draft = opened(entryForm("program", "web"), { program: [web] });
  (draft.values["env"] as Pair[]).push({ name: "API TOKEN", ...typed("one") }, { name: "B", ...typed("two") });
  expect(draft.edits).toMatchObject([
    {
      table: {
        env: {
          A: "plain",
          KEY: { env: "KEY" },
          "API TOKEN": { keyring: "program-web-API-TOKEN" },
          B: { keyring: "program-web-B" },
        },
      },
    },
  ]);
  expect(JSON.stringify(draft.edits)).not.toMatch(/one|two/);
  drafts.end(draft);
});

test("the value of a header is a secret by choice, in a monitor and in a step", () => {
  const headers = { Accept: "text/html", "X-Key": { env: "SHOP_KEY" } };
  const shop = { name: "shop", http: "https://shop.example/", headers };
  const draft = opened(entryForm("monitor", "shop"), { monitor: [shop] });
  expect(draft.values["headers"]).toEqual([
    { name: "Accept", place: "text", text: "text/html" },
    { name: "X-Key", place: "env", text: "SHOP_KEY" },
  ]);
  (draft.values["headers"] as Pair[]).push({ name: "Authorization", ...typed("Bearer hunter2") });
  expect(draft.edits).toMatchObject([
    { table: { headers: { ...headers, Authorization: { keyring: "monitor-shop-Authorization" } } } },
  ]);
  expect(JSON.stringify(draft.edits)).not.toContain("hunter2");
  drafts.end(draft);

  const step = { name: "call", http: "https://x/", headers: { Accept: "text/html" } };
  const flow = opened(entryForm("flow", "release"), { flow: { release: { step: [step] } } });
  (flow.values["step.=call.headers"] as Pair[]).push({ name: "X-Token", ...typed("hunter2") });
  expect(flow.edits).toMatchObject([
    { table: { step: [{ headers: { Accept: "text/html", "X-Token": { keyring: "flow-release-call-X-Token" } } }] } },
  ]);
  drafts.end(flow);
});

test("a secret that was typed is forgotten with its page, and the rest of the form is not", () => {
  const shop = { name: "shop", http: "https://shop.example/", username: "me", password: { env: "SHOP" } };
  const form = entryForm("monitor", "shop");
  const draft = opened(form, { monitor: [shop] });
  draft.values["every"] = "5m";
  draft.values["password"] = typed("hunter2");
  drafts.leave(draft);
  expect(JSON.stringify(draft.values)).not.toContain("hunter2");
  const again = opened(form, { monitor: [shop] });
  expect([again.values["every"], password(again)]).toEqual(["5m", { place: "env", text: "SHOP" }]);
  drafts.end(again);

  const untouched = opened(form, { monitor: [shop] });
  untouched.values["password"] = typed("hunter2");
  drafts.leave(untouched);
  expect(drafts.isUnsaved("monitor/shop")).toBe(false);
});

test("the secret of a step is called after it, and a copy has one of its own", () => {
  const step = { name: "deploy it", http: "https://x/", username: "me", password: { keyring: "old" } };
  const draft = opened(entryForm("flow", "release"), { flow: { release: { step: [step] } } });
  draft.values["step.=deploy it.bearer"] = typed("hunter2");
  const [edit] = draft.edits;
  expect(edit).toMatchObject({ table: { step: [{ bearer: { keyring: "flow-release-deploy-it-bearer" } }] } });
  drafts.end(draft);
});

test("names are of what the store takes, and none is too long", () => {
  expect(slug(["monitor", "página 2", "password"])).toBe("monitor-pagina-2-password");
  expect(slug(["channel", "///", "Authorization"])).toBe("channel-Authorization");
  expect(slug(["日本"])).toBe("secret");
  expect(slug(["x".repeat(200)]).length).toBe(60);
});

test("names of secrets are found wherever they stand", () => {
  const email = { password: { keyring: "smtp" } };
  const tables = { email, program: [{ env: { A: { keyring: "a" }, B: "keyring" } }, { env: { C: { keyring: "a" } } }] };
  expect(secretNames(tables)).toEqual(["smtp", "a", "a"]);
  expect(namesBeside(tables, email)).toEqual(new Set(["a"]));
  expect(namesBeside(tables, tables.program[0])).toEqual(new Set(["smtp", "a"]));
});

test("what is left behind is what is stored and what nothing else uses", () => {
  const user = (section: SecretUser["section"], name: string): SecretUser => ({ section, name });
  const state = (name: string, users: SecretUser[] | null, isStored = true): SecretState => ({
    name,
    stored: isStored ? { in: "keyring", called: "Secret Service" } : null,
    trouble: null,
    used_by: users,
  });
  const states = [
    state("own", [user("monitor", "shop")]),
    state("both", [user("monitor", "shop"), user("monitor", "router")]),
    state("shared", [user("monitor", "shop"), user("program", "shop")]),
    state("unused", []),
    state("unknown", null),
    state("missing", [user("monitor", "shop")], false),
  ];
  expect(leftBehind(states, [user("monitor", "shop")])).toEqual(["own"]);
  expect(leftBehind(states, [user("monitor", "router"), user("monitor", "shop")])).toEqual(["own", "both"]);
  expect(leftBehind(states, [user("monitor", "other")])).toEqual([]);
});

test("some names sound like secrets", () => {
  for (const name of ["DB_PASSWORD", "token", "AUTHORIZATION", "X-Api-Key", "GITHUB_TOKEN"])
    expect(soundsSecret(name), name).toBe(true);
  for (const name of ["NODE_ENV", "PATH", "PORT", "Content-Type"]) expect(soundsSecret(name), name).toBe(false);
});
