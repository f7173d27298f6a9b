import { expect, test } from "vitest";
import type { Kind, MonitorState } from "../../src/contract";
import { lines, LINES_MAX, setup, watchedAs } from "../../src/state/pasted";

/** What `text` is read as, the likeliest first. */
function readings(text: string): string[] {
  const [line] = lines(text);
  return line?.readings?.map(({ kind, target }) => `${kind} ${target}`) ?? [];
}

test("the likeliest reading of what is pasted comes first", () => {
  const check = (text: string, first: string) => expect(readings(text)[0], text).toBe(first);
  check("example.org", "http https://example.org/");
  check("  www.example.org/a?b#c ", "http https://www.example.org/a?b#c");
  check("http://example.org", "http http://example.org/");
  check("HTTPS://Example.org/Path", "http https://example.org/Path");
  check("example.org:8080/health", "http https://example.org:8080/health");
  check("localhost", "http http://localhost/");
  check("localhost:3000", "tcp localhost:3000");
  check("localhost:3000/health", "http http://localhost:3000/health");
  check("192.168.1.1", "ping 192.168.1.1");
  check("::1", "ping ::1");
  check("[::1]", "ping ::1");
  check("fe80::1:2", "ping fe80::1:2");
  check("2001:db8::80", "ping 2001:db8::80");
  check("[::1]:80", "tcp [::1]:80");
  check("db.example:5432", "tcp db.example:5432");
  check("myhost:22", "tcp myhost:22");
  check("192.168.1.1:9100", "tcp 192.168.1.1:9100");
  check(":8080", "tcp 127.0.0.1:8080");
  check("8080", "tcp 127.0.0.1:8080");
  check("notepad.exe", "process notepad.exe");
  check("nginx", "process nginx");
  check("gnome-shell", "process gnome-shell");
  check("reloj.py", "process reloj.py");
  check("C:\\Program Files\\Reloj\\reloj.exe", "process C:\\Program Files\\Reloj\\reloj.exe");
  check("/usr/sbin/nginx", "process /usr/sbin/nginx");
  check("bücher.example", "http https://xn--bcher-kva.example/");
});

test("what else it can be is there to choose", () => {
  expect(readings("example.org")).toEqual([
    "http https://example.org/",
    "http http://example.org/",
    "ping example.org",
    "tls example.org:443",
    "dns example.org",
  ]);
  expect(readings("[::1]:80")).toEqual([
    "tcp [::1]:80",
    "http http://[::1]/",
    "http https://[::1]:80/",
    "tls [::1]:80",
    "ping ::1",
  ]);
  expect(readings("https://example.org/a")).toEqual([
    "http https://example.org/a",
    "tls example.org:443",
    "tcp example.org:443",
    "ping example.org",
  ]);
  expect(readings("nginx")).toEqual(["process nginx", "ping nginx", "http https://nginx/", "http http://nginx/"]);
  expect(readings("mail.example:465")[1]).toBe("http https://mail.example:465/");
  expect(readings("192.168.1.1")).toEqual([
    "ping 192.168.1.1",
    "http https://192.168.1.1/",
    "http http://192.168.1.1/",
  ]);
});

test("what cannot be checked is refused, and told what could be used instead", () => {
  const check = (text: string, instead: string | null, scheme: string) =>
    expect(lines(text)[0], text).toEqual({ text, readings: null, why: { not: "checked", scheme, instead } });
  check("ftp://x.y", "x.y:21", "ftp");
  check("ftp://x.y:2121/pub", "x.y:2121", "ftp");
  check("ssh://git@host.example/repo", "host.example:22", "ssh");
  check("postgres://me:secret@[::1]/shop", "[::1]:5432", "postgres");
  check("wss://chat.example/live", "chat.example:443", "wss");
  check("file:///etc/passwd", null, "file");
  check("gopher://old.example", null, "gopher");
});

test("what is nothing of all this is not understood", () => {
  for (const text of [
    "two words",
    "300.1.1.1",
    "192.168.1",
    "host:99999",
    "host:0",
    "a@b.example",
    "https://",
    "-x",
    "a..b",
    "99999",
  ])
    expect(lines(text)[0], text).toEqual({ text, readings: null, why: { not: "understood" } });
  expect(lines(" \n # a remark\n")).toEqual([]);
});

test("each line is read for itself, without what stands around it in lists and letters, and once", () => {
  const text = '- example.org\r\n2) "192.168.1.1",\n\n* <https://a.example/>\nexample.org\n`nginx`;';
  expect(lines(text).map(({ text }) => text)).toEqual(["example.org", "192.168.1.1", "https://a.example/", "nginx"]);
  expect(lines(Array.from({ length: 500 }, (_, index) => `a${index}.example`).join("\n"))).toHaveLength(LINES_MAX);
});

test("what is watched already is found by what it watches, not by its name", () => {
  const monitor = (kind: Kind, target: string) => ({ name: `my ${kind}`, kind, target }) as MonitorState;
  const all = [
    monitor("http", "https://example.org/"),
    monitor("tcp", "127.0.0.1:5432"),
    monitor("ping", "192.168.1.1"),
    monitor("process", "nginx"),
    monitor("dns", "example.org A"),
    monitor("tls", "example.org:443"),
  ];
  const known = (text: string, at = 0) => {
    const reading = lines(text)[0]?.readings?.[at];
    return reading && watchedAs(reading, all)?.name;
  };
  expect(known("EXAMPLE.org")).toBe("my http");
  expect(known("example.org", 1)).toBeUndefined();
  expect(known("example.org", 3)).toBe("my tls");
  expect(known("example.org", 4)).toBe("my dns");
  expect(known("localhost:5432")).toBe("my tcp");
  expect(known("192.168.1.1")).toBe("my ping");
  expect(known("nginx")).toBe("my process");
  expect(known("nginx.exe")).toBeUndefined();
});

test("monitors are made of what was read, each under a name of its own", () => {
  const all = lines("a.example/b\n[::1]:80\n192.0.2.1\n/usr/sbin/nginx\nnginx").flatMap(
    ({ readings }) => readings?.[0] ?? [],
  );
  const tables = setup(all, new Set(["nginx"])).edits.map((edit) => (edit.edit === "put" ? edit.table : null));
  expect(tables).toEqual([
    { name: "a.example/b", http: "https://a.example/b", every: "1m" },
    { name: "[::1]:80", tcp: "[::1]:80", every: "30s" },
    { name: "192.0.2.1", ping: "192.0.2.1", every: "30s" },
    { name: "nginx 2", process: { path: "/usr/sbin/nginx" }, every: "10s" },
    { name: "nginx 3", process: "nginx", every: "10s" },
  ]);
});
