import { milliseconds } from "../forms/amount";
import type { Table } from "../forms/fields";

/** How long a probe may take where the file does not say, in seconds. */
const TIMEOUT = 10;
/** So many redirects are followed where the file does not say. */
const REDIRECTS = 10;
/** Headers whose values are nobody's business. */
const SECRET = /auth|cookie|token|secret|key|password|credential|session|signature/i;

/**
 * A command of curl, for a shell of Unix, that asks as the http monitor `table` does. Secrets stand in it as `$NAME`, for whoever runs it to
 * set.
 */
export function curl(table: Table): string {
  const parts = [`curl ${quoted(String(table.http))}`, ...method(table), ...headers(table), ...login(table)];
  if (typeof table.body === "string") parts.push(`--data-raw ${quoted(table.body)}`);
  const redirects =
    typeof table.redirects === "number" ? table.redirects : table.redirects === "refuse" ? 0 : REDIRECTS;
  if (redirects > 0) parts.push(`--location --max-redirs ${redirects}`);
  if (table.verify_tls === false) parts.push("--insecure");
  if (typeof table.trust === "string") parts.push(`--cacert ${quoted(table.trust)}`);
  if (typeof table.proxy === "string") parts.push(`--proxy ${quoted(table.proxy)}`);
  if (table.ip !== undefined) parts.push(String(table.ip) === "6" ? "--ipv6" : "--ipv4");
  const ms = milliseconds(String(table.timeout ?? ""));
  parts.push(`--max-time ${ms === null ? TIMEOUT : ms / 1000}`);
  return parts.join(" \\\n  ");
}

function method({ method, body }: Table): string[] {
  const wanted = String(method ?? "GET").toUpperCase();
  if (wanted === "HEAD") return ["--head"];
  // By itself curl says GET, and POST where there is a body.
  return wanted === (body === undefined ? "GET" : "POST") ? [] : [`--request ${quoted(wanted)}`];
}

function headers({ headers, body }: Table): string[] {
  const given = Object.entries((headers ?? {}) as Table);
  const all = given.map(([name, value]) => {
    const isSecret = typeof value !== "string" || SECRET.test(name);
    return `--header ${isSecret ? quoted(`${name}: `) + variable(nameOf(value, name)) : quoted(header(name, value))}`;
  });
  // What curl would say of a body by itself is not said by a monitor.
  const isTyped = given.some(([name]) => name.toLowerCase() === "content-type");
  return body === undefined || isTyped ? all : [...all, "--header 'Content-Type:'"];
}

/** A header as curl takes it: one that says nothing ends so. */
const header = (name: string, value: string) => (value === "" ? `${name};` : `${name}: ${value}`);

function login({ username, password, bearer }: Table): string[] {
  if (bearer !== undefined) return [`--header 'Authorization: Bearer '${variable(nameOf(bearer, "BEARER"))}`];
  if (username === undefined) return [];
  return [`--user ${quoted(`${String(username)}:`)}${variable(nameOf(password, "PASSWORD"))}`];
}

/** What a secret is called where it is kept. */
function nameOf(secret: unknown, otherwise: string): string {
  const [name] = typeof secret === "object" && secret !== null ? Object.values(secret) : [];
  return typeof name === "string" ? name : otherwise;
}

/** The variable of the shell that is called like `name`, as one word whatever is in it. */
function variable(name: string): string {
  const word = name
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  return `"$${/^[A-Z]/.test(word) ? word : `SECRET_${word}`}"`;
}

/** `text` as one word of the shell, in which nothing means anything but itself. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
