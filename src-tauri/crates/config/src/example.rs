//! The first configuration file of a new user.

/// A commented `estatus.toml` that works at once, with no network: it watches this machine.
pub fn example() -> String {
    let disk = if cfg!(windows) { "C:/" } else { "/" };
    EXAMPLE.replace("DISK", disk)
}

const EXAMPLE: &str = r#"# What Estatus checks, and whom it tells. Estatus reads this file again whenever it is saved;
# a mistake is told with line and column, and the last good version stays in force.

# language = "es"                      # of what is told: "en" or "es"; the system's where nothing is said
# zone = "America/Mexico_City"         # of maintenance windows and quiet hours; the system's where nothing is said

# This machine: processor, memory, and free space on the disk.
[[monitor]]
name = "this machine"
host = { cpu = "< 95%", memory = "< 95%", disk = { "DISK" = "> 5%" } }
every = "20s"
failures = 3                           # so many bad probes in a row make it down

# A program, by the name of its executable (.exe or not).
[[monitor]]
name = "estatus is running"
process = "estatus"
every = "30s"

# A web page. Take the marks away and put in your own.
# [[monitor]]
# name = "my page"
# http = "https://example.com/"
# every = "5m"
# accept = ["200-299"]                 # status codes that are well
# contains = "Welcome"                 # also: lacks, matches, json, below = "800ms", headers, …

# A port.
# [[monitor]]
# name = "database"
# tcp = "127.0.0.1:5432"
# every = "1m"
# depends_on = "this machine"          # while that one is down, this one is not judged

# Who is told. Try it with: estatus email test
# [email]
# server = "smtp.gmail.com"
# port = 587
# security = "starttls"                # starttls | tls | none
# username = "me@example.com"
# password = { keyring = "smtp" }      # or { env = "SMTP_PASSWORD" } or { file = "smtp.secret" }
# from = "me@example.com"
# to = ["me@example.com"]

# [alerts]
# remind_every = "4h"
# quiet_hours = { from = "22:00", to = "07:00" }
"#;
