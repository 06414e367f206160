"""How the rules of what is at risk put together what they found."""

from watcher.diagnosis.rule import Ground
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Risk


def risk(  # noqa: PLR0913 -- the fields of a finding, by name
    ground: Ground,
    code: str,
    *,
    summary: str,
    evidence: tuple[Evidence, ...],
    fix: tuple[FixStep, ...] = (),
    confidence: Confidence = Confidence.CERTAIN,
    pool: str | None = None,
    proof: str = "",
) -> Risk:
    """A risk at the Prometheus of *ground*; *pool* is None where it concerns all of it."""
    finding = Finding(
        summary=summary, evidence=evidence, fix=fix, confidence=confidence, proof=proof
    )
    return Risk(code=code, prometheus=ground.name, pool=pool, finding=finding)
