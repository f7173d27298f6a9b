import type { AlertState, IncidentState } from "../../contract";
import { ago, chance, DAY, HOUR, MINUTE } from "./seed";

const told = (message: number, news: string, seconds: number, delivery: AlertState["delivery"]): AlertState => ({
  message,
  channel: message % 2 === 0 ? "chat" : "email",
  news,
  created: ago(seconds),
  delivery,
});

export function openIncidents(): IncidentState[] {
  return [
    {
      id: 214,
      monitor: "shop",
      opened: ago(14 * MINUTE),
      closed: null,
      over_limit: false,
      cause: "status 503 Service Unavailable, expected 200-299",
      phase: "assertion",
      evidence: "HTTP/1.1 503 Service Unavailable\n\n<h1>The shop is being updated</h1>",
      acknowledged: null,
      escalated: ago(11 * MINUTE),
      attempts: [
        {
          deed: "restarted shop-server",
          began: ago(14 * MINUTE - 20),
          ended: ago(13 * MINUTE),
          healed: false,
          outcome: "still down: status 503 Service Unavailable, expected 200-299",
          output: ["shop-server 4.2.0", "migration 0042 is under way: 61 %"],
        },
        {
          deed: "ran the flow heal the shop",
          began: ago(12 * MINUTE),
          ended: ago(11 * MINUTE),
          healed: false,
          outcome: "the flow heal the shop failed at the step “migrate the database”: exit code 1 (general error)",
          run: 16,
        },
      ],
      alerts: [
        told(431, "down", 14 * MINUTE - 25, { state: "delivered", at: ago(14 * MINUTE - 27) }),
        told(432, "down", 14 * MINUTE - 25, {
          state: "waiting",
          failed: 4,
          error: "connection refused",
          perhaps_received: false,
        }),
        told(433, "escalated", 11 * MINUTE, { state: "delivered", at: ago(11 * MINUTE - 2) }),
      ],
    },
    {
      id: 215,
      monitor: "web port",
      opened: ago(2 * MINUTE),
      closed: null,
      over_limit: false,
      cause: "connection refused: nothing is listening on the port",
      phase: "connect",
      acknowledged: ago(MINUTE),
      escalated: null,
      attempts: [{ deed: "restarted web", began: ago(100), ended: null, healed: null, outcome: null }],
      alerts: [],
    },
  ];
}

const CAUSES = [
  ["orders api", "no response within 10 s", "first_byte"],
  ["router", "no response within 5 s", "run"],
  ["portfolio", "the name portfolio.example does not exist", "dns"],
  ["web port", "connection refused: nothing is listening on the port", "connect"],
  ["orders api", "status 502 Bad Gateway, expected 200-299", "assertion"],
  ["reloj is running", "0 running, expected at least 1", "assertion"],
] as const;

export function pastIncidents(): IncidentState[] {
  return Array.from({ length: 46 }, (_, index) => {
    const [monitor, cause, phase] = CAUSES[index % CAUSES.length] ?? CAUSES[0];
    const opened = (index + 1) * 0.8 * DAY + chance("at", index) * 8 * HOUR;
    const lasted = 30 + chance("for", index) ** 4 * 5 * HOUR;
    const healed = monitor === "web port" || monitor === "reloj is running";
    const program = monitor === "web port" ? "web" : "reloj";
    return {
      id: 213 - index,
      monitor,
      opened: ago(opened),
      closed: ago(opened - lasted),
      lasted,
      over_limit: false,
      cause,
      phase,
      acknowledged: null,
      escalated: null,
      attempts: healed
        ? [
            {
              deed: `restarted ${program}`,
              began: ago(opened - 2),
              ended: ago(opened - lasted),
              healed: true,
              outcome: "it is up again",
            },
          ]
        : [],
      alerts: healed
        ? []
        : [
            told(400 - index * 4 + 1, "down", opened - 12, { state: "delivered", at: ago(opened - 13) }),
            told(400 - index * 4 + 3, "recovered", opened - lasted - 1, {
              state: "delivered",
              at: ago(opened - lasted - 2),
            }),
          ],
    };
  });
}
