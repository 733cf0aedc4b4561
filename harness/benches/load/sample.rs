//! One sample of a profile: its stack, and the part of a request's cost that it belongs to.

/// One frame of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    symbol: String,
    object: String,
}

impl Frame {
    /// Parses a line of `perf script -F ip,sym,dso`; `None` for the empty line between two stacks.
    pub(crate) fn parse(line: &str) -> Option<Frame> {
        let (_, rest) = line.trim().split_once(' ')?;
        let (symbol, object) = rest.rsplit_once(" (")?;
        Some(Frame {
            symbol: symbol.trim().to_owned(),
            object: object.trim_end_matches(')').to_owned(),
        })
    }

    fn is_kernel(&self) -> bool {
        self.object.starts_with("[kernel") || self.object.ends_with(".ko")
    }

    /// The crate of a Rust symbol: the first segment of its path, or of the type whose method it is.
    fn krate(&self) -> &str {
        let path = self.symbol.trim_start_matches(['<', '&', '*']).trim_start_matches("mut ");
        path.split("::").next().unwrap_or_default()
    }
}

/// A part of a request's cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Send,
    Delivery,
    Receive,
    Epoll,
    Scheduling,
    Interrupts,
    KernelElse,
    Stackmark,
    Tokio,
    Goose,
    Clock,
    Libc,
    Else,
}

/// All parts, in the order of [`Part`].
pub(crate) const PARTS: [Part; 13] = [
    Part::Send,
    Part::Delivery,
    Part::Receive,
    Part::Epoll,
    Part::Scheduling,
    Part::Interrupts,
    Part::KernelElse,
    Part::Stackmark,
    Part::Tokio,
    Part::Goose,
    Part::Clock,
    Part::Libc,
    Part::Else,
];

impl Part {
    /// The part that a stack belongs to; its innermost frame comes first.
    pub(crate) fn of(frames: &[Frame]) -> Part {
        let kernel = |names: &[&str]| {
            frames.iter().any(|frame| {
                frame.is_kernel() && names.iter().any(|name| frame.symbol.starts_with(name))
            })
        };
        match frames.first() {
            // An interrupt may come within a system call, and a wake-up within a send.
            Some(leaf) if leaf.is_kernel() => {
                if kernel(&["asm_common_interrupt", "asm_sysvec_"]) {
                    Part::Interrupts
                } else if kernel(&["try_to_wake_up", "schedule", "__schedule"]) {
                    Part::Scheduling
                } else if kernel(&["net_rx_action"]) {
                    Part::Delivery
                } else if kernel(&["__x64_sys_sendto", "__arm64_sys_sendto"]) {
                    Part::Send
                } else if kernel(&["__x64_sys_recvfrom", "__arm64_sys_recvfrom"]) {
                    Part::Receive
                } else if kernel(&["__x64_sys_epoll", "__arm64_sys_epoll"]) {
                    Part::Epoll
                } else {
                    Part::KernelElse
                }
            }
            Some(leaf) if leaf.object == "[vdso]" => Part::Clock,
            Some(leaf) if leaf.object.contains("/libc.so") => {
                if leaf.symbol.contains("clock_gettime") { Part::Clock } else { Part::Libc }
            }
            Some(leaf) => match leaf.krate() {
                "stackmark" | "hdrhistogram" | "httparse" => Part::Stackmark,
                "tokio" | "mio" => Part::Tokio,
                "goose" => Part::Goose,
                _ => Part::Else,
            },
            None => Part::Else,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Part::Send => "kernel: send",
            Part::Delivery => "kernel: delivery, at the end of a send, into the server's socket",
            Part::Receive => "kernel: receive",
            Part::Epoll => "kernel: epoll",
            Part::Scheduling => "kernel: sleeping, and waking the server",
            Part::Interrupts => "kernel: interrupts",
            Part::KernelElse => "kernel: entering and leaving system calls, and else",
            Part::Stackmark => "stackmark: asking, reading, checking, recording",
            Part::Tokio => "tokio",
            Part::Goose => "Goose",
            Part::Clock => "reading the clock",
            Part::Libc => "libc: system calls' wrappers, memory",
            Part::Else => "the standard library, and else",
        }
    }
}
