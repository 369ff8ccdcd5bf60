//! The scenarios that are shipped, each played small: what it claims is what comes of it.

use std::path::{Path, PathBuf};

use probity_simulations::{Game, Keep, Outcome, Rigour, RunKey, Scenario, pace, run};

pub(crate) fn scenario(name: &str) -> Scenario {
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "scenarios", name].iter().collect();
    let file = file.with_extension("toml");
    let text = std::fs::read_to_string(&file).unwrap();
    Scenario::read(&text, &file).unwrap()
}

/// A scenario with some values changed, played to its end.
fn play(name: &str, changes: &[(&str, &str)]) -> Outcome {
    let mut scenario = scenario(name);
    for (path, value) in changes {
        let value: toml::Table = format!("x = {value}").parse().unwrap();
        scenario.set(path, &value["x"]).unwrap();
    }
    run(&scenario, RunKey::of(scenario.seed, 0), &mut |_| {}).unwrap()
}

fn per_seat(outcome: &Outcome, group: &str) -> f64 {
    outcome.groups.iter().find(|row| row.name == group).unwrap().per_seat
}

fn kpi(outcome: &Outcome, name: &str) -> f64 {
    outcome.kpi(name).unwrap_or_else(|| panic!("no {name} in {outcome:#?}"))
}

/// No result is wrong and nobody honest was slashed.
fn all_is_well(outcome: &Outcome) {
    assert!(kpi(outcome, "results") > 0.0, "{outcome:#?}");
    assert_eq!(kpi(outcome, "captured"), 0.0, "{outcome:#?}");
    assert_eq!(kpi(outcome, "false_slashes"), 0.0, "{outcome:#?}");
}

#[test]
fn honest_work_pays_about_what_the_rules_promise() {
    let outcome = play("honest_pays", &[]);
    all_is_well(&outcome);
    let earned = per_seat(&outcome, "honest");
    // R = 1.5 c and more, since the fee's part for an audit is shared too, less 1.125 c of work.
    assert!(earned > 0.3 && earned < 0.8, "{earned}");
}

#[test]
fn who_guesses_the_claim_is_caught() {
    let outcome = play("guessing_loses", &[]);
    all_is_well(&outcome);
    assert!(per_seat(&outcome, "lazy") < -10.0, "{outcome:#?}");
    assert!(per_seat(&outcome, "honest") > 0.0, "{outcome:#?}");
}

#[test]
fn who_skips_a_part_is_caught() {
    let outcome = play("skipping_loses", &[]);
    all_is_well(&outcome);
    assert!(per_seat(&outcome, "skips") < -10.0, "{outcome:#?}");
}

#[test]
fn who_copies_the_last_result_has_no_leaves() {
    let outcome = play("stale_copying_loses", &[]);
    all_is_well(&outcome);
    assert!(per_seat(&outcome, "stale") < -5.0, "{outcome:#?}");
}

#[test]
fn who_copies_a_commitment_cannot_open_it() {
    let outcome = play("commit_copying_fails", &[]);
    all_is_well(&outcome);
    assert!(kpi(&outcome, "slashed.O2") > 0.0, "{outcome:#?}");
    assert!(per_seat(&outcome, "copies") < -5.0, "{outcome:#?}");
}

#[test]
fn a_pool_that_copies_earns_more_than_the_honest_and_corrupts_nothing() {
    let outcome = play("copy_pool_pays", &[]);
    all_is_well(&outcome);
    assert!(per_seat(&outcome, "pool") > per_seat(&outcome, "honest"), "{outcome:#?}");
}

#[test]
fn who_hides_reveals_pays_for_each() {
    let outcome = play("hiding_loses", &[("epochs", "20")]);
    all_is_well(&outcome);
    assert!(kpi(&outcome, "slashed.O2") > 0.0, "{outcome:#?}");
    assert!(per_seat(&outcome, "hides") < per_seat(&outcome, "honest"), "{outcome:#?}");
}

#[test]
fn a_minority_that_inflates_its_own_model_is_caught() {
    let outcome = play("self_weight_loses", &[]);
    all_is_well(&outcome);
    assert!(per_seat(&outcome, "cabal") < 0.0, "{outcome:#?}");
}

#[test]
fn who_shades_within_the_tolerance_is_paid_and_moves_little() {
    let outcome = play("shading_moves_little", &[]);
    all_is_well(&outcome);
    assert!((per_seat(&outcome, "shades") - per_seat(&outcome, "honest")).abs() < 0.3);
    assert!(kpi(&outcome, "score_error") < 0.004, "{outcome:#?}");
}

#[test]
fn who_scatters_scores_frames_nobody() {
    let outcome = play("framing_fails", &[]);
    assert_eq!(kpi(&outcome, "captured"), 0.0, "{outcome:#?}");
    assert_eq!(kpi(&outcome, "false_slashes"), 0.0, "{outcome:#?}");
    assert!(per_seat(&outcome, "frames") < per_seat(&outcome, "honest"), "{outcome:#?}");
}

#[test]
fn bits_of_the_beacon_are_worth_seats() {
    let seats = |bits| {
        let changes = [("beacon.bits", bits), ("group.grinds.shift", "0.0"), ("epochs", "30")];
        let outcome = play("grinding_helps", &changes);
        outcome.groups.iter().find(|row| row.name == "grinds").unwrap().seats
    };
    let (fair, bent) = (seats("0"), seats("3"));
    assert!(bent * 10 > fair * 13, "{fair} seats by chance, {bent} with three bits");
}

#[test]
fn a_split_stake_draws_as_many_seats_as_a_whole_one() {
    let outcome = play("sybil_neutral", &[("tasks.per_epoch", "4.0")]);
    let seats = |name| outcome.groups.iter().find(|row| row.name == name).unwrap().seats;
    let (whole, parts) = (seats("whole"), seats("parts"));
    // 840 seats of which a quarter is each one's: four deviations of the difference are 82.
    assert!(whole.abs_diff(parts) < 82, "{whole} and {parts}");
}

#[test]
fn a_bribe_of_one_price_does_not_pay_for_a_slash() {
    let outcome = play("plain_bribe_loses", &[]);
    all_is_well(&outcome);
    assert!(per_seat(&outcome, "bribed") < 0.0, "{outcome:#?}");
}

#[test]
fn p_epsilon_must_pay_where_truth_is_verified() {
    let outcome = play("p_epsilon_costs", &[]);
    all_is_well(&outcome);
    let bribed = outcome.groups.iter().find(|row| row.name == "bribed").unwrap();
    // 334 seat prices are 501 costs: it was paid for two seats in five at the least.
    let seats = f64::from(u32::try_from(bribed.seats).unwrap());
    assert!(kpi(&outcome, "bribes") > 200.0 * seats, "{outcome:#?}");
}

#[test]
fn who_says_that_leaves_are_withheld_loses_a_bond_each_time() {
    let outcome = play("dispute_spam_loses", &[]);
    all_is_well(&outcome);
    assert!(kpi(&outcome, "disputes") > 0.0, "{outcome:#?}");
    assert_eq!(kpi(&outcome, "disputes_won"), 0.0, "{outcome:#?}");
    let spams = outcome.groups.iter().find(|row| row.name == "spams").unwrap();
    assert!(spams.payoff < -20.0 * kpi(&outcome, "disputes"), "{outcome:#?}");
}

#[test]
fn who_appeals_to_the_end_loses_every_bond() {
    let outcome = play("bond_exhaustion_loses", &[]);
    all_is_well(&outcome);
    assert!(kpi(&outcome, "appeals") > 0.0, "{outcome:#?}");
    assert_eq!(kpi(&outcome, "disputes_won"), 0.0, "{outcome:#?}");
    let row = outcome.groups.iter().find(|row| row.name == "appeals").unwrap();
    // Bonds of two levels at the least, in costs of one evaluation.
    assert!(row.payoff < -200.0, "{outcome:#?}");
}

#[test]
fn who_reports_itself_gets_a_fifth_back() {
    let outcome = play("self_report_loses", &[]);
    let row = outcome.groups.iter().find(|row| row.name == "launders").unwrap();
    assert!(row.slashed > 0.0 && row.deeds.0 > 0, "{outcome:#?}");
    assert!(row.ledger < -0.75 * row.slashed, "{outcome:#?}");
    assert_eq!(kpi(&outcome, "false_slashes"), 0.0, "{outcome:#?}");
}

#[test]
fn stake_that_leaves_after_a_lie_answers_for_it() {
    let outcome = play("early_exit_fails", &[]);
    all_is_well(&outcome);
    let row = outcome.groups.iter().find(|row| row.name == "leaves").unwrap();
    assert!(row.deeds.0 > 0, "nobody left: {outcome:#?}");
    assert!(row.slashed > 0.0 && row.per_seat < -10.0, "{outcome:#?}");
}

#[test]
fn a_model_trained_on_the_items_is_not_seen_through() {
    let outcome = play("leakage_is_not_seen", &[]);
    assert!(kpi(&outcome, "captured") > 0.0, "{outcome:#?}");
    assert_eq!(kpi(&outcome, "disputes"), 0.0, "{outcome:#?}");
    assert_eq!(kpi(&outcome, "false_slashes"), 0.0, "{outcome:#?}");
}

#[test]
fn a_task_about_what_cannot_be_fetched_ends_void_and_nobody_is_slashed() {
    let outcome = play("withholding_ends_void", &[]);
    all_is_well(&outcome);
    assert!(kpi(&outcome, "void") > 0.0, "{outcome:#?}");
}

#[test]
fn paying_for_evaluations_of_oneself_is_a_loss() {
    let outcome = play("wash_tasks_lose", &[]);
    all_is_well(&outcome);
    let row = outcome.groups.iter().find(|row| row.name == "washes").unwrap();
    assert!(row.deeds.0 > 2 && row.payoff < 0.0, "{outcome:#?}");
}

#[test]
fn tokens_borrowed_after_a_referendum_do_not_vote() {
    let outcome = play("flash_loan_has_no_vote", &[]);
    assert!(outcome.refusals.contains_key("governance.vote.too_much"), "{outcome:#?}");
    assert_eq!(kpi(&outcome, "votes_enacted"), 0.0, "{outcome:#?}");
}

#[test]
fn few_voters_change_nothing_at_the_root() {
    let outcome = play("low_quorum_fails", &[]);
    assert_eq!(kpi(&outcome, "votes_enacted"), 0.0, "{outcome:#?}");
    assert_eq!(kpi(&outcome, "votes_confirming"), 0.0, "{outcome:#?}");
    let row = outcome.groups.iter().find(|row| row.name == "quiet").unwrap();
    assert_eq!(row.deeds, (2, 0), "it asked and voted: {outcome:#?}");
}

#[test]
fn a_vote_in_the_last_block_decides_nothing_yet() {
    let outcome = play("late_vote_waits", &[]);
    // It would pass, and still has to be so for a whole period in which the others may wake up.
    assert_eq!(kpi(&outcome, "votes_confirming"), 1.0, "{outcome:#?}");
    let waited = kpi(&outcome, "votes_confirm_blocks");
    // Two days of ten blocks.
    assert!(kpi(&outcome, "votes_approved") == 0.0 || waited >= 20.0, "{outcome:#?}");
}

#[test]
fn what_work_has_not_earned_is_not_minted() {
    let outcome = play("mint_capture_fails", &[]);
    assert!(!outcome.refusals.is_empty(), "{outcome:#?}");
    assert_eq!(kpi(&outcome, "votes_enacted"), 0.0, "{outcome:#?}");
}

#[test]
fn one_stake_backs_one_seat_at_a_time() {
    let outcome = play("over_commitment_is_bounded", &[]);
    all_is_well(&outcome);
    let row = outcome.groups.iter().find(|row| row.name == "thin").unwrap();
    // A task lasts two epochs at the least here, and none of the eight sits in two at once.
    assert!(row.seats > 0 && row.seats <= 8 * 12 / 2, "{outcome:#?}");
}

#[test]
fn an_isolated_bug_costs_its_users_little() {
    let outcome = play("isolated_bug_is_cheap", &[]);
    assert_eq!(kpi(&outcome, "captured"), 0.0, "{outcome:#?}");
    let row = outcome.groups.iter().find(|row| row.name == "buggy").unwrap();
    assert!(row.slashed > 0.0, "{outcome:#?}");
    // It has 10 000 costs bonded: less than a twentieth of it is gone.
    assert!(row.slashed < 500.0, "{outcome:#?}");
}

#[test]
fn a_bug_that_most_share_is_right_by_the_rules() {
    let outcome = play("common_bug_wins", &[]);
    assert!(kpi(&outcome, "captured") > 0.0, "{outcome:#?}");
}

#[test]
fn a_third_that_lies_openly_loses_more_than_it_gains() {
    let outcome = play("naive_cartel_loses", &[]);
    assert!(per_seat(&outcome, "cartel") < 0.0, "{outcome:#?}");
}

#[test]
fn jurors_that_agree_lose_where_the_ruling_goes_the_other_way() {
    let changes = [("group.lies.stake", "60000"), ("epochs", "20")];
    let outcome = play("lazy_jurors_pay", &changes);
    assert!(kpi(&outcome, "disputes_won") > 0.0, "{outcome:#?}");
    let row = outcome.groups.iter().find(|row| row.name == "agree").unwrap();
    assert!(row.slashed > 0.0, "{outcome:#?}");
}

#[test]
fn invented_ancestors_take_nothing_from_the_original() {
    let outcome = play("lineage_holds", &[]);
    let straight = play("lineage_holds", &[("group.dilutes.per_epoch", "0")]);
    let owed = |outcome: &Outcome| kpi(outcome, "royalties.original") / kpi(outcome, "results");
    assert!(owed(&outcome) > 0.0, "{outcome:#?}");
    assert!((owed(&outcome) - owed(&straight)).abs() < 0.05 * owed(&straight), "{outcome:#?}");
}

#[test]
fn the_default_parameters_and_the_first_look_run() {
    for name in ["default", "first"] {
        let outcome = play(name, &[("epochs", "3")]);
        assert!(kpi(&outcome, "results") > 0.0, "{name}: {outcome:#?}");
    }
}

#[test]
fn every_shipped_scenario_is_named_like_its_file_and_says_what_it_asks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let scenario = scenario(&stem);
        assert_eq!(scenario.name, stem);
        assert!(!scenario.about.trim().is_empty(), "{stem}");
    }
}

#[test]
fn every_shipped_scenario_is_named_by_the_specification() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |folder: &str, ending: &str| {
        let entries = std::fs::read_dir(here.join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|found| found == ending))
            .collect::<Vec<_>>()
    };
    let chapters: String = files("../docs/spec", "md")
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    for path in files("scenarios", "toml") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(chapters.contains(&format!("`{name}`")), "no chapter names the scenario `{name}`");
    }
}

#[test]
fn signatures_computed_or_named_lead_to_the_same_roots_epoch_by_epoch() {
    for name in ["first", "framing_fails", "commit_copying_fails", "self_report_loses"] {
        let rows = |mode: &str| {
            let mut scenario = scenario(name);
            scenario.epochs = 2;
            scenario.set("mode", &mode.into()).unwrap();
            scenario.set("benchmark.items", &16.into()).unwrap();
            let mut game = Game::begin(&scenario, RunKey::of(3, 1), Keep::Newest).unwrap();
            let (mut rows, mut roots) = (Vec::new(), Vec::new());
            while game.epoch(&mut |row| rows.push(row.clone())).unwrap() {
                roots.push(game.root().unwrap());
            }
            (rows, roots, game.end().unwrap().0)
        };
        let (named, computed) = (rows("elided"), rows("verified"));
        assert_eq!(named, computed, "{name}");
        assert!(named.0.len() > 2 && named.1.len() > 2);
        assert_ne!(named.1.first(), named.1.last());
    }
}

#[test]
fn a_run_is_its_scenario_and_its_key() {
    let scenario = scenario("first");
    let play = |run_number| {
        let mut scenario = scenario.clone();
        scenario.epochs = 2;
        run(&scenario, RunKey::of(1, run_number), &mut |_| {}).unwrap()
    };
    assert_eq!(play(5), play(5));
    assert_ne!(play(5).state_root, play(6).state_root);
}

fn refused(text: &str) -> String {
    Scenario::read(text, Path::new("wrong.toml")).unwrap_err().to_string()
}

const GOOD: &str =
    "name = 'x'\n[[group]]\nname = 'a'\nstrategy = 'honest'\ncount = 8\nstake = 20000\n";

#[test]
fn a_wrong_scenario_is_refused_with_its_file_its_line_and_the_nearest_key() {
    let check = |text: &str, line: usize, parts: &[&str]| {
        let refusal = refused(text);
        assert!(refusal.starts_with(&format!("wrong.toml:{line}: ")), "{refusal}");
        for part in parts {
            assert!(refusal.contains(part), "{refusal} lacks {part}");
        }
    };
    assert!(Scenario::read(GOOD, Path::new("good.toml")).is_ok());
    check(&GOOD.replace("stake", "stakes"), 6, &["stakes", "did you mean `stake`?"]);
    check(&format!("epoch = 3\n{GOOD}"), 1, &["epoch", "did you mean `epochs`?"]);
    check(&GOOD.replace("count = 8", "count = 0"), 5, &["zero agents"]);
    check(&GOOD.replace("20000", "-5"), 6, &["-5"]);
    check(&GOOD.replace("20000", "900000000"), 6, &["more than the supply"]);
    check(&GOOD.replace("20000", "10"), 6, &["locks a single seat"]);
    check(&GOOD.replace("honest'", "honset'"), 4, &["did you mean `honest`?"]);
    check(&format!("{GOOD}skip = 0.2\n"), 7, &["takes no `skip`"]);
    check(
        &format!("[noise]\nscale = -1.0\n{}", &GOOD[11..])
            .replace("[noise]", "name = 'x'\n[noise]"),
        3,
        &["-1 is not between"],
    );
    let parameter = "name = 'x'\n[protocol.task]\nseat_locks = 5\n";
    check(&format!("{parameter}{}", &GOOD[11..]), 3, &["task.seat_locks", "`seat_lock`?"]);
    let loose = "name = 'x'\n[protocol.checks]\ntolerance_cap = 20\n";
    check(&format!("{loose}{}", &GOOD[11..]), 2, &["tolerance cap of 20"]);
}

#[test]
fn a_value_is_set_by_its_path_or_the_scenario_stays_as_it_was() {
    let mut scenario = Scenario::read(GOOD, Path::new("good.toml")).unwrap();
    scenario.set("group.a.stake", &30_000.into()).unwrap();
    scenario.set("protocol.task.open_blocks", &3.into()).unwrap();
    assert_eq!(scenario.groups[0].stake, 30_000);
    assert_eq!(scenario.params().unwrap().task.open_blocks, 3);
    let cheap = scenario.set("protocol.task.seat_lock", &300.into()).unwrap_err();
    assert!(cheap.problem.contains("a cartel gains from"), "{cheap}");
    let before = scenario.clone();
    let refusal = scenario.set("group.a.stak", &1.into()).unwrap_err();
    assert_eq!(refusal.nearest.as_deref(), Some("stake"));
    assert!(scenario.set("group.b.stake", &1.into()).unwrap_err().problem.contains("no group `b`"));
    assert!(scenario.set("group.a.count", &0.into()).is_err());
    assert_eq!(scenario, before);
    let text = scenario.resolved().unwrap();
    assert_eq!(Scenario::read(&text, Path::new("again.toml")).unwrap(), scenario);
}

#[test]
fn what_is_measured_has_every_step_of_the_protocol() {
    let scenario = pace::scenario(20, Rigour::Elided).unwrap();
    let done = pace::play(&scenario, 0, true).unwrap();
    assert_eq!(
        pace::play(&scenario, 0, false).unwrap(),
        done,
        "a root that is not made changes nothing"
    );
    assert_eq!(done.agent_steps, 2_000);
    assert!(done.transactions > 400 && done.blocks > 200, "{done:?}");
    for name in ["results", "audits", "slashed.O4"] {
        assert!(kpi(&done.outcome, name) > 0.0, "{name}: {done:#?}");
    }
    assert_eq!(kpi(&done.outcome, "captured"), 0.0, "{done:#?}");
}
