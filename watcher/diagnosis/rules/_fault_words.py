"""What is wrong with a file, in words for a summary."""

from watcher.diagnosis.wording_of_prometheus import FileFault, FileProblem


def fault_words(problem: FileProblem) -> str:
    """What is wrong, as the beginning of a sentence."""
    match problem.kind:
        case FileFault.MISSING:
            return f"{problem.path} is not there"
        case FileFault.UNREADABLE:
            return f"{problem.path} may not be read by Prometheus"
        case FileFault.DIRECTORY:
            return f"{problem.path} is a directory, not a file"
        case FileFault.BAD_PEM:
            return f"{problem.path} holds no PEM that can be used"
        case FileFault.MISMATCH:
            return f"the certificate {problem.path} and the key {problem.other} are no pair"
        case FileFault.INCOMPLETE:
            return f"{problem.path} is named without the other half of the pair"
