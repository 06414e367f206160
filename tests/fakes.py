"""Stand-ins for the ports. They behave; they are not mocks, and no test asks how they were called."""

from dataclasses import replace
from datetime import timedelta

from watcher.errors import StoreError
from watcher.model.incidents import Status


class MemoryStore:
    """A Store in a few mappings, in the simplest words that its contract allows."""

    def __init__(self, retention=timedelta(days=400)):
        self._retention = retention
        self._expectations = None
        self._accepted = set()
        self._mounts = {}
        self._memory = {}
        self._incidents = {}
        self._history = []
        self._watches = {}
        self._spells = {}
        self._sent = {}
        self._owed = {}
        self._mutes = {}

    def expectations(self):
        if self._expectations is None:
            return None
        return replace(self._expectations, jobs=self._still_expected(self._expectations))

    def keep(self, expectations, mounts):
        self._expectations = replace(
            expectations,
            prometheuses=tuple(sorted(expectations.prometheuses, key=lambda p: p.name)),
            jobs=self._still_expected(expectations),
        )
        self._accepted = set()
        for mount in mounts:
            key = replace(mount, first_seen_at=None, last_seen_at=None)
            known = self._mounts.get(key, mount)
            self._mounts[key] = replace(
                mount,
                first_seen_at=min(mount.first_seen_at, known.first_seen_at),
                last_seen_at=max(mount.last_seen_at, known.last_seen_at),
            )

    def accept(self, jobs, now):
        self._accepted |= set(jobs)

    def mount_history(self):
        return tuple(sorted(self._mounts.values(), key=lambda m: m.first_seen_at))

    def memory(self):
        return dict(self._memory)

    def ongoing(self):
        return {i.job: i for i in self._incidents.values() if i.status is not Status.RESOLVED}

    def record(self, watch, memory, transitions, blindness, owed=()):
        incidents, history = dict(self._incidents), list(self._history)
        for transition in sorted(transitions, key=lambda t: t.after.status is not Status.RESOLVED):
            if transition not in history:
                _follow(incidents, transition.after)
                history.append(transition)
        self._incidents, self._history = incidents, history
        self._memory |= memory
        self._spells |= {(spell.source, spell.since): spell for spell in blindness}
        self._watches[watch.at] = watch
        self._owed = {(o.subject, o.notifier): o for o in owed} | self._owed

    def blindness(self):
        return tuple(spell for spell in self._sorted_spells() if spell.until is None)

    def unsettled(self):
        waiting = {s for (s, _), sent in self._sent.items() if sent.status is not Status.RESOLVED}
        waiting |= {subject for subject, _ in self._owed}
        return tuple(
            i
            for i in self._sorted_incidents()
            if i.status is not Status.RESOLVED or (i.group or i.id) in waiting
        )

    def incidents(self, since, until):
        return tuple(
            i
            for i in self._sorted_incidents()
            if i.starts_at < until and (i.ends_at is None or i.ends_at >= since)
        )

    def history(self, since, until):
        return tuple(
            sorted((t for t in self._history if since <= t.at < until), key=lambda t: t.at)
        )

    def watches(self, since, until):
        return tuple(watch for at, watch in sorted(self._watches.items()) if since <= at < until)

    def first_watch(self):
        return min(self._watches, default=None)

    def blind_spells(self, since, until):
        return tuple(
            spell
            for spell in self._sorted_spells()
            if spell.since < until and (spell.until is None or spell.until > since)
        )

    def last_sent(self, subject, notifier):
        return self._sent.get((subject, notifier))

    def mark_sent(self, subject, notifier, sent):
        self._sent[subject, notifier] = sent
        self.forgive(subject, notifier)

    def owed(self):
        return tuple(sorted(self._owed.values(), key=lambda o: (o.since, o.subject, o.notifier)))

    def owe(self, owed):
        self._owed[owed.subject, owed.notifier] = owed

    def forgive(self, subject, notifier):
        self._owed.pop((subject, notifier), None)

    def mute(self, mute):
        self._mutes[mute.id] = mute

    def mutes(self, since, until):
        held = (m for m in self._mutes.values() if m.since < until and m.until > since)
        return tuple(sorted(held, key=lambda m: (m.until, m.id)))

    def prune(self, now):
        old = now - self._retention
        self._incidents = {
            i.id: i for i in self._incidents.values() if i.ends_at is None or i.ends_at >= old
        }
        last = {t.after.id: t for t in self._history}
        self._history = [
            t
            for t in self._history
            if t.after.id in self._incidents and (t.at >= old or t is last[t.after.id])
        ]
        self._watches = {at: watch for at, watch in self._watches.items() if at >= old}
        self._spells = {
            key: s for key, s in self._spells.items() if s.until is None or s.until >= old
        }
        self._owed = {key: o for key, o in self._owed.items() if o.since >= old}
        self._mutes = {key: m for key, m in self._mutes.items() if m.until >= old}
        self._mounts = {k: m for k, m in self._mounts.items() if m.last_seen_at >= old}
        spoken_of = {name for i in self._incidents.values() for name in (i.group, i.id)}
        self._sent = {
            key: sent for key, sent in self._sent.items() if sent.at >= old or key[0] in spoken_of
        }
        expected = {job.key for job in self._expectations.jobs} if self._expectations else set()
        self._memory = {
            key: m for key, m in self._memory.items() if m.since >= old or key in expected
        }

    def _still_expected(self, expectations):
        left = [
            job
            for job in expectations.jobs
            if job.gone_since is None or job.key not in self._accepted
        ]
        return tuple(sorted(left, key=lambda job: job.key))

    def _sorted_incidents(self):
        return sorted(self._incidents.values(), key=lambda i: (i.starts_at, i.id))

    def _sorted_spells(self):
        return sorted(self._spells.values(), key=lambda s: (s.since, s.source))


def _follow(incidents, after):
    before = incidents.get(after.id)
    if before is not None and before.status is Status.RESOLVED:
        raise StoreError(f"incident {after.id} is resolved and never changes")
    if after.status is not Status.RESOLVED and any(
        i.job == after.job and i.id != after.id and i.status is not Status.RESOLVED
        for i in incidents.values()
    ):
        raise StoreError(f"{after.job} has an ongoing incident already")
    incidents[after.id] = after
