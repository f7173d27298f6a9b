//! What other tools call things, so that whoever writes it is told what it is called here.

use crate::{
    listed, problem,
    reason::{Part, reason},
};

/// What Estatus calls something, and what others do. Where it has several keys of that meaning, a table has one of them.
const WORDS: [(&[&str], &[&str]); 100] = [
    (
        &["every"],
        &["interval", "check_interval", "period", "frequency", "poll", "poll_interval", "schedule", "cron", "cada"],
    ),
    (&["cron"], &["schedule"]),
    (&["failures", "tries", "limit"], &["retries", "max_retries", "attempts", "threshold", "failure_threshold"]),
    (&["limit"], &["max_restarts", "start_retries", "restart_limit"]),
    (&["successes"], &["success_threshold", "recovery_threshold"]),
    (&["retry_every"], &["retry_interval", "retry_delay"]),
    (&["http", "webhook"], &["url", "uri", "link", "endpoint", "website", "webhook_url"]),
    (&["teams"], &["msteams", "microsoft_teams"]),
    (&["topic"], &["channel"]),
    (&["chat"], &["chat_id", "id", "channel"]),
    (&["token"], &["api_key", "apikey", "access_token", "app_token", "bot_token", "bot"]),
    (&["user"], &["user_key", "userkey"]),
    (&["tcp", "server"], &["port", "address", "hostname", "smtp", "smtp_server", "smtp_host"]),
    (&["server"], &["host", "url", "base_url", "server_url"]),
    (&["tls"], &["ssl", "certificate"]),
    (&["security"], &["tls", "ssl", "starttls", "encryption", "secure"]),
    (&["accept"], &["status", "status_code", "status_codes", "expected_status", "expect_status", "valid_status"]),
    (&["contains"], &["keyword", "body_contains", "expect", "expected", "search", "text"]),
    (&["lacks"], &["not_contains", "invert_keyword"]),
    (&["matches"], &["regex", "pattern"]),
    (
        &["verify_tls"],
        &["insecure", "verify", "verify_ssl", "tls_verify", "ssl_verify", "ignore_tls", "skip_tls_verify"],
    ),
    (&["certificate_days"], &["cert_days", "expiry_days", "certificate_expiry", "tls_expiry"]),
    (&["redirects"], &["follow", "follow_redirects", "max_redirects", "ignore_redirect"]),
    (&["below"], &["response_time", "max_response_time", "latency", "max_latency"]),
    (&["timeout"], &["max_time", "timeout_seconds", "timeout_ms"]),
    (&["json"], &["json_path", "query", "json_query"]),
    (&["directory"], &["cwd", "dir", "work_dir", "working_directory", "chdir", "folder", "path"]),
    (
        &["command", "run"],
        &["command", "cmd", "exec", "script", "exec_start", "start_command", "args", "program", "shell"],
    ),
    (&["env"], &["environment", "envs", "variables", "vars"]),
    (&["enabled"], &["auto_start", "enable", "active", "disabled", "paused"]),
    (&["restart"], &["auto_restart", "restart_policy", "keep_alive"]),
    (
        &["depends_on", "start_after", "needs"],
        &["depends_on", "start_after", "depends", "after", "requires", "needs", "parent", "dependencies"],
    ),
    (&["memory"], &["max_memory", "max_memory_restart", "memory_limit"]),
    (&["stop"], &["kill_timeout", "stop_timeout", "stop_signal", "kill_signal", "stop_command", "stop_wait_secs"]),
    (&["log"], &["stdout", "stderr", "log_file", "logs", "output", "log_size"]),
    (&["on_down"], &["on_failure", "on_fail", "on_error", "action", "remedy", "heal", "recovery"]),
    (&["tell"], &["notify", "message", "msg", "say", "send_message", "mail"]),
    (&["channels"], &["notify", "notifications", "alert", "alerts", "notification", "notifiers", "channel"]),
    (
        &["channel"],
        &[
            "notification",
            "notifications",
            "notifiers",
            "alerting",
            "slack",
            "discord",
            "telegram",
            "webhook",
            "webhooks",
        ],
    ),
    (&["tags"], &["group", "groups", "label", "labels", "category"]),
    (&["to"], &["recipient", "recipients", "receiver", "receivers", "mail_to"]),
    (&["from"], &["sender", "from_address", "mail_from", "start", "begin"]),
    (&["username"], &["user", "login", "user_name", "smtp_user", "smtp_username"]),
    (&["password"], &["pass", "passwd", "pwd", "smtp_password", "secret"]),
    (&["monitor", "program"], &["check", "checks", "endpoints", "targets", "services", "service", "site", "sites"]),
    (&["program"], &["apps", "app", "process", "processes"]),
    (
        &["flow"],
        &[
            "workflow",
            "workflows",
            "pipeline",
            "pipelines",
            "procedure",
            "procedures",
            "dag",
            "job",
            "jobs",
            "task",
            "tasks",
        ],
    ),
    (&["step"], &["task", "tasks", "stage", "stages", "job", "jobs", "action", "actions"]),
    (&["catch_up"], &["catchup", "misfire", "missed", "missed_runs", "start_when_available"]),
    (&["overlap"], &["concurrency", "concurrency_policy", "max_concurrent", "parallel", "multiple_instances"]),
    (&["deadline", "timeout"], &["deadline", "timeout", "time_limit", "max_duration", "run_timeout"]),
    (&["budget"], &["limit", "rate_limit", "max_runs", "quota"]),
    (&["runs"], &["max_runs", "limit", "count", "times", "max"]),
    (&["within"], &["per", "period", "window", "during"]),
    (&["retry"], &["retries", "max_retries", "attempts"]),
    (&["times"], &["retries", "attempts", "max_attempts", "count", "limit", "max"]),
    (&["max_wait"], &["max_delay", "max_backoff", "max_interval"]),
    (&["wait"], &["delay", "retry_delay", "backoff", "interval", "sleep", "pause"]),
    (&["check"], &["monitor", "probe", "verify"]),
    (&["wait_until"], &["wait_for", "until"]),
    (&["when"], &["if", "condition", "only_if", "run_if"]),
    (&["always"], &["finally", "always_run"]),
    (
        &["on_failure"],
        &["continue_on_error", "allow_failure", "ignore_errors", "ignore_failure", "on_error", "on_fail"],
    ),
    (&["after_crash"], &["on_crash", "if_unknown"]),
    (&["approve"], &["approval", "ask", "question", "confirm", "manual", "gate", "prompt"]),
    (&["otherwise"], &["else", "default", "on_timeout", "if_unanswered"]),
    (&["save"], &["extract", "capture", "output", "result", "register"]),
    (&["bearer"], &["token", "bearer_token", "auth_token", "authorization"]),
    (&["undo"], &["rollback", "revert", "compensate", "compensation", "on_rollback"]),
    (&["flow"], &["subflow", "sub_flow", "run_flow", "call", "trigger"]),
    (&["fleet"], &["group", "groups", "cluster", "clusters", "pool", "pools", "autoscaling", "servers", "instances"]),
    (&["min"], &["minimum", "min_size", "min_instances", "min_replicas", "min_capacity", "at_least"]),
    (&["max"], &["maximum", "max_size", "max_instances", "max_replicas", "max_capacity", "at_most"]),
    (
        &["desired"],
        &[
            "replicas",
            "count",
            "size",
            "capacity",
            "instances",
            "desired_capacity",
            "desired_count",
            "desired_instances",
        ],
    ),
    (&["policy"], &["rule", "mode", "strategy", "scaling", "scaling_policy", "autoscaling"]),
    (&["load"], &["target", "target_load", "cpu", "target_cpu", "utilization", "target_utilization", "threshold"]),
    (&["heartbeat"], &["every", "interval", "period", "ping", "ping_interval", "poll", "poll_interval"]),
    (&["boot_within"], &["within", "ready_within", "boot_timeout", "startup_timeout", "grace_period", "warmup"]),
    (&["launch"], &["type", "kind", "provider", "cloud", "driver", "source"]),
    (&["local"], &["process", "processes"]),
    (&["ec2"], &["aws", "amazon"]),
    (&["asg"], &["auto_scaling", "auto_scaling_group"]),
    (&["listen"], &["bind", "address", "server", "host", "port", "listen_address"]),
    (&["advertise"], &["public", "public_address", "external", "external_address", "advertise_address", "announce"]),
    (&["insecure"], &["plain", "plaintext", "unencrypted", "no_tls", "allow_insecure"]),
    (&["launches"], &["runs", "max_launches", "limit", "count", "times", "max"]),
    (&["create"], &["launch", "start", "add", "run", "up", "scale_up"]),
    (&["list"], &["describe", "ls", "status", "show"]),
    (&["terminate"], &["delete", "remove", "destroy", "stop", "kill", "down", "scale_down"]),
    (&["region"], &["aws_region", "region_name", "location"]),
    (&["template"], &["launch_template", "template_id", "template_name", "launch_template_id", "launch_template_name"]),
    (&["version"], &["template_version", "launch_template_version"]),
    (&["image"], &["ami", "ami_id", "image_id"]),
    (&["group"], &["name", "asg", "asg_name", "group_name", "auto_scaling_group", "auto_scaling_group_name"]),
    (&["endpoint"], &["url", "uri", "api", "endpoint_url"]),
    (&["credentials"], &["profile", "aws_profile", "access_key", "access_key_id", "auth"]),
    (&["profile"], &["name", "aws_profile", "profile_name"]),
    (&["id"], &["key", "key_id", "access_key", "access_key_id", "aws_access_key_id"]),
    (&["secret"], &["password", "secret_key", "secret_access_key", "aws_secret_access_key"]),
    (&["from"], &["at", "cron", "every", "time", "when"]),
];

/// "; did you mean …?" if something of another name, or something written nearly so, is among the `known` keys.
pub(crate) fn advice(key: &str, known: &[&'static str]) -> Part {
    if ["type", "kind"].contains(&key) && known.contains(&"http") {
        let (word, like) = match known.contains(&"run") {
            true => ("step", "run = \"command\""),
            false => ("monitor", "http = \"https://example.com/\""),
        };
        return reason!("kind_is_a_key", word = listed::word(word), like).into();
    }
    match others_word(key, known) {
        Some(near) => reason!("meant", near).into(),
        None => problem::advice(key, known.iter().copied()),
    }
}

/// The one of `known` that others call `key`, or nearly so where none of ours is written as nearly.
fn others_word(key: &str, known: &[&'static str]) -> Option<&'static str> {
    /// With so few letters everything is near to something.
    const LETTERS: usize = 4;
    let key_plain = plain(key);
    let of_known =
        WORDS.iter().filter_map(|(ours, theirs)| Some((ours.iter().find(|our| known.contains(our))?, theirs)));
    let slips = |their: &&str| {
        let is_long = key_plain.chars().count() >= LETTERS;
        if plain(their) == key_plain { Some(0) } else { problem::slips(&key_plain, &plain(their)).filter(|_| is_long) }
    };
    let near = of_known.filter_map(|(our, theirs)| Some((theirs.iter().filter_map(slips).min()?, *our)));
    // Of several the first in the table.
    let (away, our) = near.min_by_key(|(away, _)| *away)?;
    let of_ours = known.iter().filter_map(|known| problem::slips(key, known)).min();
    (away == 0 || of_ours.is_none_or(|of_ours| away < of_ours)).then_some(our)
}

/// However its words are joined.
fn plain(key: &str) -> String {
    key.chars().filter(|c| !"-_ ".contains(*c)).flat_map(char::to_lowercase).collect()
}
