import type { Health, Kind, LastSeen, MonitorState, Phase, Standing } from "../../contract";
import { ago, chance, DAY, HOUR, MINUTE } from "./seed";

/** How a monitor of the sample world is. */
export interface Sample {
  name: string;
  kind: Kind;
  target: string;
  tags?: string[];
  health?: Health;
  /** Seconds since it has been so. */
  since?: number;
  /** Seconds since it was first checked; for ever if it is not said. */
  begun?: number;
  latency?: number | null;
  detail: string;
  last?: Partial<LastSeen>;
  more?: Partial<MonitorState>;
}

const PAGE_FAILURE = `HTTP/1.1 503 Service Unavailable
server: nginx/1.25.4
retry-after: 30

<html><head><title>503 Service Temporarily Unavailable</title></head>
<body><h1>The shop is being updated</h1></body></html>`;

export const SAMPLES: Sample[] = [
  {
    name: "portfolio",
    kind: "http",
    target: "https://portfolio.example/",
    tags: ["web", "public"],
    latency: 182,
    detail: "200 OK",
    since: 41 * DAY,
    last: {
      remote: "203.0.113.17:443",
      certificate_until: new Date(Date.now() + 9 * DAY * 1000).toISOString(),
      warning: {
        kind: "certificate_expires",
        subject: "portfolio.example",
        not_after: new Date(Date.now() + 9 * DAY * 1000).toISOString(),
      },
    },
  },
  {
    name: "shop",
    kind: "http",
    target: "https://shop.example/cart",
    tags: ["web", "public", "money"],
    health: "down",
    since: 14 * MINUTE,
    latency: 240,
    detail: "status 503 Service Unavailable, expected 200-299",
    last: { failed_in: "assertion", evidence: PAGE_FAILURE, remote: "203.0.113.40:443" },
  },
  {
    name: "web port",
    kind: "tcp",
    target: "127.0.0.1:5173",
    tags: ["local", "dev"],
    health: "recovering",
    since: 40,
    latency: 0.4,
    detail: "connected",
    more: { heals: "web" },
  },
  { name: "database", kind: "tcp", target: "127.0.0.1:5432", tags: ["local"], latency: 0.3, detail: "connected" },
  {
    name: "mail certificate",
    kind: "tls",
    target: "mail.example:465",
    tags: ["public"],
    latency: 61,
    detail: "valid for 71 days",
    since: 12 * DAY,
  },
  {
    name: "name server",
    kind: "dns",
    target: "portfolio.example (A)",
    tags: ["public"],
    latency: 14,
    detail: "203.0.113.17",
  },
  { name: "router", kind: "ping", target: "192.0.2.1", tags: ["lan"], latency: 1.2, detail: "answered" },
  {
    name: "reloj is running",
    kind: "process",
    target: "reloj.exe",
    tags: ["local"],
    latency: 3,
    detail: "1 running",
    since: 2 * DAY,
  },
  {
    name: "nightly backup is fresh",
    kind: "command",
    target: "check-backup --max-age 26h",
    tags: ["local", "backup"],
    health: "suspect",
    since: 35,
    latency: null,
    detail: "exited with code 1",
    last: { failed_in: "assertion", evidence: "newest backup: 2 days old\nexpected at most 26h\n" },
  },
  {
    name: "this machine",
    kind: "host",
    target: "cpu < 90%, memory < 90%, disk / > 10%",
    tags: ["local"],
    latency: null,
    detail: "CPU 23%, memory 61%, / 38% free",
  },
  {
    name: "orders api",
    kind: "http",
    target: "https://api.shop.example/health",
    tags: ["web", "money"],
    latency: 96,
    detail: "200 OK",
    more: { flapping: true, standing: "doubtful" },
  },
  {
    name: "old intranet",
    kind: "http",
    target: "http://intranet.example/",
    tags: ["lan"],
    health: "paused",
    since: 3 * HOUR,
    latency: null,
    detail: "200 OK",
    more: { paused_until: new Date(Date.now() + 2 * HOUR * 1000).toISOString() },
  },
  {
    name: "new landing page",
    kind: "http",
    target: "https://new.example/",
    tags: ["web"],
    health: "unknown",
    detail: "",
  },
];

/** The phases that make up `latency` of a check of `kind`. */
export function phases(kind: Kind, latency: number | null): [Phase, number][] {
  if (latency === null) return [];
  const share = (phase: Phase, part: number): [Phase, number] => [phase, Math.round(latency * part * 1000) / 1000];
  if (kind === "http") {
    return [
      share("dns", 0.07),
      share("connect", 0.11),
      share("tls", 0.2),
      share("send", 0.01),
      share("first_byte", 0.5),
      share("body", 0.11),
    ];
  }
  if (kind === "tls") return [share("dns", 0.2), share("connect", 0.3), share("tls", 0.5)];
  if (kind === "tcp") return [share("connect", 1)];
  return [share("run", 1)];
}

const encrypted = ({ kind, target }: Sample) => kind === "tls" || target.startsWith("https:");

/** What a probe of `sample` sees at `at`. */
export function seen(sample: Sample, at: string): LastSeen | null {
  if (sample.health === "unknown") return null;
  const jitter = 0.75 + chance(sample.name, at) * 0.6;
  const latency = sample.latency == null ? null : Math.round(sample.latency * jitter * 1000) / 1000;
  const bad = sample.health === "down" || sample.health === "suspect";
  return {
    at,
    verdict: bad ? "down" : "up",
    latency_ms: latency,
    detail: sample.detail,
    phases_ms: phases(sample.kind, latency),
    certificate_until: encrypted(sample) ? new Date(Date.now() + 71 * DAY * 1000).toISOString() : undefined,
    ...sample.last,
  };
}

/** How well a monitor of each health is. */
export const STANDINGS: Record<Health, Standing> = {
  down: "down",
  recovering: "recovering",
  suspect: "doubtful",
  unknown: "unknown",
  up: "well",
  paused: "idle",
};

/** The monitor that `sample` describes. */
export function monitor(sample: Sample): MonitorState {
  const { name, kind, target, tags = [], health = "up", since = 6 * DAY, more } = sample;
  return {
    name,
    kind,
    target,
    tags,
    health,
    since: health === "unknown" ? null : ago(since),
    last: seen(sample, ago(chance(name) * 40)),
    standing: STANDINGS[health],
    over_limit: kind === "host",
    flapping: false,
    unsteady: false,
    paused_until: null,
    snoozed_until: null,
    ...more,
  };
}

const KINDS: Kind[] = ["http", "tcp", "tls", "dns", "ping", "process"];

/** So many monitors as a large company has. */
export function many(count: number): Sample[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = KINDS[index % KINDS.length] ?? "http";
    const number = String(index + 1).padStart(5, "0");
    const health: Health = chance("many", index) < 0.004 ? "down" : chance("few", index) < 0.003 ? "suspect" : "up";
    const site = `site-${index % 97}`;
    return {
      name: `${kind} ${number}`,
      kind,
      target: `${kind}-${number}.${site}.example`,
      tags: [site],
      health,
      since: chance("since", index) * 9 * DAY,
      latency: health === "up" ? 5 + chance("ms", index) * 300 : null,
      detail: health === "up" ? "well" : "no response within 10 s",
      last: health === "up" ? {} : { failed_in: "connect" },
    };
  });
}
