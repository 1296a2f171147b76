"""Serving by a script: the faults of the start and of the end, and channels that are scripted."""

from __future__ import annotations

from collections.abc import Mapping

from storagedriver.contract import StorageDriver
from storagedriver.contract.errors import InvalidParametersError
from storagedriver.drivers.misbehaving.calls import Plan
from storagedriver.drivers.misbehaving.channel import ScriptedChannel
from storagedriver.drivers.misbehaving.driver import make_plan
from storagedriver.drivers.misbehaving.journal import Step
from storagedriver.drivers.misbehaving.process_faults import PROCESS_FAULTS, hang
from storagedriver.drivers.misbehaving.rules import Fault, Rule
from storagedriver.ipc.channel import Channel, ChannelLostError
from storagedriver.ipc.serving import CONNECT_SECONDS, Serving
from storagedriver.ipc.session import Session


class ScriptedServing(Serving):
    """As Serving, with the script that the parameters name. `run` belongs to the main thread."""

    plan: Plan | None = None
    _version: str | None = None
    _keeps_running: bool = False

    def run(self) -> None:
        try:
            self.plan = make_plan(self.parameters)
        except InvalidParametersError as error:
            self._refuse(error)
        for rule in [] if self.plan is None else self.plan.starting():
            self._begin_with(rule)
        try:
            super().run()
        except ChannelLostError:
            if not self._keeps_running:
                raise
        if self._keeps_running:
            hang()

    def connect(self, endpoint: str, session: Session) -> Channel:
        channel = ScriptedChannel.connect(endpoint, session, timeout_seconds=CONNECT_SECONDS)
        channel.plan = self.plan
        channel.version = self._version
        return channel

    def _begin_with(self, rule: Rule) -> None:
        if self.plan is not None:
            self.plan.journal.note(Step.FAULT, "", "", rule.fault.value)
        match rule.fault:
            case Fault.WRONG_TOKEN:
                self.token = rule.token
            case Fault.WRONG_VERSION:
                self._version = rule.version
            case Fault.KEEP_RUNNING:
                # The lifeline's thread takes an end that is under way for an orderly one.
                self._keeps_running = self.is_ending = True
            case fault:
                PROCESS_FAULTS[fault](rule)

    def _refuse(self, error: InvalidParametersError) -> None:
        """Let Hello fail with this: the host's caller is to see it."""

        def factory(parameters: Mapping[str, object]) -> StorageDriver:
            raise error

        self.factory = factory
