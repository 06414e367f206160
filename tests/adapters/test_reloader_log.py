"""What the log of the config-reloader says of its last reload."""

from datetime import UTC, datetime

from watcher.adapters.wording.reloader_log import last_failure

OK = 'level=info ts=2026-11-23T02:00:00.597Z caller=reloader.go:546 msg="Reload triggered" cfg_in=a'
TURNED_AWAY = (
    "level=error ts=2026-11-23T02:00:{:02d}.000Z caller=runutil.go:117"
    ' msg="function failed. Retrying in next tick" err="trigger reload: received non-200 response:'
    ' 401 Unauthorized; have you set `--web.enable-lifecycle` Prometheus flag?"'
)
CUT = (
    'level=error ts=2026-11-23T02:01:00Z caller=runutil.go:117 msg="function failed. Retrying in next'
    ' tick" err="trigger reload: reload request failed: Post \\"http://127.0.0.1:9090/-/reload\\":'
    ' context deadline exceeded"'
)
ENDED = (
    "ts=2026-11-23T02:00:00Z level=error caller=github.com/prometheus-operator/prometheus-operator"
    '@v0.93.0/cmd/prometheus-config-reloader/main.go:224 msg="Failed to run" err="open'
    ' /etc/out.yml.tmp: no space left on device\\nwrite file\\nmain.main"'
)


def test_a_failure_is_told_with_when_it_began_and_when_it_was_last_written():
    found = last_failure("\n".join([OK, TURNED_AWAY.format(1), TURNED_AWAY.format(9), CUT]))

    assert found.since == datetime(2026, 11, 23, 2, 0, 1, tzinfo=UTC)
    assert found.at == datetime(2026, 11, 23, 2, 0, 9, tzinfo=UTC)
    assert "401 Unauthorized" in found.text


def test_a_success_ends_what_failed_before():
    assert last_failure("\n".join([TURNED_AWAY.format(1), OK])) is None
    assert last_failure("") is None


def test_what_ends_the_process_is_told_without_where_in_its_code():
    assert last_failure(ENDED).text == "open /etc/out.yml.tmp: no space left on device"


def test_a_try_that_was_cut_is_told_where_nothing_says_more():
    assert "context deadline exceeded" in last_failure(CUT).text
