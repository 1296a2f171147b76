"""A driver that breaks on purpose, as a script says: for tests of hosts and of what checks drivers.

Everything hangs on one hook. Whatever a driver in Python does on the wire goes through its channels
(`ipc.channel`), and a server makes them in one place (`Serving.connect`). So the driver that is
served is a real one, unchanged, and its channels are replaced:

* `script` reads the rules and refuses wrong ones, `keys` knows what each key may hold, and `rules`
  is what comes of it.
* `occurrences` counts on disk which call is the nth, so that a driver that crashed at the first
  call does not crash at it again when it is started anew.
* `journal` notes on disk every call before and after it was executed, where no kill undoes it.
* `calls` is one call under the rules that are due in it; `channel` cuts content exactly where a
  rule is due, and lets each rule happen at its point.
* `process_faults` are those of the process (crash, stop, hang, hold the interpreter's lock),
  `answers` those of the protocol. `serving` has those of the start and the end.

Rejected: a wrapper around the driver, as it can neither answer twice nor send garbage; another
worker, as it does not see the control channel.
"""
