import { type Field, type Group, SECRET } from "./fields";

const plain = (key: string, field: Omit<Field, "path" | "text">): Field => ({
  path: key.split("."),
  text: `field.channel.${key}` as Field["text"],
  ...field,
});

const MONO = { is: "text", mono: true } as const;

/** What a further channel says. Its name is a field beside its table. */
export const CHANNEL: readonly Group[] = [
  {
    text: "group.channel",
    fields: [
      plain("webhook", { shape: MONO, usual: "https://example.com/hook", hint: "hint.one_way" }),
      plain("command", { shape: { is: "command" }, hint: "hint.channel_command" }),
      plain("email", { shape: { is: "list" }, usual: "me@example.com", hint: "hint.channel_email" }),
    ],
  },
  {
    text: "group.more",
    folded: true,
    fields: [
      plain("headers", { shape: { is: "pairs", secret: true } }),
      plain("template", { shape: { is: "area" }, hint: "hint.template" }),
      plain("directory", { shape: MONO }),
      plain("env", { shape: { is: "pairs", secret: true } }),
      plain("timeout", { shape: MONO, usual: "30s" }),
    ],
  },
];

const email = (key: string, field: Omit<Field, "path" | "text">): Field => ({
  path: ["email", key],
  text: `field.email.${key}` as Field["text"],
  ...field,
});

/** E-mail over SMTP: the table `[email]`. */
export const EMAIL: readonly Group[] = [
  {
    text: "group.server",
    fields: [
      email("server", { shape: MONO, usual: "smtp.gmail.com" }),
      email("port", { shape: { is: "number" }, usual: "587" }),
      email("security", { shape: { is: "choice", of: ["starttls", "tls", "none"] }, usual: "starttls" }),
      email("verify_tls", { shape: { is: "switch", usual: true } }),
      email("trust", { shape: MONO, usual: "server.pem", hint: "hint.trust" }),
      email("hello", { shape: MONO, usual: "estatus.example.com", hint: "hint.hello" }),
      email("username", { shape: { is: "text" }, usual: "me@example.com" }),
      email("password", { shape: SECRET, hint: "hint.secret" }),
    ],
  },
  {
    text: "group.mail",
    fields: [
      email("from", { shape: { is: "text" }, usual: "me@example.com" }),
      email("to", { shape: { is: "list" }, usual: "me@example.com", hint: "hint.list" }),
      email("timeout", { shape: MONO, usual: "30s" }),
    ],
  },
];

const root = (path: string, field: Omit<Field, "path" | "text">): Field => ({
  path: path.split("."),
  text: `field.${path}` as Field["text"],
  ...field,
});

const QUIET: readonly Field[] = [
  { path: ["from"], text: "field.quiet.from", shape: MONO, usual: "22:00" },
  { path: ["to"], text: "field.quiet.to", shape: MONO, usual: "07:00" },
  { path: ["days"], text: "field.quiet.days", shape: { is: "days" } },
];

/** How alerts go, and what belongs to nothing else. */
export const ALERTS: readonly Group[] = [
  {
    text: "group.alerts",
    fields: [
      root("alerts.quiet_hours", { shape: { is: "rows", fields: QUIET }, hint: "hint.quiet_hours" }),
      root("alerts.remind_every", { shape: MONO, usual: "never", hint: "hint.remind_every" }),
      root("alerts.merge_within", { shape: MONO, usual: "5s", hint: "hint.merge_within" }),
      root("alerts.grace", { shape: MONO, usual: "1m", hint: "hint.grace" }),
      root("alerts.alert_when", { shape: { is: "choice", of: ["always", "unhealed"] }, usual: "always" }),
      root("alerts.channels", { shape: { is: "list", names: "channel" }, hint: "hint.channels_all" }),
    ],
  },
  {
    text: "group.more",
    folded: true,
    fields: [
      root("language", { shape: { is: "choice", of: ["en", "es"] }, hint: "hint.language" }),
      root("zone", { shape: MONO, usual: "America/Mexico_City", hint: "hint.zone" }),
      root("network.reference", { shape: { is: "list" }, usual: "1.1.1.1:443, 9.9.9.9:443", hint: "hint.reference" }),
      root("retention.observations", { shape: MONO, usual: "2d" }),
      root("retention.hours", { shape: MONO, usual: "90d" }),
      root("retention.days", { shape: MONO, usual: "1825d" }),
      root("retention.incidents", { shape: MONO, usual: "730d" }),
    ],
  },
];
