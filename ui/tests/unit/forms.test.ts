import { expect, test } from "vitest";
import type { Configuration } from "../../src/contract";
import { ALERTS, CHANNEL } from "../../src/forms/channel";
import type { Group, Table, Values } from "../../src/forms/fields";
import { kindOf } from "../../src/forms/check";
import { FLEET, launchOf } from "../../src/forms/fleet";
import { MONITOR } from "../../src/forms/monitor";
import { PROGRAM } from "../../src/forms/program";
import { names } from "../../src/forms/names";
import { entry, unnamed } from "../../src/forms/subjects";
import { get, KIND, put, readTable, writeTable } from "../../src/forms/table";

const fieldsOf = (groups: readonly Group[]) => groups.flatMap((group) => group.fields);

function edit(groups: readonly Group[], table: Table, change: Values, kind = kindOf(table) as string): Table {
  const fields = fieldsOf(groups);
  return writeTable(fields, { ...readTable(fields, table), [KIND]: kind, ...change }, table);
}

const TABLES: [readonly Group[], Table][] = [
  [
    MONITOR,
    {
      name: "shop",
      http: "https://shop.example/",
      every: "30s",
      accept: ["200-299", 301],
      contains: "Welcome",
      tags: ["a", "b"],
      json: { status: "ok", "queue.length": "< 10", n: 3 },
      password: { keyring: "x" },
      username: "u",
      redirects: 0,
      ip: 4,
      headers: { "X-A": "1" },
      on_down: { restart: "web", tries: 5 },
      maintenance: { daily: "02:00-04:00", days: ["sun"] },
      verify_tls: false,
      something_new: { deep: [1, 2] },
    },
  ],
  [MONITOR, { name: "p", process: { command_line: "java .*server" }, at_most: 1 }],
  [MONITOR, { name: "web fleet", fleet: "web", at_least: 2 }],
  [MONITOR, { name: "h", host: { cpu: 90, disk: { "/": "> 10%" } } }],
  [
    MONITOR,
    {
      name: "c",
      command: ["check", "--all"],
      env: { A: "b", T: { env: "TOKEN" } },
      on_down: { run: ["a", "b"], directory: "/x" },
    },
  ],
  [MONITOR, { name: "one word", ping: "a.example", on_down: { run: ["/opt/my tool/up"] } }],
  [
    PROGRAM,
    {
      name: "web",
      command: "npm run dev",
      directory: "~/web",
      ready: { notify: true },
      limit: { restarts: 5, within: "60s" },
      stop: { signal: "SIGINT" },
      memory: { above: "1GB", for: "1m" },
      restart_on: [3, "SIGHUP"],
      on_quit: "leave running",
      enabled: false,
    },
  ],
  [CHANNEL, { webhook: "https://chat.example/", headers: { Authorization: { file: "token" } }, template: "{}" }],
  [
    ALERTS,
    {
      language: "es",
      alerts: {
        quiet_hours: [
          { from: "22:00", to: "07:00" },
          { from: "12:00", to: "13:00", days: "sun" },
        ],
      },
      network: { reference: [] },
    },
  ],
];

test("a table that nobody changed stays exactly as it was written", () => {
  for (const [groups, table] of TABLES) expect(edit(groups, table, {}), JSON.stringify(table)).toEqual(table);
});

test("what is changed is changed, and nothing else", () => {
  const check = (table: Table, change: Values, after: Table, groups = MONITOR) =>
    expect(edit(groups, table, change)).toEqual(after);
  const base = { name: "a", http: "https://a.example/", accept: [200] };
  check(base, { every: "5m" }, { ...base, every: "5m" });
  check(base, { failures: "3" }, { ...base, failures: 3 });
  check(base, { failures: "three" }, { ...base, failures: "three" });
  check(base, { accept: "200, 301-302" }, { ...base, accept: ["200", "301-302"] });
  check(base, { contains: "one\n\ntwo" }, { ...base, contains: ["one", "two"] });
  check(base, { contains: "one" }, { ...base, contains: "one" });
  check(base, { enabled: false }, { ...base, enabled: false });
  check({ ...base, enabled: false }, { enabled: true }, base);
  check({ ...base, every: "5m" }, { every: " " }, base);
  check(
    base,
    { on_down: { place: "restart", text: "web" }, "on_down.tries": "5" },
    { ...base, on_down: { restart: "web", tries: 5 } },
  );
  check(
    { ...base, on_down: { restart: "web", tries: 5 } },
    { on_down: { place: "start", text: "web" } },
    { ...base, on_down: { start: "web", tries: 5 } },
  );
  check({ ...base, on_down: { restart: "web", tries: 5 } }, { on_down: { place: "", text: "" } }, base);
  check(
    base,
    { on_down: { place: "run", text: "systemctl restart a" } },
    { ...base, on_down: { run: "systemctl restart a" } },
  );
  check(
    base,
    { on_down: { place: "run", text: "/opt/my tool/up\n" } },
    { ...base, on_down: { run: ["/opt/my tool/up"] } },
  );
  check(base, { on_down: { place: "run", text: "up\n\n--now" } }, { ...base, on_down: { run: ["up", "--now"] } });
  check(base, { password: { place: "env", text: "SECRET" } }, { ...base, password: { env: "SECRET" } });
  check(
    base,
    {
      json: [
        { name: "n", place: "text", text: "3" },
        { name: "s", place: "text", text: "ok" },
      ],
    },
    { ...base, json: { n: 3, s: "ok" } },
  );
  check(
    base,
    { maintenance: [{ daily: "02:00-04:00", days: "sat, sun", cron: "", lasts: "" }] },
    { ...base, maintenance: { daily: "02:00-04:00", days: ["sat", "sun"] } },
  );
  const once = { from: "2026-12-24T22:00", to: "2026-12-25T06:00", zone: "Europe/Madrid" };
  check(base, { maintenance: [once] }, { ...base, maintenance: once });
  const web = { name: "web", command: "npm run dev" };
  check(
    web,
    { command: { place: "words", text: "npm\nrun\ndev" } },
    { ...web, command: ["npm", "run", "dev"] },
    PROGRAM,
  );
  check(web, { ready: { place: "notify", text: "" } }, { ...web, ready: { notify: true } }, PROGRAM);
  check({ ...web, limit: { restarts: 1 } }, { "limit.restarts": "" }, web, PROGRAM);
});

test("a key that does not belong to the kind is left for the engine to complain of", () => {
  const table = { name: "a", tcp: "a.example:1", accept: [200] };
  expect(edit(MONITOR, table, { every: "5m" })).toEqual({ ...table, every: "5m" });
});

test("another kind leaves nothing of the kind before", () => {
  const before = {
    name: "a",
    http: "https://a.example/",
    contains: "x",
    method: "HEAD",
    below: "1s",
    every: "5m",
    tags: ["t"],
  };
  expect(edit(MONITOR, before, { tcp: "a.example:443" }, "tcp")).toEqual({
    name: "a",
    tcp: "a.example:443",
    every: "5m",
    tags: ["t"],
  });
});

test("what must be said and is not is sent as nothing, so that the engine names it", () => {
  expect(edit(MONITOR, {}, {}, "http")).toEqual({ name: "", http: "" });
  expect(edit(PROGRAM, { name: "a", command: "b" }, { command: { place: "shell", text: "" } })).toEqual({
    name: "a",
    command: "",
  });
});

test("the kind of a monitor is the key that names its target", () => {
  expect(kindOf({ name: "a", ping: "h" })).toBe("ping");
  expect(kindOf({})).toBe("http");
});

const FILE: Configuration = {
  file: "estatus.toml",
  problems: [],
  tables: {
    monitor: [
      { name: "a", tcp: "h:1" },
      { name: "b", tcp: "h:2" },
    ],
    program: [{ name: "p", command: "c" }],
    channel: { chat: { webhook: "https://chat.example/" } },
    email: { server: "s", from: "f", to: ["t"] },
  },
};

test("problems find their form by section and place in the file", () => {
  const own = entry(FILE, "monitor", "b")?.own;
  expect(own?.(["monitor", "1", "every"])).toEqual(["every"]);
  expect(own?.(["monitor", "0", "every"])).toBeNull();
  expect(own?.(["program", "1", "every"])).toBeNull();
  expect(entry(FILE, "monitor", null)?.own(["monitor", "2", "name"])).toEqual(["name"]);
  expect(entry(FILE, "channel", "chat")?.own(["channel", "chat", "webhook"])).toEqual(["webhook"]);
  expect(unnamed(FILE, "email").own(["email", "server"])).toEqual(["email", "server"]);
  expect(unnamed(FILE, "email").own(["monitor", "0"])).toBeNull();
});

test("there is nothing to edit of what is not in the file", () => {
  expect(entry(FILE, "monitor", "c")).toBeNull();
  expect(entry(FILE, "channel", "c")).toBeNull();
});

test("a channel is renamed beside its table", () => {
  const subject = entry(FILE, "channel", "chat");
  const values = { ...readTable(fieldsOf(CHANNEL), subject?.table ?? {}), ...subject?.more, called: "talk" };
  expect(subject?.edits(values)).toEqual([
    { edit: "put", section: "channel", name: "chat", table: { webhook: "https://chat.example/" }, called: "talk" },
  ]);
});

/** What the form of a fleet that is written as `before` makes of it. */
function fleet(before: Table, change: Values): unknown {
  const subject = entry({ ...FILE, tables: { fleet: { web: before } } }, "fleet", "web");
  const values = { ...readTable(fieldsOf(FLEET), before), ...subject?.more, ...change };
  const [edit] = subject?.edits(values) ?? [];
  return edit && "table" in edit ? edit.table : undefined;
}

test("a fleet that nobody changed stays exactly as it was written", () => {
  const cloud = { region: "us-east-1", endpoint: "http://127.0.0.1:5000" };
  const tables: Table[] = [
    {},
    { min: 1, desired: 2, max: 6, load: 0.6, launch: "local", new: { deep: [1] } },
    { ec2: { ...cloud, template: "lt-0", version: 7, credentials: { id: "AKIA", secret: { keyring: "aws" } } } },
    { ec2: { ...cloud, template: "lt-0", version: "$Latest", credentials: { profile: "default" } } },
    { launch: "asg", asg: { ...cloud, group: "web-asg", credentials: "role" } },
    { command: { create: "./c", list: ["./l", "--json"], terminate: "./t", env: { T: { env: "TOKEN" } } } },
    {
      policy: "schedule",
      schedule: [
        { from: "0 8 * * *", desired: 5 },
        { from: "0 20 * * *", desired: 2 },
      ],
    },
    { listen: "0.0.0.0:50051", advertise: "estatus.example.com:443" },
    { budget: { launches: 10, within: "30m" }, insecure: true, enabled: false, channels: ["email", "chat"] },
  ];
  for (const table of tables) expect(fleet(table, {}), JSON.stringify(table)).toEqual(table);
});

test("instances come from where the form says, and what belongs elsewhere goes", () => {
  expect([{}, { ec2: {} }, { launch: "asg" }, { launch: "local", ec2: {} }].map(launchOf)).toEqual([
    "local",
    "ec2",
    "asg",
    "local",
  ]);
  const ec2 = {
    max: 5,
    ec2: { region: "us-east-1", template: "lt-0", credentials: { id: "A", secret: { env: "S" } } },
  };
  expect(fleet(ec2, { [KIND]: "local" })).toEqual({ max: 5 });
  expect(fleet({ ...ec2, launch: "ec2" }, { [KIND]: "local" })).toEqual({ max: 5, launch: "local" });
  const asg = { [KIND]: "asg", "asg.region": "us-east-1", "asg.group": "g" };
  expect(fleet({ max: 5 }, asg)).toEqual({ max: 5, asg: { region: "us-east-1", group: "g" } });
  expect(fleet({}, { [KIND]: "ec2" })).toEqual({ ec2: { region: "", template: "" } });
});

test("credentials are a word, a profile, or a key with its secret", () => {
  const base = { region: "us-east-1", template: "lt-0" };
  const check = (before: unknown, change: Values, after: unknown) => {
    const table = (credentials: unknown) => ({ ec2: { ...base, ...(credentials !== undefined && { credentials }) } });
    expect(fleet(table(before), change)).toEqual(table(after));
  };
  const key = { id: "AKIA", secret: { keyring: "aws" } };
  const to = (place: string, text = ""): Values => ({ "ec2.credentials": { place, text } });
  const secret: Values = { "ec2.credentials.secret": { place: "keyring", text: "aws" } };
  check(undefined, to("role"), "role");
  check("role", to("profile", "default"), { profile: "default" });
  check("role", { ...to("id", "AKIA"), ...secret }, key);
  check(key, to("profile", "default"), { profile: "default" });
  check(key, to("role"), "role");
  check(key, to(""), undefined);
});

test("a schedule belongs to the policy that goes by it", () => {
  const schedule = [{ from: "0 8 * * *", desired: 5 }];
  expect(fleet({ policy: "schedule", schedule }, { policy: "target" })).toEqual({ policy: "target" });
  const row = { from: "0 8 * * *", desired: "5" };
  expect(fleet({}, { policy: "schedule", schedule: [row] })).toEqual({ policy: "schedule", schedule: schedule[0] });
});

test("settings are set key by key, only those that changed", () => {
  const subject = unnamed(FILE, "email");
  const values = {
    ...readTable(fieldsOf(subject.groups), subject.table),
    "email.port": "465",
    "email.to": "a@b.example, c@d.example",
  };
  expect(subject.edits(values)).toEqual([
    { edit: "set", path: ["email", "port"], value: 465 },
    { edit: "set", path: ["email", "to"], value: ["a@b.example", "c@d.example"] },
  ]);
});

test("names are offered from the file, and e-mail is a channel", () => {
  const { fleet, flow, ...others } = names({ ...FILE, tables: { ...FILE.tables, fleet: { web: {} } } });
  expect(others).toEqual({ monitor: ["a", "b"], program: ["p"], channel: ["email", "chat"] });
  expect({ fleet, flow }).toEqual({ fleet: ["web"], flow: [] });
});

test("values are put and got by path, and what becomes empty goes", () => {
  expect(get({ a: { b: 1 } }, ["a", "b"])).toBe(1);
  expect(get({ a: 1 }, ["a", "b"])).toBeUndefined();
  expect(put({}, ["a", "b"], 1)).toEqual({ a: { b: 1 } });
  expect(put({ a: { b: 1 }, c: 2 }, ["a", "b"], undefined)).toEqual({ c: 2 });
});
