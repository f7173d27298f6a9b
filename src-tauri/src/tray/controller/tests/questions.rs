//! What flows ask, and how it is answered.

use super::*;

/// A tray that is attached to an engine where run 7 of the flow deploy goes on.
fn deploying() -> Tray {
    Tray::attached(Snapshot { flows: vec![flow("deploy", Some(7))], ..Snapshot::default() })
}

fn waits(text: &str) -> estatus_api::StepStatus {
    asking("ask", text, StepState::WaitingForApproval)
}

fn question() -> About {
    About::Question(RunId(7), 1)
}

#[test]
fn a_question_is_told_at_once_with_its_answers_and_taken_away_when_it_is_answered() {
    let mut tray = deploying();
    for _ in 0..2 {
        tray.steps(7, 1, waits("Deploy version 3?\n\n12 files changed"));
    }
    let [shown] = tray.controller.desktop.shown.as_slice() else { panic!("not told once") };
    assert_eq!((shown.title.as_str(), &shown.about, shown.urgent), ("deploy asks for approval", &question(), true));
    assert_eq!(shown.body, "Deploy version 3?\n12 files changed\nAnswer by 15:00; otherwise the step fails.");
    let buttons: Vec<(&str, &Action)> = shown.buttons.iter().map(|it| (it.text.as_str(), &it.action)).collect();
    let answer = |approved| Action::Answer { run: RunId(7), step: "ask".into(), approved };
    let page = Action::Open(Page::Run(RunId(7)));
    assert_eq!(buttons, [("Approve", &answer(true)), ("Deny", &answer(false)), ("Open", &page)]);
    assert_eq!(shown.click, page);
    assert!(tray.controller.desktop.closed.is_empty());
    for _ in 0..2 {
        tray.steps(7, 1, asking("ask", "Deploy?", StepState::Succeeded));
        assert_eq!(tray.controller.desktop.closed, [question()]);
    }
}

#[test]
fn a_question_of_a_run_that_is_over_is_taken_away() {
    let check = |over: Event| {
        let mut tray = deploying();
        tray.steps(7, 1, waits("Deploy?"));
        let _ = tray.event(over);
        assert_eq!((tray.told().len(), &tray.controller.desktop.closed[..]), (1, &[question()][..]));
    };
    check(Event::Flow(flow("deploy", None)));
    check(Event::Flow(flow("deploy", Some(8))));
    check(Event::FlowGone("deploy".into()));
}

#[test]
fn what_was_asked_before_the_tray_was_there_is_told_too() {
    let mut tray = deploying();
    assert_eq!(tray.controller.desktop.looked_at, [RunId(7)]);
    let steps = [asking("ask", "Sure?", StepState::Succeeded), waits("Deploy?")];
    let answered = |steps: &[estatus_api::StepStatus]| {
        TrayEvent::Run(Box::new(run_status(7, "deploy", RunState::WaitingForApproval, steps)))
    };
    let _ = tray.happens(answered(&steps));
    assert_eq!(tray.controller.desktop.shown[0].about, question());

    // While the engine is away, and until it has said how the run stands now, what was told stays.
    let _ = tray.hear(lost(false));
    let _ = tray.hear(hello(Snapshot { flows: vec![flow("deploy", Some(7))], ..Snapshot::default() }));
    assert_eq!(tray.controller.desktop.looked_at, [RunId(7), RunId(7)]);
    let _ = tray.happens(answered(&steps));
    assert!(tray.controller.desktop.closed.is_empty());
    // What an event said is not taken back by an answer that was on its way.
    tray.steps(7, 1, asking("ask", "Deploy?", StepState::Succeeded));
    let _ = tray.happens(answered(&steps));
    assert_eq!((tray.told().len(), &tray.controller.desktop.closed[..]), (1, &[question()][..]));

    // It was answered while nobody listened.
    let mut tray = deploying();
    let _ = tray.happens(answered(&steps));
    let _ = tray.hear(lost(false));
    let _ = tray.hear(hello(Snapshot { flows: vec![flow("deploy", Some(7))], ..Snapshot::default() }));
    let _ = tray.happens(answered(&steps[..1]));
    let _ = tray.happens(answered(&[steps[0].clone(), asking("ask", "Deploy?", StepState::Failed)]));
    assert_eq!(tray.controller.desktop.closed, [question()]);
    // A run that is not known is none that is shown.
    let _ = tray.happens(TrayEvent::Run(Box::new(run_status(9, "other", RunState::Running, &[waits("?")]))));
    assert_eq!(tray.told().len(), 1);
}

#[test]
fn a_question_waits_until_the_desktop_may_be_disturbed_if_it_is_open_still() {
    for answered_meanwhile in [false, true] {
        let mut tray = deploying();
        let _ = tray.event(paused(Some("2026-11-21T14:05:00Z")));
        tray.steps(7, 1, waits("Deploy?"));
        assert_eq!(tray.told(), [""; 0]);
        let asks = read(&tray.face().menu).iter().any(|line| line == "deploy asks: Deploy? > Approve");
        assert!(asks, "it is in the menu");
        if answered_meanwhile {
            tray.steps(7, 1, asking("ask", "Deploy?", StepState::Failed));
        }
        let _ = tray.later(180_000);
        assert_eq!(tray.told().len(), usize::from(!answered_meanwhile));
    }
}

#[test]
fn who_wants_no_notifications_finds_questions_in_the_menu_alone() {
    let mut tray = deploying();
    let settings = |notifications| TrayEvent::Settings(DesktopSettings { notifications, ..DesktopSettings::default() });
    tray.steps(7, 1, waits("Deploy?"));
    let _ = tray.happens(settings(false));
    assert_eq!((tray.told().len(), &tray.controller.desktop.closed[..]), (1, &[question()][..]));
    tray.steps(7, 2, waits("Copy?"));
    assert_eq!(tray.told(), [""; 0]);
    let asks = read(&tray.face().menu).iter().filter(|line| line.ends_with("> Approve")).count();
    assert_eq!(asks, 2);
}

#[test]
fn who_answers_what_is_not_asked_any_more_is_told_so() {
    let refused = |ask: Ask, code: ErrorCode| {
        let mut tray = deploying();
        let error = ApiError { code, message: "run 7 is not waiting".to_owned() };
        let _ = tray.happens(TrayEvent::Refused(ask, error));
        let shown = tray.controller.desktop.shown.remove(0);
        assert_eq!(shown.about, About::Failure);
        shown.body
    };
    let deny = || Ask::Approve {
        run: RunId(7),
        step: Some("ask".to_owned()),
        approved: false,
        by: AnsweredBy { from: Some(AnsweredFrom::Tray), user: None },
    };
    let over = "Run 7 no longer waits for this answer: it was answered, or its time was over.";
    assert_eq!(refused(deny(), ErrorCode::Wrong), over);
    assert_eq!(refused(deny(), ErrorCode::Gone), "flow deny 7 --step ask: run 7 is not waiting");
    assert_eq!(refused(Ask::CheckNow { monitor: None }, ErrorCode::Wrong), "check: run 7 is not waiting");
}

#[test]
fn a_question_is_asked_in_the_language_of_the_desktop() {
    let mut tray = deploying();
    let _ = tray.happens(TrayEvent::Settings(DesktopSettings { language: Language::Es, ..DesktopSettings::default() }));
    let continues = estatus_api::Question { continues: true, ..waits("¿Ahora?").question.unwrap() };
    tray.steps(7, 1, estatus_api::StepStatus { question: Some(continues), ..waits("") });
    let shown = &tray.controller.desktop.shown[0];
    assert_eq!(
        (shown.title.as_str(), shown.body.as_str()),
        ("deploy pide aprobación", "¿Ahora?\nPlazo: 15:00. Sin respuesta, la ejecución continúa.")
    );
    let buttons: Vec<&str> = shown.buttons.iter().map(|button| button.text.as_str()).collect();
    assert_eq!(buttons, ["Aprobar", "Denegar", "Abrir"]);
}
