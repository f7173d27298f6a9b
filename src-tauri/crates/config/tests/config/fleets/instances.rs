//! Where instances come from, and how they reach Estatus.

use super::*;

/// A fleet "f" of EC2 with these lines in its table has exactly these problems; its own lines begin at 6.
#[track_caller]
fn refused_of_ec2(lines: &str, expected: &[&str]) {
    let table = "[fleet.f.ec2]\nregion = \"us-east-1\"\ntemplate = \"web\"";
    refused(&format!("listen = \"0.0.0.0:1\"\n{table}\n{lines}"), expected);
}

#[test]
fn its_instances_come_from_one_place() {
    let ec2 = "[fleet.f.ec2]\nregion = \"us-east-1\"\ntemplate = \"web\"\n";
    let asg = "[fleet.f.asg]\nregion = \"us-east-1\"\ngroup = \"web\"\n";
    let local = "[fleet.f.local]\ncommand = \"run\"\n";
    let listen = "listen = \"0.0.0.0:1\"\n";
    refused(&format!("{listen}{ec2}"), &[]);
    refused(&format!("{listen}launch = \"asg\"\n{asg}"), &[]);
    let other = |key: &str, launch: &str| {
        format!("fleet \"f\": `{key}` has no effect with launch = \"{launch}\": remove one of the two")
    };
    refused(&format!("launch = \"local\"\n{ec2}"), &[&format!("3:10: {}", other("ec2", "local"))]);
    refused(
        &format!("{listen}launch = \"ec2\"\n{ec2}{local}{asg}"),
        &[&format!("7:10: {}", other("local", "ec2")), &format!("9:10: {}", other("asg", "ec2"))],
    );
    refused(
        &format!("{local}{ec2}"),
        &["4:10: fleet \"f\": instances cannot come from both `local` and `ec2`: remove one of them"],
    );
    let needs = |word: &str, like: &str| {
        of("2:10", "launch", &format!("needs the table [fleet.f.{word}] as well: {word} = {like}"))
    };
    refused("launch = \"ec2\"", &[&needs("ec2", "{ region = \"us-east-1\", template = \"lt-0abc\" }")]);
    refused("launch = \"asg\"", &[&needs("asg", "{ region = \"us-east-1\", group = \"web-asg\" }")]);
    refused(
        "launch = \"command\"",
        &[&needs("command", "{ create = \"./create.sh\", list = \"./list.sh\", terminate = \"./terminate.sh\" }")],
    );
    refused(
        &format!("launch = \"asg\"\n{ec2}"),
        &[&needs("asg", "{ region = \"us-east-1\", group = \"web-asg\" }"), &format!("3:10: {}", other("ec2", "asg"))],
    );
    refused(
        "launch = \"aws\"",
        &[&of("2:10", "launch", "\"aws\" is not one of \"local\", \"command\", \"ec2\", \"asg\"")],
    );
    refused("provider = \"ec2\"", &["2:1: unknown key `provider` in fleet \"f\"; did you mean `launch`?"]);
}

#[test]
fn its_commands_can_be_run() {
    let like = "{ create = \"./create.sh\", list = \"./list.sh\", terminate = \"./terminate.sh\" }";
    refused(
        "command = \"./create.sh\"",
        &[&of("2:11", "command", &format!("expected a table like {like}, found a string"))],
    );
    refused(
        "[fleet.f.command]\ncreate = \"c\"\ntimeout = \"0s\"",
        &[
            &of("2:1", "command", "`list` is missing"),
            &of("2:1", "command", "`terminate` is missing"),
            &of("4:11", "command.timeout", "\"0s\" is too short; the minimum is 1ms"),
        ],
    );
    refused(
        "[fleet.f.command]\ncreate = \"\"\nlist = []\nterminate = \"t\"\ndelete = \"d\"",
        &[
            &of("3:10", "command.create", "must not be empty"),
            &of("4:8", "command.list", "names no program"),
            "6:1: unknown key `delete` in `command` in fleet \"f\"; did you mean `terminate`?",
        ],
    );
    refused("local = { command = [] }", &[&of("2:21", "local.command", "names no program")]);
    refused(
        "[fleet.f.local]\ndirectory = \"x\"\nenv = { A = \"b\" }",
        &[&of("3:1", "local.directory", "needs `command` as well"), &of("4:1", "local.env", "needs `command` as well")],
    );
    refused(
        "local = { command = \"x\", env = { \"A=\" = \"b\", B = { env = \"C=D\" } } }",
        &[
            &of("2:34", "local.env.A=", "invalid variable name"),
            &of("2:58", "local.env.B.env", "the name of a variable must not contain `=`"),
        ],
    );
}

#[test]
fn a_cloud_is_where_it_says() {
    refused(
        "listen = \"0.0.0.0:1\"\n[fleet.f.ec2]\nversion = 0",
        &[
            &of("3:1", "ec2", "`region` is missing"),
            &of("3:1", "ec2", "`template` is missing"),
            &of("4:11", "ec2.version", "expected a number, \"$Latest\" or \"$Default\", found \"0\""),
        ],
    );
    refused("asg = {}", &[&of("2:7", "asg", "`region` is missing"), &of("2:7", "asg", "`group` is missing")]);
    let region = |written: &str, problem: &str| {
        let lines = format!("[fleet.f.asg]\nregion = {written}\ngroup = \"web\"");
        refused(&lines, &[&of("3:10", "asg.region", problem)]);
    };
    let what = "expected a region like \"us-east-1\", found";
    region("\"\"", &format!("{what} \"\""));
    region("\"evil.example.com/\"", &format!("{what} \"evil.example.com/\""));
    region("\"us east 1\"", &format!("{what} \"us east 1\""));
    region("1", &format!("{what} an integer"));
    region("\"us-east-1a\"", "\"us-east-1a\" is an availability zone: write its region, \"us-east-1\"");
    let template = |written: &str, problem: &str| {
        let lines = format!("[fleet.f.ec2]\nregion = \"us-east-1\"\ntemplate = {written}");
        refused(&lines, &[&of("4:12", "ec2.template", problem)]);
    };
    template("\"\"", "must not be empty");
    template("\" \"", "must not be empty");
    let what = "expected a launch template, by its id like \"lt-0abc\" or by its name, found";
    template("\"my template\"", &format!("{what} \"my template\""));
    template("[\"lt-0abc\"]", "expected a string, found an array");
    refused_of_ec2("image = \"\"", &[&of("6:9", "ec2.image", "must not be empty")]);
    for version in ["3", "\"3\"", "\"$Latest\"", "\"$Default\""] {
        refused_of_ec2(&format!("version = {version}"), &[]);
    }
    refused_of_ec2(
        "version = \"latest\"",
        &[&of(
            "6:11",
            "ec2.version",
            "expected a number, \"$Latest\" or \"$Default\", found \"latest\"; did you mean `$Latest`?",
        )],
    );
    refused_of_ec2(
        "version = true",
        &[&of("6:11", "ec2.version", "expected a version: a number, \"$Latest\" or \"$Default\", found a boolean")],
    );
    let endpoint = |url: &str, problem: &str| {
        refused_of_ec2(&format!("endpoint = \"{url}\""), &[&of("6:12", "ec2.endpoint", problem)]);
    };
    endpoint("127.0.0.1:5000", "expected a URL that begins with http:// or https://");
    endpoint("http://", "invalid URL: empty host");
    let more = "this URL must not contain a user, a password, a query or a fragment: set `credentials`";
    for url in ["http://me:secret@h/", "http://me@h/", "https://h/?Action=Run", "https://h/#x"] {
        endpoint(url, more);
    }
    refused_of_ec2("ami = \"x\"", &["6:1: unknown key `ami` in `ec2` in fleet \"f\"; did you mean `image`?"]);
}

#[test]
fn it_is_said_who_asks_a_cloud_and_no_secret_is_repeated() {
    let credentials = |written: &str| {
        let lines =
            format!("[fleet.f]\nlisten = \"0.0.0.0:1\"\n[fleet.f.asg]\nregion = \"r\"\ngroup = \"g\"\n{written}");
        let Provider::Asg { cloud, .. } = fleet(&lines).provider else { panic!("{lines}") };
        cloud.credentials
    };
    assert_eq!(credentials(""), Credentials::Usual);
    assert_eq!(credentials("credentials = \"role\""), Credentials::Role);
    assert_eq!(credentials("credentials = { profile = \"me\" }"), Credentials::Profile("me".to_owned()));
    let key = |secret| Credentials::Key { id: "AKIA".to_owned(), secret };
    let keyring = SecretRef::Keyring("aws".to_owned());
    assert_eq!(credentials("credentials = { id = \"AKIA\", secret = { keyring = \"aws\" } }"), key(keyring));
    let file = SecretRef::File("/etc/estatus/aws.secret".into());
    assert_eq!(credentials("[fleet.f.asg.credentials]\nid = \"AKIA\"\nsecret.file = \"aws.secret\""), key(file));

    let check = |written: &str, place: &str, key: &str, problem: &str| {
        refused_of_ec2(&format!("credentials = {written}"), &[&of(&format!("6:{place}"), key, problem)]);
    };
    let forms = "expected \"role\", { profile = \"NAME\" } or { id = \"AKIA…\", secret = { keyring = \"NAME\" } }";
    check("\"hunter2\"", "15", "ec2.credentials", &format!("{forms}, found a string"));
    check("true", "15", "ec2.credentials", &format!("{forms}, found a boolean"));
    let one = "needs either `profile`, or `id` and `secret`";
    check("{}", "15", "ec2.credentials", one);
    check("{ profile = \"me\", id = \"AKIA\" }", "15", "ec2.credentials", one);
    check("{ profile = \"\" }", "27", "ec2.credentials.profile", "must not be empty");
    check("{ id = \"AKIA\" }", "22", "ec2.credentials.id", "needs `secret` as well");
    check("{ secret = { env = \"S\" } }", "26", "ec2.credentials.secret", "needs `id` as well");
    let places = "write { keyring = \"NAME\" }, { env = \"VARIABLE\" } or { file = \"PATH\" }";
    check(
        "{ id = \"AKIA\", secret = \"hunter2\" }",
        "39",
        "ec2.credentials.secret",
        &format!("a secret must not be in this file: {places}"),
    );
    check(
        "{ id = \"AKIA\", secret = { env = \"A=B\" } }",
        "47",
        "ec2.credentials.secret.env",
        "the name of a variable must not contain `=`",
    );
    check(
        "{ id = \"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\", secret = { keyring = \"aws\" } }",
        "22",
        "ec2.credentials.id",
        "this looks like the secret of an access key, which must not be in this file: `id` is the id of the key, like \
         \"AKIA…\"",
    );
    check(
        "{ id = \"ASIAEXAMPLE\", secret = { keyring = \"aws\" } }",
        "22",
        "ec2.credentials.id",
        "a temporary access key needs its session token: write { profile = \"NAME\" } instead, or remove `credentials` and \
         set the AWS variables where Estatus is started",
    );
    refused_of_ec2(
        "credentials = { secret_access_key = \"hunter2\" }",
        &[
            &of("6:15", "ec2.credentials", one),
            "6:17: unknown key `secret_access_key` in `ec2.credentials` in fleet \"f\"; did you mean `secret`?",
        ],
    );
}

#[test]
fn agents_reach_estatus_at_an_address_of_this_machine() {
    let what = "expected an address and a port like \"127.0.0.1:50051\", found";
    for (written, found) in [
        ("\"50051\"", "\"50051\""),
        ("\"0.0.0.0\"", "\"0.0.0.0\""),
        ("\"localhost:50051\"", "\"localhost:50051\""),
        ("\":50051\"", "\":50051\""),
        ("\"::1:50051\"", "\"::1:50051\""),
        ("50051", "an integer"),
    ] {
        refused(&format!("listen = {written}"), &[&of("2:10", "listen", &format!("{what} {found}"))]);
    }
    refused(
        "listen = \"0.0.0.0:0\"",
        &[&of("2:10", "listen", "with port 0 it would be another port after each start: set one")],
    );
    refused("agent_port = 0", &[&of("2:14", "agent_port", "0 is not between 1 and 65535")]);
    refused("insecure = \"yes\"", &[&of("2:12", "insecure", "expected true or false, found a string")]);
    // Two may share one.
    problems::check("[fleet.a]\nlisten = \"[::1]:9\"\n[fleet.b]\nlisten = \"[::1]:9\"", &[]);
    problems::check("[fleet.a]\nlisten = \"192.168.1.2:50051\"\ninsecure = true", &[]);
}

#[test]
fn what_is_in_a_cloud_does_not_reach_the_loopback_of_this_machine() {
    let ec2 = |endpoint: &str| format!("ec2 = {{ region = \"r\", template = \"t\"{endpoint} }}");
    let why = |listen: &str| {
        format!(
            "instances in a cloud cannot reach {listen}: set `listen` to an address of this machine that they can reach, \
             like \"0.0.0.0:50051\""
        )
    };
    refused(&ec2(""), &[&of("1:1", "listen", &why("127.0.0.1:50051"))]);
    refused(&format!("{}\nlisten = \"[::1]:9\"", ec2("")), &[&of("3:10", "listen", &why("[::1]:9"))]);
    let elsewhere = ec2(", endpoint = \"https://cloud.example.com/\"");
    refused(&elsewhere, &[&of("1:1", "listen", &why("127.0.0.1:50051"))]);
    for here in ["http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"] {
        refused(&ec2(&format!(", endpoint = \"{here}\"")), &[]);
    }
}

#[test]
fn agents_may_be_told_another_address_than_that_of_this_machine() {
    let advertised = |address: &str| {
        let fleet = fleet(&format!("[fleet.f]\nadvertise = \"{address}\""));
        fleet.wire.advertise.map(|address| address.to_string())
    };
    for right in ["estatus.example.com:443", "203.0.113.5:50051", "[2001:db8::1]:50051", "localhost:9"] {
        assert_eq!(advertised(right).as_deref(), Some(right));
    }
    assert_eq!(fleet("[fleet.f]").wire.advertise, None);
    let what = "expected \"host:port\", found";
    for (written, reason) in [
        ("\"estatus.example.com\"", format!("{what} \"estatus.example.com\"")),
        ("\"host:0\"", format!("{what} \"host:0\"")),
        ("\"https://host:443\"", format!("{what} a URL")),
        ("50051", format!("{what} an integer")),
        (
            "\"0.0.0.0:9\"",
            "nobody can reach 0.0.0.0:9 from another machine: set a name or an address that leads here".to_owned(),
        ),
        (
            "\"[::]:9\"",
            "nobody can reach [::]:9 from another machine: set a name or an address that leads here".to_owned(),
        ),
    ] {
        refused(&format!("advertise = {written}"), &[&of("2:13", "advertise", &reason)]);
    }
    // A tunnel may end here.
    refused("advertise = \"host:9\"\nec2 = { region = \"r\", template = \"t\" }", &[]);
}
