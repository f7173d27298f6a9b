import type { OtherRule } from "../contract";
import {
  type About,
  type Field,
  fields,
  type Group,
  MONO,
  NUMBER,
  rare,
  SECRET,
  SHARE,
  SPAN,
  type Table,
  type Values,
} from "./fields";

/** Where instances come from, each by the word that stands for it, which is the key of its table too. */
export const LAUNCHES = ["local", "command", "ec2", "asg"] as const;

export type Launch = (typeof LAUNCHES)[number];

/** Where the instances of a fleet come from that is written as `table`. */
export function launchOf(table: Table): Launch {
  return LAUNCHES.find((launch) => launch === table.launch) ?? LAUNCHES.find((launch) => launch in table) ?? "local";
}

/** `table` for instances from `launch`: it says so if it did before, or if nothing else in it does. */
export function launched(table: Table, before: Table, launch: Launch): Table {
  const isSaid = before.launch !== undefined || launchOf(table) !== launch;
  return isSaid && table.launch !== launch ? { ...table, launch } : table;
}

const fleet = fields("field.fleet");
const planned = fields("field.planned");

/** What belongs to instances from one place only; what is alike of several has one text. */
const of = (launch: Launch, key: string, text: string, about: About): Field => ({
  ...fleet(text, { kinds: [launch], ...about }),
  path: `${launch}.${key}`.split("."),
});

const PLANNED: readonly Field[] = [
  planned("from", { shape: MONO, example: "0 8 * * *", width: "short" }),
  planned("desired", { shape: NUMBER, example: "5" }),
];

const FOLDER = { linux: "~/web", windows: "D:\\projects\\web" } as const;

/** How a cloud is reached. */
const cloud = (launch: "ec2" | "asg"): Field[] => [
  of(launch, "credentials", "credentials", {
    shape: { is: "oneof", keys: ["profile", "id"], words: ["role"], narrow: ["profile", "id"] },
    hint: "hint.fleet.credentials",
  }),
  of(launch, "credentials.secret", "secret", {
    shape: SECRET,
    hint: "hint.secret",
    when: { id: `${launch}.credentials`, places: ["id"] },
  }),
  of(launch, "endpoint", "endpoint", {
    shape: MONO,
    example: "http://127.0.0.1:5000",
    width: "medium",
    hint: "hint.fleet.endpoint",
    advanced: true,
  }),
];

/** How large a fleet may be, and by which rule it is scaled. */
export const RULE: Group = {
  text: "group.size",
  fields: [
    fleet("min", { shape: NUMBER, default: "1" }),
    fleet("desired", { shape: NUMBER, hint: "hint.fleet.desired" }),
    fleet("max", { shape: NUMBER, default: "10" }),
    fleet("policy", {
      shape: { is: "choice", of: ["target", "seed", "manual", "schedule"], words: "policy" },
      default: "target",
      hint: "hint.fleet.policy",
    }),
    fleet("load", { shape: SHARE, default: "60%", hint: "hint.fleet.load" }),
    fleet("schedule", {
      shape: { is: "rows", fields: PLANNED },
      hint: "hint.fleet.schedule",
      when: { id: "policy", places: ["schedule"] },
    }),
    fleet("enabled", { shape: { is: "switch", usual: true }, hint: "hint.fleet.enabled" }),
  ],
};

/** Everything that can be said of a fleet, but for its name and where its instances come from. */
export const FLEET: readonly Group[] = [
  {
    text: "group.fleet",
    fields: [
      of("local", "command", "local", { shape: { is: "command" }, hint: "hint.fleet.local" }),
      of("local", "directory", "directory", { shape: MONO, browse: "folder", example: FOLDER, hint: "hint.directory" }),
      of("local", "env", "env", { shape: { is: "pairs", secret: true }, advanced: true }),
      of("command", "create", "create", { shape: { is: "command" }, required: true, hint: "hint.fleet.create" }),
      of("command", "list", "list", { shape: { is: "command" }, required: true, hint: "hint.fleet.list" }),
      of("command", "terminate", "terminate", {
        shape: { is: "command" },
        required: true,
        hint: "hint.fleet.terminate",
      }),
      of("command", "directory", "directory", {
        shape: MONO,
        browse: "folder",
        example: FOLDER,
        hint: "hint.directory",
      }),
      of("command", "env", "env", { shape: { is: "pairs", secret: true }, advanced: true }),
      of("command", "timeout", "timeout", { shape: SPAN, default: "1m", advanced: true }),
      of("ec2", "region", "region", { shape: MONO, example: "us-east-1", width: "medium", required: true }),
      of("ec2", "template", "template", {
        shape: MONO,
        example: "lt-0abc1234def56789",
        width: "medium",
        required: true,
        hint: "hint.fleet.template",
      }),
      of("ec2", "version", "version", {
        shape: NUMBER,
        width: "short",
        default: "$Default",
        hint: "hint.fleet.version",
        advanced: true,
      }),
      of("ec2", "image", "image", {
        shape: MONO,
        example: "ami-0abc1234def56789",
        width: "medium",
        hint: "hint.fleet.image",
        advanced: true,
      }),
      ...cloud("ec2"),
      of("asg", "region", "region", { shape: MONO, example: "us-east-1", width: "medium", required: true }),
      of("asg", "group", "group", {
        shape: MONO,
        example: "web-asg",
        width: "medium",
        required: true,
        hint: "hint.fleet.group",
      }),
      ...cloud("asg"),
    ],
  },
  RULE,
  rare("group.agents", [
    fleet("heartbeat", { shape: SPAN, default: "5s", hint: "hint.fleet.heartbeat" }),
    fleet("boot_within", { shape: SPAN, default: "5m", hint: "hint.fleet.boot_within" }),
    fleet("listen", { shape: MONO, default: "127.0.0.1:50051", width: "medium", hint: "hint.fleet.listen" }),
    fleet("advertise", {
      shape: MONO,
      example: "estatus.example.com:50051",
      width: "medium",
      hint: "hint.fleet.advertise",
    }),
  ]),
  rare("group.more", [
    fleet("budget.launches", { shape: NUMBER, default: "60", hint: "hint.fleet.budget" }),
    fleet("budget.within", { shape: SPAN, default: "1h" }),
    fleet("at_max_for", { shape: SPAN, default: "15m", hint: "hint.fleet.at_max_for" }),
    fleet("channels", { shape: { is: "list", names: "channel" }, hint: "hint.channels" }),
    fleet("insecure", { shape: { is: "switch", usual: false }, hint: "hint.fleet.insecure" }),
    fleet("trust_declared", { shape: { is: "switch", usual: false }, hint: "hint.fleet.trust_declared" }),
    fleet("agent_port", { shape: NUMBER, default: "50052", hint: "hint.fleet.agent_port" }),
  ]),
];

/** What a fleet may be at most where nothing is said, and its load. */
const USUAL = { min: 1, max: 10, load: 0.6 } as const;

/** The rule that a form says, to be tried before it is saved; nothing where it cannot be read. What is not said is as usual. */
export function ruleOf(values: Values): OtherRule | null {
  const said = (key: string) => String(values[key] ?? "").trim();
  const [min, desired, max] = ["min", "desired", "max"].map((key) => whole(said(key)));
  const load = said("load") === "" ? USUAL.load : shareOf(said("load"));
  const schedule = plansOf(values["schedule"]);
  if (min === null || desired === null || max === null || load === null || schedule === null) return null;
  const least = min ?? Math.min(USUAL.min, desired ?? USUAL.min);
  const wanted = desired ?? least;
  return {
    policy: said("policy") || "target",
    min: least,
    desired: wanted,
    max: max ?? Math.max(USUAL.max, wanted),
    load,
    schedule: said("policy") === "schedule" && schedule.length > 0 ? schedule : null,
  };
}

/** A whole number that is typed in; undefined where nothing is, null where it is none. */
function whole(text: string): number | null | undefined {
  if (text === "") return undefined;
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** A share of the whole, like 60% or 0.6. */
function shareOf(text: string): number | null {
  const [, number, percent] = /^(\d+(?:\.\d+)?|\.\d+)\s*(%?)$/.exec(text) ?? [];
  return number === undefined ? null : Number(number) / (percent ? 100 : 1);
}

function plansOf(value: Values[string] | undefined): { from: string; desired: number }[] | null {
  const rows = Array.isArray(value) ? (value as Values[]) : [];
  const plans = rows.map((row) => ({
    from: String(row["from"] ?? "").trim(),
    desired: whole(String(row["desired"] ?? "").trim()),
  }));
  const isWhole = (plan: { from: string; desired: number | null | undefined }) =>
    plan.from !== "" && typeof plan.desired === "number";
  return plans.every(isWhole) ? (plans as { from: string; desired: number }[]) : null;
}
