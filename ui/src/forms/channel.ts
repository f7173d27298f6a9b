import {
  type About,
  type Field,
  fields,
  type Group,
  MONO,
  NUMBER,
  rare,
  SECRET,
  SPAN,
  type Table,
  TEXT,
} from "./fields";

/** The kinds of channels, each by the key that makes it. */
export const CHANNEL_KINDS = [
  "telegram",
  "discord",
  "slack",
  "teams",
  "ntfy",
  "gotify",
  "pushover",
  "webhook",
  "command",
  "email",
] as const;

export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** The kind of a channel that is written as `table`; of a new one, the one that comes first. */
export function channelKindOf(table: Table): ChannelKind {
  return CHANNEL_KINDS.find((kind) => kind in table) ?? CHANNEL_KINDS[0];
}

/** What a channel of one kind says: below the key that makes it, or that key itself. */
const of = (kind: ChannelKind, key: string, about: About): Field => ({
  ...fields("field.channel")(key, { kinds: [kind], ...about }),
});

const secret = (kind: ChannelKind, key: string): Field =>
  of(kind, key, { shape: SECRET, required: true, hint: `hint.channel.${key}` as About["hint"] });

const SERVER = { shape: MONO, width: "medium" } as const;

/** What a further channel says. Its name is a field beside its table, and comes last: its kind proposes one. */
export const CHANNEL: readonly Group[] = [
  {
    text: "group.channel",
    fields: [
      secret("telegram", "telegram.token"),
      of("telegram", "telegram.chat", {
        shape: MONO,
        example: "123456789",
        width: "medium",
        required: true,
        hint: "hint.channel.telegram.chat",
      }),
      secret("discord", "discord"),
      secret("slack", "slack"),
      secret("teams", "teams"),
      of("ntfy", "ntfy.topic", {
        shape: MONO,
        example: "my-alerts-7f3a",
        width: "medium",
        required: true,
        hint: "hint.channel.ntfy.topic",
      }),
      of("ntfy", "ntfy.server", { ...SERVER, default: "https://ntfy.sh" }),
      of("gotify", "gotify.server", { ...SERVER, example: "https://gotify.example.com", required: true }),
      secret("gotify", "gotify.token"),
      secret("pushover", "pushover.token"),
      of("pushover", "pushover.user", {
        shape: MONO,
        width: "medium",
        required: true,
        hint: "hint.channel.pushover.user",
      }),
      of("webhook", "webhook", {
        shape: { ...SECRET, bare: "url" },
        example: "https://example.com/hook",
        required: true,
        hint: "hint.channel.webhook",
      }),
      of("command", "command", { shape: { is: "command" }, required: true, hint: "hint.channel_command" }),
      of("email", "email", {
        shape: { is: "list" },
        example: "me@example.com",
        required: true,
        hint: "hint.channel_email",
      }),
    ],
  },
  rare("group.more", [
    of("telegram", "telegram.server", {
      ...SERVER,
      default: "https://api.telegram.org",
      hint: "hint.channel.telegram.server",
    }),
    of("ntfy", "ntfy.token", { shape: SECRET, hint: "hint.channel.ntfy.token" }),
    of("webhook", "headers", { shape: { is: "pairs", secret: true } }),
    of("webhook", "template", { shape: { is: "area" }, hint: "hint.template" }),
    of("command", "directory", { shape: MONO, browse: "folder" }),
    of("command", "env", { shape: { is: "pairs", secret: true } }),
    fields("field.channel")("timeout", { shape: SPAN, default: "30s" }),
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
      email("security", {
        shape: { is: "choice", of: ["starttls", "tls", "none"], words: "security" },
        default: "starttls",
      }),
      email("username", { shape: TEXT, example: "me@example.com", width: "medium" }),
      email("password", { shape: SECRET, hint: "hint.secret" }),
      email("verify_tls", { shape: { is: "switch", usual: true }, advanced: true }),
      email("trust", { shape: MONO, browse: "file", example: "server.pem", hint: "hint.trust", advanced: true }),
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
