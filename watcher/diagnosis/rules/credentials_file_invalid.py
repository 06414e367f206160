"""A token, password or TLS file of the job is there, and Prometheus cannot use it.

## Meaning

Under a running pool a file became unreadable, is no PEM any more, or certificate and key no longer
belong together: a rotation that changed one of the two, or was caught in the middle. The pool stays
with all targets down; after a restart it would not be made at all if it is a TLS file.

## Evidence

`lastError` names the file and what is wrong: `permission denied`, `is a directory`, `failed to find
any PEM data`, `private key does not match public key`.

## Fix

Put certificate and key of one rotation into the Secret, or give Prometheus's user the right to read
the file. Heals at the next scrape.

## Not to be confused with

`credentials-file-missing`: there the file is not there. `tls-file-invalid`: there the pool was never
made. `tls-handshake-failed`: there the file is read, and the target refuses what it holds.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _scrapes
from watcher.diagnosis.rules._fault_words import fault_words
from watcher.diagnosis.rules.credentials_file_missing import of_mounts, repairs
from watcher.model.facts import MONITOR, PODS, STATEFUL_SETS
from watcher.model.findings import Finding, Link

_CODE = "credentials-file-invalid"


def check(case: Case) -> Finding | None:
    """Whether most failing targets fail for a file that cannot be used."""
    found = _scrapes.failing(case, _CODE)
    if found is None or found.first.error.file is None:
        return None
    problem = found.first.error.file
    return Finding(
        summary=f"{fault_words(problem)}, so that Prometheus cannot ask {found.count} of"
        f" {case.pool}",
        evidence=(*_scrapes.evidence(case, found), *of_mounts(case, found, problem.path)),
        fix=tuple(repairs(case, found, problem.path)),
        proof=problem.path,
    )


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, PODS, STATEFUL_SETS),
    check=check,
)
