import type { Kind } from "../contract";
import { type Field, type Group, SECRET, type Table } from "./fields";

/** The kinds of checks, each by the key that names its target. */
export const KINDS: readonly Kind[] = ["http", "tcp", "tls", "dns", "ping", "process", "command", "host", "fleet"];

/** The kind of a monitor that is written as `table`. */
export function kindOf(table: Table): Kind {
  return KINDS.find((kind) => kind in table) ?? "http";
}

const kind = (kind: Kind, field: Omit<Field, "path" | "kinds" | "text">, ...path: string[]): Field => ({
  path: [kind, ...path],
  kinds: [kind],
  text: `field.${[kind, ...path].join(".")}` as Field["text"],
  ...field,
});

const MONO = { is: "text", mono: true } as const;

const RECORDS = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"];

/** What is checked. */
export const TARGETS: readonly Field[] = [
  kind("http", { shape: MONO, usual: "https://example.com/", required: true }),
  kind("tcp", { shape: MONO, usual: "127.0.0.1:5432", required: true }),
  kind("tls", { shape: MONO, usual: "example.com:443", required: true }),
  kind("dns", { shape: MONO, usual: "example.com", required: true }),
  kind("ping", { shape: MONO, usual: "192.168.1.1", required: true }),
  kind("process", {
    shape: { is: "place", keys: ["path", "command_line"], bare: "name" },
    usual: "reloj.exe",
    required: true,
  }),
  kind("command", { shape: { is: "command" }, required: true, hint: "hint.command" }),
  kind("host", { shape: MONO, usual: "< 90%" }, "cpu"),
  kind("host", { shape: MONO, usual: "< 90%" }, "memory"),
  kind("host", { shape: MONO, usual: "< 4" }, "load"),
  kind("host", { shape: { is: "pairs" }, usual: "> 10%", hint: "hint.disk" }, "disk"),
  kind("host", { shape: MONO, usual: "1m" }, "for"),
  kind("fleet", { shape: { is: "name", of: "fleet" }, required: true }),
];

/** The keys that belong to some kinds only. */
const of = (key: string, kinds: readonly Kind[], field: Omit<Field, "path" | "kinds" | "text">): Field => ({
  path: [key],
  kinds,
  text: `field.${key}` as Field["text"],
  ...field,
});

export const EXPECTED: Group = {
  text: "group.expected",
  fields: [
    of("accept", ["http", "command"], { shape: { is: "list" }, usual: "200-299", hint: "hint.accept" }),
    of("contains", ["http", "command"], { shape: { is: "lines" }, hint: "hint.lines" }),
    of("lacks", ["http", "command"], { shape: { is: "lines" }, hint: "hint.lines" }),
    of("matches", ["http", "command"], { shape: { is: "lines" }, hint: "hint.matches" }),
    of("json", ["http"], { shape: { is: "pairs", typed: true }, usual: "< 10", hint: "hint.json" }),
    of("below", ["http"], { shape: MONO, usual: "800ms" }),
    of("certificate_days", ["http", "tls"], { shape: { is: "number" }, usual: "14", hint: "hint.certificate_days" }),
    of("send", ["tcp"], { shape: { is: "text" } }),
    of("expect", ["tcp", "dns"], { shape: { is: "lines" }, hint: "hint.lines" }),
    of("record", ["dns"], { shape: { is: "choice", of: RECORDS }, usual: "A" }),
    of("at_least", ["process", "fleet"], { shape: { is: "number" }, usual: "1" }),
    of("at_most", ["process"], { shape: { is: "number" } }),
  ],
};

export const ASKED: Group = {
  text: "group.asked",
  folded: true,
  fields: [
    of("method", ["http"], { shape: MONO, usual: "GET" }),
    of("headers", ["http"], { shape: { is: "pairs" } }),
    of("body", ["http"], { shape: { is: "area" } }),
    of("username", ["http"], { shape: { is: "text" } }),
    of("password", ["http"], { shape: SECRET, hint: "hint.secret" }),
    of("bearer", ["http"], { shape: SECRET, hint: "hint.secret" }),
    of("redirects", ["http"], { shape: { is: "number" }, usual: "10", hint: "hint.redirects" }),
    of("proxy", ["http"], { shape: MONO, usual: "http://proxy:3128" }),
    of("verify_tls", ["http", "tls"], { shape: { is: "switch", usual: true } }),
    of("trust", ["http", "tls"], { shape: MONO, usual: "server.pem", hint: "hint.trust" }),
    of("starttls", ["tls"], { shape: { is: "choice", of: ["smtp", "imap", "pop3", "ftp"] } }),
    of("ip", ["http", "tcp", "tls", "ping"], { shape: { is: "choice", of: ["4", "6"] } }),
    of("server", ["dns"], { shape: MONO, usual: "9.9.9.9" }),
    of("body_limit", ["http"], { shape: MONO, usual: "16MiB" }),
    of("directory", ["command"], { shape: MONO }),
    of("env", ["command"], { shape: { is: "pairs", secret: true } }),
  ],
};
