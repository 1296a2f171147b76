"""What a driver does when things go wrong around it: `check_faults` brings that about, over IPC.

For a driver in any language, so all of it happens from outside: signals, limits, the lifeline, and
what the host's side of the wire can do. Four sections, each bounded in time:

* `life`: starts and ends, each against what the protocol says about the life of a process.
* `killed`: the driver is killed in the middle of changes, over and over; what it had acknowledged
  must be there afterwards, whole, and nothing else. Then the suite, with kills between and in calls
  that the host repeats. A driver with the feature `volatile` must only come up empty.
* `stopped`: the suite, while the driver stands still (SIGSTOP) every now and then: nothing fails.
* `starved`: few descriptors, little processor, many calls at once: errors are temporary ones, and
  the driver works again afterwards.

`subject` starts the driver and knows what it leaves, `findings` is what came of it, `model` knows
what a store may hold after a kill, `suite` runs cases under some trouble, `run` puts it together.
Rejected: wrapping the driver's own process (a debugger, a preloaded library), which only some
languages take.
"""

from storagedriver.conformance.faults.findings import FaultReport, Finding, Section, Verdict
from storagedriver.conformance.faults.run import check_faults
from storagedriver.conformance.faults.subject import Subject

__all__ = ["FaultReport", "Finding", "Section", "Subject", "Verdict", "check_faults"]
