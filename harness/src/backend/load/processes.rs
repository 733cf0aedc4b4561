//! A load in child processes, a shard each: in this machine's own, or by the container engine's command line in another.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Write};
use std::process::Child;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::total::{Total, unexpected};
use super::{LoadEvent, RunningLoad};
use crate::failure::Error;
use crate::load::LoadSpec;
use crate::load::protocol::{Command, Event};
use crate::observe::container::Contained;
use crate::observe::meter::Meter;
use crate::observe::processes::Processes;
use crate::os::process;
use crate::os::stop::{Stop, WaitError, wait_closely};
use crate::units::Moment;

/// How long a load may take to set itself up.
const SET_UP_TIMEOUT: Duration = Duration::from_secs(30);
/// The time between the command and the first request, so that all shards begin at the same moment.
const START_DELAY: Duration = Duration::from_millis(30);
/// The time between the end of a warm-up and the window, so that all shards know of it before.
const WINDOW_DELAY: Duration = Duration::from_millis(100);
/// How long a process that is not wanted any more may take to end by itself.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);
/// The reason for the failure of a load whose process ends too early.
const ENDED: &str = "it ended without a record";

/// What the resources of the processes are read from.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend) enum Metered {
    /// The processes themselves.
    Processes,
    /// The container in which they started the load, by its first process.
    Container(u32),
}

/// Processes that run shards of loads, in order, and what they say.
struct Shards {
    processes: Vec<Child>,
    sender: Sender<(u32, Event)>,
    messages: Receiver<(u32, Event)>,
}

/// The processes that a backend's loads are run by. They stay from one load to the next, since a start takes longer than a
/// short window does.
#[derive(Default)]
pub(in crate::backend) struct IdleShards(Rc<RefCell<Shards>>);

/// A load in child processes that share this machine's clock.
struct ProcessLoad {
    shards: Shards,
    /// Where they go when they are idle again.
    idle: Rc<RefCell<Shards>>,
    /// How many of them run this load: the first ones.
    count: usize,
    metered: Metered,
    total: Total,
    is_over: bool,
}

impl Default for Shards {
    fn default() -> Shards {
        let (sender, messages) = channel();
        Shards { processes: Vec::new(), sender, messages }
    }
}

impl Shards {
    /// Whether all of them wait for commands.
    fn are_idle(&mut self) -> bool {
        let is_alive = |process: &mut Child| matches!(process::ended(process), Ok(None));
        self.processes.iter_mut().all(is_alive) && self.messages.try_recv().is_err()
    }
}

impl Drop for Shards {
    fn drop(&mut self) {
        // Without input they end by themselves.
        self.processes.iter_mut().for_each(|process| drop(process.stdin.take()));
        for process in &mut self.processes {
            // A failure means that it has ended.
            let _ = process::stop(process, STOP_TIMEOUT);
        }
    }
}

impl IdleShards {
    /// Starts a load with these shards. `spawn` starts the process of a shard, by its number, with piped standard streams,
    /// where none is idle. Returns when all of them are ready.
    ///
    /// # Errors
    /// When a process does not start, or is not ready in time; or the interruption.
    pub(in crate::backend) fn start(
        &self,
        specs: &[LoadSpec],
        metered: Metered,
        mut spawn: impl FnMut(u32) -> Result<Child, Error>,
        stop: &Stop,
    ) -> Result<Box<dyn RunningLoad>, Error> {
        let mut shards = self.0.take();
        if !shards.are_idle() {
            shards = Shards::default();
        }
        // From here on, whatever fails ends all of them.
        for spec in &specs[shards.processes.len().min(specs.len())..] {
            let index = spec.shard.index;
            let mut process = spawn(index)?;
            let listening = listen(&mut process, index, shards.sender.clone());
            shards.processes.push(process);
            listening?;
        }
        for (process, spec) in shards.processes.iter_mut().zip(specs) {
            send(process, &Command::SetUp(Box::new(spec.clone())))?;
        }
        let (count, total) = (specs.len(), Total::new(specs.len()));
        let idle = Rc::clone(&self.0);
        let mut load = ProcessLoad { shards, idle, count, metered, total, is_over: false };
        load.wait_until_ready(stop)?;
        Ok(Box::new(load))
    }
}

impl ProcessLoad {
    fn wait_until_ready(&mut self, stop: &Stop) -> Result<(), Error> {
        let mut ready = 0;
        let all = wait_closely(Instant::now() + SET_UP_TIMEOUT, stop, || {
            while let Ok((_, event)) = self.shards.messages.try_recv() {
                match event {
                    Event::Ready => ready += 1,
                    event => return Err(unexpected(event)),
                }
            }
            Ok((ready == self.count).then_some(()))
        });
        all.map_err(|error| match error {
            WaitError::Interrupted => Error::Interrupted,
            WaitError::Failed(error) => error,
            WaitError::TimedOut => Error::Failed(format!(
                "it was not ready within {} s: see whether its CPUs are busy",
                SET_UP_TIMEOUT.as_secs()
            )),
        })
    }

    fn tell(&mut self, command: &Command) -> Result<(), Error> {
        self.processes().iter_mut().try_for_each(|process| send(process, command))
    }

    fn processes(&mut self) -> &mut [Child] {
        &mut self.shards.processes[..self.count]
    }
}

impl RunningLoad for ProcessLoad {
    fn meter(&self) -> Result<Option<Box<dyn Meter>>, Error> {
        Ok(Some(match self.metered {
            Metered::Processes => {
                let processes = &self.shards.processes[..self.count];
                Box::new(Processes::shards(processes.iter().map(Child::id).collect()))
            }
            Metered::Container(pid) => {
                let contained = Contained::of(pid);
                Box::new(contained.map_err(|error| Error::Failed(error.to_string()))?)
            }
        }))
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.tell(&Command::Go { start: Moment::now() + START_DELAY.into() })
    }

    fn open_window(&mut self) -> Result<(), Error> {
        self.tell(&Command::Measure { from: Moment::now() + WINDOW_DELAY.into() })
    }

    fn next(&mut self, timeout: Duration) -> Result<Option<LoadEvent>, Error> {
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.shards.messages.recv_timeout(left) {
                Ok((shard, event)) => {
                    if let Some(event) = self.total.add(shard, event)? {
                        self.is_over = matches!(event, LoadEvent::Record(_));
                        return Ok(Some(event));
                    }
                }
                // The other cause cannot be: a sender is kept for the processes to come.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }
}

impl Drop for ProcessLoad {
    fn drop(&mut self) {
        // A load that was given up may have left anything in them.
        if self.is_over {
            self.idle.replace(std::mem::take(&mut self.shards));
        }
    }
}

fn send(child: &mut Child, message: &Command) -> Result<(), Error> {
    let gone = |error: io::Error| Error::Failed(format!("it does not listen: {error}"));
    let mut line = serde_json::to_vec(message).map_err(|error| gone(error.into()))?;
    line.push(b'\n');
    let input = child.stdin.as_mut();
    let input = input.ok_or_else(|| Error::Failed("it has no standard input".into()))?;
    input.write_all(&line).map_err(gone)?;
    input.flush().map_err(gone)
}

/// Passes on what a shard reports, and at last that it has ended.
fn listen(child: &mut Child, shard: u32, messages: Sender<(u32, Event)>) -> Result<(), Error> {
    let output = child.stdout.take();
    let output = output.ok_or_else(|| Error::Failed("it has no standard output".into()))?;
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let event = serde_json::from_str(&line).unwrap_or_else(|error| Event::Failed {
                reason: format!("it said {line:?}: {error}"),
            });
            // Nothing receives any more when its processes are given up.
            if messages.send((shard, event)).is_err() {
                return;
            }
        }
        let _ = messages.send((shard, Event::Failed { reason: ENDED.into() }));
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;

    use nix::sys::signal::{self, Signal};
    use nix::unistd::Pid;

    use crate::load::LoadRecord;

    fn ended() -> Error {
        Error::Failed(ENDED.into())
    }

    /// A shard that says its lines, each after `read`ing one where the script says so, and then waits for more input.
    fn shard(script: &str) -> Result<Child, Error> {
        let record = Event::Record(Box::new(LoadRecord { right: 5, ..LoadRecord::default() }));
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", &format!("{script} read end")])
            .env("RECORD", serde_json::to_string(&record).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        process::spawn_tied(&mut command, None, Signal::SIGKILL)
            .map_err(|error| Error::Failed(error.to_string()))
    }

    fn say(event: &str) -> String {
        format!(r#"echo '{{"event":{event}}}';"#)
    }

    fn start(script: &str, stop: &Stop) -> Result<Box<dyn RunningLoad>, Error> {
        let shards = LoadSpec::example().shards(2);
        IdleShards::default().start(&shards, Metered::Processes, |_| shard(script), stop)
    }

    fn next(load: &mut dyn RunningLoad) -> Result<Option<LoadEvent>, Error> {
        load.next(Duration::from_secs(60))
    }

    #[test]
    fn two_processes_are_one_load_from_ready_to_record() {
        let script = format!(
            r#"read spec; {} read go; echo '{{"event":"warming-up","right":3}}'; read measure; {} echo "$RECORD";"#,
            say(r#""ready""#),
            say(r#""window","start":3,"end":5"#)
        );
        let mut load = start(&script, &Stop::never()).unwrap();
        let meter = load.meter().unwrap().expect("processes have a meter");
        assert!(meter.cpu().is_ok());
        assert_eq!(load.next(Duration::ZERO), Ok(None), "it waits for its beginning");
        load.begin().unwrap();
        assert_eq!(next(load.as_mut()), Ok(Some(LoadEvent::WarmingUp(6))));
        load.open_window().unwrap();
        let window = LoadEvent::Window { start: Moment(3), end: Moment(5), warmup: None };
        assert_eq!(next(load.as_mut()), Ok(Some(window)));
        let Ok(Some(LoadEvent::Record(record))) = next(load.as_mut()) else { panic!("no record") };
        assert_eq!(record.right, 10);
        // There is nothing that its processes could be kept for.
        drop(load);
        assert!(meter.cpu().is_err(), "its processes have ended");
    }

    #[test]
    fn the_processes_of_a_load_that_is_over_run_the_next_one() {
        let once = format!(r#"read spec; {} read go; echo "$RECORD";"#, say(r#""ready""#));
        let script = once.repeat(3);
        let (idle, started) = (IdleShards::default(), RefCell::new(Vec::new()));
        let run = |count: u32| {
            let spawn = |index: u32| {
                started.borrow_mut().push(index);
                shard(&script)
            };
            let shards = LoadSpec::example().shards(count);
            let mut load = idle.start(&shards, Metered::Processes, spawn, &Stop::never()).unwrap();
            load.begin().unwrap();
            match next(load.as_mut()) {
                Ok(Some(LoadEvent::Record(record))) => record.right,
                event => panic!("{event:?}"),
            }
        };
        assert_eq!((run(1), run(2), run(1)), (5, 10, 5));
        assert_eq!(*started.borrow(), [0, 1], "one more was needed");
        // One ends while it is idle: what is left is ended too.
        let ids: Vec<u32> = idle.0.borrow().processes.iter().map(Child::id).collect();
        signal::kill(Pid::from_raw(ids[1] as i32), Signal::SIGKILL).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while process::is_running(ids[1]) {
            assert!(Instant::now() < deadline);
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(run(1), 5);
        assert_eq!(*started.borrow(), [0, 1, 0]);
        assert!(!process::is_running(ids[0]));
    }

    #[test]
    fn a_load_that_fails_or_is_interrupted_before_it_is_ready_does_not_start() {
        let failed = r#"read spec; echo '{"event":"failed","reason":"no descriptors"}';"#;
        let failed = start(failed, &Stop::never()).err();
        assert_eq!(failed, Some(Error::Failed("no descriptors".into())));
        let stop = Stop::default();
        stop.set();
        assert_eq!(start("", &stop).err(), Some(Error::Interrupted));
    }

    #[test]
    fn a_load_whose_processes_end_early_has_failed() {
        let script = format!("read spec; {} read go; exec true;", say(r#""ready""#));
        let mut load = start(&script, &Stop::never()).unwrap();
        load.begin().unwrap();
        assert_eq!(next(load.as_mut()), Err(ended()));
    }

    #[test]
    fn a_load_has_failed_when_one_of_its_processes_ends_early() {
        let ready = say(r#""ready""#);
        let scripts = [
            format!("read spec; {ready} read go; exec true;"),
            format!("read spec; {ready} read go; read measure;"),
        ];
        let shards = LoadSpec::example().shards(2);
        let spawn = |index: u32| shard(&scripts[index as usize]);
        let load = IdleShards::default().start(&shards, Metered::Processes, spawn, &Stop::never());
        let mut load = load.unwrap();
        load.begin().unwrap();
        assert_eq!(next(load.as_mut()), Err(ended()));
    }
}
