import { fields, type Field, type Group, MONO, NUMBER, rare, SECRET, SPAN, TEXT } from "./fields";

const plain = fields("field.channel");

/** What a further channel says. Its name is a field beside its table. */
export const CHANNEL: readonly Group[] = [
  {
    text: "group.channel",
    fields: [
      plain("webhook", { shape: MONO, example: "https://example.com/hook", hint: "hint.one_way" }),
      plain("command", { shape: { is: "command" }, hint: "hint.channel_command" }),
      plain("email", { shape: { is: "list" }, example: "me@example.com", hint: "hint.channel_email" }),
    ],
  },
  rare("group.more", [
    plain("headers", { shape: { is: "pairs", secret: true } }),
    plain("template", { shape: { is: "area" }, hint: "hint.template" }),
    plain("directory", { shape: MONO }),
    plain("env", { shape: { is: "pairs", secret: true } }),
    plain("timeout", { shape: SPAN, default: "30s" }),
  ]),
];

const email = (key: string, about: Omit<Field, "path" | "text">): Field => ({
  ...fields("field.email")(key, about),
  path: ["email", key],
});

/** E-mail over SMTP: the table `[email]`. */
export const EMAIL: readonly Group[] = [
  {
    text: "group.server",
    fields: [
      email("server", { shape: MONO, example: "smtp.gmail.com", width: "medium" }),
      email("port", { shape: NUMBER, default: "587" }),
      email("security", { shape: { is: "choice", of: ["starttls", "tls", "none"] }, default: "starttls" }),
      email("username", { shape: TEXT, example: "me@example.com", width: "medium" }),
      email("password", { shape: SECRET, hint: "hint.secret" }),
      email("verify_tls", { shape: { is: "switch", usual: true }, advanced: true }),
      email("trust", { shape: MONO, example: "server.pem", hint: "hint.trust", advanced: true }),
      email("hello", {
        shape: MONO,
        example: "estatus.example.com",
        width: "medium",
        hint: "hint.hello",
        advanced: true,
      }),
    ],
  },
  {
    text: "group.mail",
    fields: [
      email("from", { shape: TEXT, example: "me@example.com", width: "medium" }),
      email("to", { shape: { is: "list" }, example: "me@example.com", hint: "hint.list" }),
      email("timeout", { shape: SPAN, default: "30s", advanced: true }),
    ],
  },
];

const root = fields("field");
const quiet = fields("field.quiet");

const QUIET: readonly Field[] = [
  quiet("from", { shape: MONO, example: "22:00", width: "short" }),
  quiet("to", { shape: MONO, example: "07:00", width: "short" }),
  quiet("days", { shape: { is: "days" } }),
];

/** How alerts go, and what belongs to nothing else. */
export const ALERTS: readonly Group[] = [
  {
    text: "group.alerts",
    fields: [
      root("alerts.quiet_hours", { shape: { is: "rows", fields: QUIET }, hint: "hint.quiet_hours" }),
      root("alerts.remind_every", { shape: SPAN, default: "never", hint: "hint.remind_every" }),
      root("alerts.alert_when", { shape: { is: "choice", of: ["always", "unhealed"] }, default: "always" }),
      root("alerts.channels", { shape: { is: "list", names: "channel" }, hint: "hint.channels_all" }),
      root("alerts.merge_within", { shape: SPAN, default: "5s", hint: "hint.merge_within", advanced: true }),
      root("alerts.grace", { shape: SPAN, default: "1m", hint: "hint.grace", advanced: true }),
    ],
  },
  rare("group.more", [
    root("language", { shape: { is: "choice", of: ["en", "es"] }, hint: "hint.language" }),
    root("zone", { shape: MONO, example: "America/Mexico_City", width: "medium", hint: "hint.zone" }),
    root("network.reference", { shape: { is: "list" }, default: "1.1.1.1:443, 9.9.9.9:443", hint: "hint.reference" }),
    root("retention.observations", { shape: SPAN, default: "2d" }),
    root("retention.hours", { shape: SPAN, default: "90d" }),
    root("retention.days", { shape: SPAN, default: "1825d" }),
    root("retention.incidents", { shape: SPAN, default: "730d" }),
  ]),
];
