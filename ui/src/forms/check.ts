import type { Kind } from "../contract";
import {
  type About,
  BELOW,
  type Field,
  fields,
  type Group,
  MONO,
  NUMBER,
  rare,
  SECRET,
  SIZE,
  SPAN,
  type Table,
  TEXT,
} from "./fields";

/** The kinds of checks, each by the key that names its target. */
export const KINDS: readonly Kind[] = ["http", "tcp", "tls", "dns", "ping", "process", "command", "host", "fleet"];

/** The kind of a monitor that is written as `table`. */
export function kindOf(table: Table): Kind {
  return KINDS.find((kind) => kind in table) ?? "http";
}

const kind = (kind: Kind, about: About, ...path: string[]): Field =>
  fields("field")([kind, ...path].join("."), { kinds: [kind], ...about });

const RECORDS = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"];

/** What is checked. */
export const TARGETS: readonly Field[] = [
  kind("http", { shape: MONO, example: "https://example.com/", required: true }),
  kind("tcp", { shape: MONO, example: "127.0.0.1:5432", width: "medium", required: true }),
  kind("tls", { shape: MONO, example: "example.com:443", width: "medium", required: true }),
  kind("dns", { shape: MONO, example: "example.com", width: "medium", required: true }),
  kind("ping", { shape: MONO, example: "192.168.1.1", width: "medium", required: true }),
  kind("process", {
    shape: { is: "place", keys: ["path", "command_line"], bare: "name", narrow: ["name"] },
    browse: "file",
    example: { linux: "nginx", windows: "nginx.exe" },
    required: true,
  }),
  kind("command", { shape: { is: "command" }, required: true, hint: "hint.command" }),
  kind("host", { shape: BELOW, example: "90%" }, "cpu"),
  kind("host", { shape: BELOW, example: "90%" }, "memory"),
  kind("host", { shape: MONO, example: "< 4", width: "short", platform: "linux" }, "load"),
  kind("host", { shape: { is: "pairs" }, example: "> 10%", hint: "hint.disk" }, "disk"),
  kind("host", { shape: SPAN, default: "1m" }, "for"),
  kind("fleet", { shape: { is: "name", of: "fleet" }, required: true }),
];

/** The keys that belong to some kinds only. */
const of = (key: string, kinds: readonly Kind[], about: About): Field => fields("field")(key, { kinds, ...about });

export const EXPECTED: Group = rare("group.expected", [
  of("accept", ["http", "command"], {
    shape: { is: "list" },
    default: { http: "200-299", command: "0" },
    width: "medium",
    hint: "hint.accept",
  }),
  of("contains", ["http", "command"], { shape: { is: "lines" }, hint: "hint.lines" }),
  of("lacks", ["http", "command"], { shape: { is: "lines" }, hint: "hint.lines" }),
  of("matches", ["http", "command"], { shape: { is: "lines" }, hint: "hint.matches" }),
  of("json", ["http"], { shape: { is: "pairs", typed: true }, example: "< 10", hint: "hint.json" }),
  of("below", ["http"], { shape: SPAN, example: "800ms" }),
  of("certificate_days", ["http", "tls"], { shape: NUMBER, default: "14", hint: "hint.certificate_days" }),
  of("send", ["tcp"], { shape: TEXT }),
  of("expect", ["tcp", "dns"], { shape: { is: "lines" }, hint: "hint.lines" }),
  of("record", ["dns"], { shape: { is: "choice", of: RECORDS }, default: "A" }),
  of("at_least", ["process", "fleet"], { shape: NUMBER, default: { process: "1" } }),
  of("at_most", ["process"], { shape: NUMBER }),
]);

export const ASKED: Group = rare("group.asked", [
  of("method", ["http"], { shape: MONO, default: "GET", width: "short" }),
  of("headers", ["http"], { shape: { is: "pairs", secret: true } }),
  of("body", ["http"], { shape: { is: "area" } }),
  of("username", ["http"], { shape: TEXT, width: "medium" }),
  of("password", ["http"], { shape: SECRET, hint: "hint.secret" }),
  of("bearer", ["http"], { shape: SECRET, hint: "hint.secret" }),
  of("redirects", ["http"], { shape: NUMBER, default: "10", hint: "hint.redirects" }),
  of("proxy", ["http"], { shape: MONO, example: "http://proxy:3128", width: "medium" }),
  of("verify_tls", ["http", "tls"], { shape: { is: "switch", usual: true } }),
  of("trust", ["http", "tls"], { shape: MONO, browse: "file", example: "server.pem", hint: "hint.trust" }),
  of("starttls", ["tls"], { shape: { is: "choice", of: ["smtp", "imap", "pop3", "ftp"], words: "protocol" } }),
  of("ip", ["http", "tcp", "tls", "ping"], { shape: { is: "choice", of: ["4", "6"] } }),
  of("server", ["dns"], { shape: MONO, example: "9.9.9.9", width: "medium" }),
  of("body_limit", ["http"], { shape: SIZE, default: "16MiB" }),
  of("directory", ["command"], { shape: MONO, browse: "folder" }),
  of("env", ["command"], { shape: { is: "pairs", secret: true } }),
]);
