//! Processes of this machine: started on their hosts, sent signals, and ended whatever happens.

use crate::error::LiveError;
use crate::net::Ground;
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// A process of the cluster, or the place for one.
#[derive(Debug, Default)]
pub struct Slot {
    child: Option<Child>,
    /// Its folder.
    pub dir: PathBuf,
}

impl Slot {
    /// A place for a process that has this folder.
    pub fn at(dir: PathBuf) -> Slot {
        Slot { child: None, dir }
    }

    /// Starts a program in the folder. It is ended by the kernel should this program die without ending it.
    ///
    /// # Errors
    /// If it cannot be started, or another one is still there.
    pub fn start(&mut self, ground: &Ground, host: usize, program: &str, args: &[&str]) -> Result<(), LiveError> {
        if self.runs() {
            return Err(LiveError::of(format!("start {program}"), "it runs already"));
        }
        let path = find(program).ok_or_else(|| LiveError::missing(program))?;
        let path = path.to_string_lossy();
        let mut command = match find("setpriv") {
            Some(_) => {
                let mut command = ground.command(host, "setpriv");
                command.args(["--pdeathsig", "KILL", &path]);
                command
            }
            None => ground.command(host, &path),
        };
        command.args(args).current_dir(&self.dir).env("TZ", "UTC").env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Its own group: Ctrl-C on the terminal is for us alone.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        self.child = Some(command.spawn().map_err(|error| LiveError::starting(program, &error))?);
        Ok(())
    }

    /// Whether it is there, running or stopped.
    pub fn runs(&mut self) -> bool {
        let ended = self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
        if ended {
            self.child = None;
        }
        !ended
    }

    /// Sends it a signal, if it is there.
    pub fn signal(&mut self, signal: Signal) {
        if let Some(child) = self.child.as_ref()
            && let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process(pid, signal);
        }
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where a program is.
pub fn find(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Checks that both programs are installed, before anything is made.
///
/// # Errors
/// If one is not.
pub fn installed() -> Result<(), LiveError> {
    match ["redis-server", "redis-sentinel"].into_iter().find(|program| find(program).is_none()) {
        Some(program) => Err(LiveError::missing(program)),
        None => Ok(()),
    }
}

/// A folder that is removed in the end, unless it is to be kept.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    /// Makes a folder of a new name below this one, or below the system's folder for such things.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn make(base: Option<&Path>, keep: bool) -> Result<Folder, LiveError> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let base = base.map_or_else(std::env::temp_dir, Path::to_owned);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = base.join(format!("splitbrain-live-{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Folder { path, keep }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(LiveError::of(format!("make {}", path.display()), error)),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
