//! The first configuration file of a new user.

/// A commented `estatus.toml` that works at once, with no network and nothing installed: it watches this machine, and
/// keeps a program running that ends every now and then.
pub fn example() -> String {
    let (disk, ticker) = if cfg!(windows) {
        ("C:/", "ping -n 20 127.0.0.1")
    } else {
        ("/", "for second in $(seq 20); do date +%T; sleep 1; done")
    };
    EXAMPLE.replace("DISK", disk).replace("TICKER", ticker)
}

const EXAMPLE: &str = r#"# What Estatus checks and keeps running, and who gets its alerts. Estatus reads this file again
# whenever you save it; errors are shown with line and column, and the last valid version stays in use.

# language = "es"                      # of alerts: "en" or "es"; default: the system's
# zone = "America/Mexico_City"         # of maintenance windows and quiet hours; default: the system's

# This machine: processor, memory, and free space on the disk.
[[monitor]]
name = "this machine"
host = { cpu = "< 95%", memory = "< 95%", disk = { "DISK" = "> 5%" } }
every = "20s"
failures = 3                           # failed probes in a row before it is down

# A process, by the name of its executable (.exe or not).
[[monitor]]
name = "estatus is running"
process = "estatus"
every = "30s"

# A program that is kept running. This one prints something every second, and ends by itself after twenty.
# Close it in any way: it comes back. Follow its output with: estatus logs ticker -f
[[program]]
name = "ticker"
command = "TICKER"
limit = { restarts = 5, within = "10s" }  # beyond this, it is retried only every five minutes
log = { keep = "1MB" }

# A web page. Remove the # in front and enter your own.
# [[monitor]]
# name = "my page"
# http = "https://example.com/"
# every = "5m"
# accept = ["200-299"]                 # expected status codes
# contains = "Welcome"                 # also: lacks, matches, json, below = "800ms", headers, …

# A program of yours, and a monitor that restarts it when it is running but does not respond.
# [[program]]
# name = "web"
# command = "npm run dev -- --port 5173"
# directory = "~/web"
# ready = { tcp = "127.0.0.1:5173" }   # any check, or { log = "ready in" }, or { notify = true }

# [[monitor]]
# name = "web answers"
# http = "http://127.0.0.1:5173/"
# every = "10s"
# on_down = { restart = "web" }        # or start, stop, or { run = "a command" }
# alert_when = "unhealed"              # no alert if that helps

# A flow: what is done step by step, on a schedule, or as the remedy of a monitor (on_down).
# [flow.heal-web]
# every = "0 4 * * *"                  # also "1h"; without it, only as a remedy or when started manually

# [[flow.heal-web.step]]
# name = "clear the cache"
# run = "npm cache clean --force"      # also check, wait_until, start, stop, wait, http, tell, approve, flow
# retry = 3

# [[flow.heal-web.step]]
# name = "restart"
# restart = "web"

# [[flow.heal-web.step]]
# name = "answers again"
# wait_until = "web answers"

# A fleet: servers that are added and removed with their load. To try it out, they are processes of this machine.
# [fleet.web]
# min = 1
# desired = 2                          # it is refilled to this
# max = 5
# load = "60%"                         # the mean load to aim for
# launch = "local"                     # also command, ec2 and asg, each with a table of its own: [fleet.web.ec2]

# [[monitor]]
# name = "web fleet"
# fleet = "web"
# at_least = 2                         # running instances

# A port.
# [[monitor]]
# name = "database"
# tcp = "127.0.0.1:5432"
# every = "1m"
# depends_on = "this machine"          # while that one is down, this one is not judged

# Who gets alerts. Test it with: estatus email test
# [email]
# server = "smtp.gmail.com"
# port = 587
# security = "starttls"                # starttls | tls | none
# username = "me@example.com"
# password = { keyring = "smtp" }      # estatus secret set smtp; or { env = "SMTP_PASSWORD" } or { file = "smtp.secret" }
# from = "me@example.com"
# to = ["me@example.com"]

# [alerts]
# remind_every = "4h"
# quiet_hours = { from = "22:00", to = "07:00" }
"#;
