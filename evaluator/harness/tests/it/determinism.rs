//! The same transcript, however it is made.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use probity_harness::engine::{Input, ModelSpec, Output};
use probity_harness::run::{Options, Run};
use probity_harness::stored;
use probity_harness::worker::Worker;
use probity_primitives::transcript::{Fold, Transcript};

use crate::support::{digits, execute, fixture, options, prepare};

fn transcript(run: &Run, workers: usize, share: usize) -> Transcript {
    let (workers, share) = (NonZeroUsize::new(workers).unwrap(), NonZeroUsize::new(share).unwrap());
    execute(run, &Options { workers, share, ..options() }).unwrap().transcript
}

#[test]
fn workers_shares_and_repetition_do_not_change_the_transcript() {
    for model in ["digits_mlp16.onnx", "digits_cnn.onnx"] {
        let run = prepare(model);
        let once = transcript(&run, 1, 32);
        for (workers, share) in [(1, 32), (1, 597), (2, 7), (4, 1), (4, 100)] {
            assert_eq!(transcript(&run, workers, share), once, "{model} {workers} {share}");
        }
    }
}

/// What a worker answers to all items when it is shown `batch` of them at once.
fn outputs(run: &Run, batch: u32) -> Vec<Output> {
    let spec = ModelSpec { batch, ..ModelSpec::of(run.benchmark()) };
    let limits = &run.benchmark().limits;
    let mut worker = Worker::start(&options().worker, run.model_file(), &spec, limits).unwrap();
    let inputs = run.items().iter().map(|item| Input::Features(item.features.clone())).collect();
    let mut outputs = Vec::new();
    let flow = worker.run(inputs, |_, output| {
        outputs.push(output);
        ControlFlow::Continue(())
    });
    assert!(flow.unwrap().is_continue());
    outputs
}

#[test]
fn the_size_of_a_batch_does_not_change_a_bit() {
    for model in ["bad", "centroid", "logreg", "mlp16", "mlp256", "cnn"] {
        let run = prepare(&format!("digits_{model}.onnx"));
        let single = outputs(&run, 1);
        assert_eq!(single.len(), 597);
        for batch in [7, 64, 597] {
            assert!(outputs(&run, batch) == single, "{model} in batches of {batch}");
        }
    }
}

#[test]
fn a_limit_takes_the_first_items_and_names_another_run() {
    let (model, data) = (fixture("digits_mlp16.onnx"), fixture("digits_test.jsonl"));
    let limited = Run::prepare(digits(), &model, &data, "20".parse().ok()).unwrap();
    let part = transcript(&limited, 1, 32);
    let whole = transcript(&prepare("digits_mlp16.onnx"), 2, 32);
    assert_eq!(part.leaves(), &whole.leaves()[..20]);
    assert_ne!(part.header().hash(), whole.header().hash());
}

#[test]
fn a_jury_gets_the_same_records_as_a_run() {
    let run = prepare("digits_mlp16.onnx");
    let whole = transcript(&run, 1, 32);
    let records = run.answer(&[596, 3, 3, 40], &options()).unwrap();
    assert_eq!(records.keys().copied().collect::<Vec<_>>(), [3, 40, 596]);
    for (index, record) in records {
        let leaf = &whole.leaves()[usize::try_from(index).unwrap()];
        assert_eq!((record.item, record.prompt), (leaf.item, leaf.prompt));
        assert_eq!((record.answer, record.score), (leaf.answer.clone(), leaf.score));
    }
    let error = run.answer(&[597], &options()).unwrap_err();
    assert_eq!(error.to_string(), "there is no item 597 among 597");
}

#[test]
fn a_stored_transcript_gives_the_same_root_and_score() {
    let whole = transcript(&prepare("digits_bad.onnx"), 1, 32);
    let stored = stored::decode(&stored::encode(&whole), 1 << 20).unwrap();
    assert_eq!(stored.answers_root(), whole.answers_root());
    assert_eq!(stored.attachments_root(), whole.attachments_root());
    assert_eq!(stored.score(Fold::Mean).map(|score| score.micros()), Some(335_008));
}
