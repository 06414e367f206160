"""Every receiver beside Slack keeps the contract of notifiers, and says what it is there to say."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from tests.contracts.notifier import Failure, NotifierContract, patience_with
from tests.messages import a_message, a_subject, resolved, sent, the_incident
from tests.nasty.strings import NASTY
from tests.receivers import HttpReceiver, SmtpReceiver, a_closed_port
from watcher.adapters.receivers.alertmanager import Alertmanager
from watcher.adapters.receivers.heartbeat import Heartbeat
from watcher.adapters.receivers.mail import Mail
from watcher.adapters.receivers.webhook import Webhook
from watcher.characters import visible
from watcher.engine.announce import Reason
from watcher.errors import NotifyError
from watcher.settings import (
    AlertmanagerSettings,
    EmailSettings,
    HeartbeatSettings,
    HttpSettings,
    WebhookSettings,
)

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
SECRET = "a-secret-that-signs"


def clock():
    return NOW


class Http:
    """A receiver over HTTP, for the contract."""

    def __init__(self, server, make, *secrets):
        self.server, self.notifier, self.secrets = server, make, secrets

    def fail(self, failure):
        self.server.fail(failure)

    def heard(self):
        return len(self.server.taken)


def faults_of_alerts(path, body):
    """What an Alertmanager's API v2 refuses (api/v2/openapi.yaml, postableAlerts)."""
    wrong = [] if path == "/api/v2/alerts" else [f"no such path: {path}"]
    for alert in body:
        labels = alert.get("labels", {})
        if not labels.get("alertname") or not all(isinstance(v, str) for v in labels.values()):
            wrong.append("labels")
        if any(not value for value in labels.values()):
            wrong.append("an empty label")
        starts, ends = (datetime.fromisoformat(alert[key]) for key in ("startsAt", "endsAt"))
        if starts > ends:
            wrong.append("it ends before it starts")
    return wrong


@pytest.fixture
def alertmanager():
    with HttpReceiver(faults=faults_of_alerts) as server:
        yield server


def an_alertmanager(server, *others, failure=None):
    http = HttpSettings(timeout=patience_with(failure))
    return Alertmanager(AlertmanagerSettings(urls=(server.url, *others), http=http), clock)


class TestAlertmanagerKeepsTheContract(NotifierContract):
    @pytest.fixture
    def receiver(self, alertmanager):
        return Http(alertmanager, lambda f=None: an_alertmanager(alertmanager, failure=f))


class TestAlertmanager:
    def test_each_job_is_an_alert_with_the_labels_that_routes_ask_for(self, alertmanager):
        jobs = (
            a_subject(labels={"namespace": "monitoring", "owner": "team-infra"}),
            a_subject("serviceMonitor/monitoring/kubelet/1"),
        )

        an_alertmanager(alertmanager).notify(the_incident(about=jobs), None)

        [[first, second]] = alertmanager.taken
        assert first["labels"] == {
            "alertname": "ScrapeJobLost",
            "job": "serviceMonitor/monitoring/kubelet/0",
            "prometheus": "monitoring/k8s",
            "namespace": "monitoring",
            "owner": "team-infra",
            "severity": "warning",
        }
        assert first["annotations"]["cause"] == "hand-patch-reverted"
        assert second["labels"]["job"] == "serviceMonitor/monitoring/kubelet/1"
        assert first["annotations"]["summary"].startswith("2 scrape jobs lost")
        assert "kubectl -n monitoring patch" in first["annotations"]["fix"]

    @pytest.mark.parametrize("cause", [None, "auth-failed", "connection-refused"])
    def test_a_job_is_the_same_alert_whatever_its_cause(self, alertmanager, cause):
        notifier = an_alertmanager(alertmanager)

        notifier.notify(a_message(), None)
        notifier.notify(a_message(cause=cause), None)

        [[first], [second]] = alertmanager.taken
        assert first["labels"] == second["labels"]

    def test_it_lives_five_minutes_without_us_and_ends_when_we_say_so(self, alertmanager):
        notifier = an_alertmanager(alertmanager)

        notifier.notify(a_message(), None)
        notifier.notify(resolved(a_message()), sent(a_message(), ""))

        ends = [datetime.fromisoformat(alerts[0]["endsAt"]) for alerts in alertmanager.taken]
        assert ends == [NOW + timedelta(minutes=5), resolved(a_message()).ends_at]
        assert alertmanager.taken[0][0]["labels"] == alertmanager.taken[1][0]["labels"]
        assert notifier.resend == timedelta(minutes=1)

    def test_one_replica_that_takes_it_is_enough(self, alertmanager):
        with a_closed_port() as port:
            dead = f"http://127.0.0.1:{port}"

            an_alertmanager(alertmanager, dead).notify(a_message(), None)

        assert len(alertmanager.taken) == 1

    def test_a_blind_source_is_an_alert_of_its_own(self, alertmanager):
        blind = a_message(about=(), cause=None, severity="blind", subject="blind:kube@1")

        an_alertmanager(alertmanager).notify(blind, None)

        [[alert]] = alertmanager.taken
        assert alert["labels"] == {
            "alertname": "ScrapeWatcherBlind",
            "subject": "blind:kube@1",
            "severity": "warning",
        }


@pytest.fixture
def program():
    with HttpReceiver() as server:
        yield server


def a_webhook(server, folder, failure=None):
    secret = folder / "secret"
    secret.write_text(f"{SECRET}\n")
    url = f"{server.url}/hook?key=query-secret"
    http = HttpSettings(timeout=patience_with(failure))
    return Webhook(WebhookSettings(url=url, secret_file=secret, http=http), clock)


class TestWebhookKeepsTheContract(NotifierContract):
    @pytest.fixture
    def receiver(self, program, tmp_path):
        make = lambda f=None: a_webhook(program, tmp_path, failure=f)  # noqa: E731
        return Http(program, make, SECRET, "query-secret")


class TestWebhook:
    def test_whoever_has_the_secret_can_tell_that_it_is_ours(self, program, tmp_path):
        a_webhook(program, tmp_path).notify(the_incident(), None)

        [headers] = program.headers
        signed = headers["X-Watcher-Timestamp"].encode() + b"." + headers["body"]
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["X-Watcher-Signature"] == f"sha256={digest}"
        assert headers["X-Watcher-Timestamp"] == str(int(NOW.timestamp()))

    def test_the_same_message_again_has_the_same_id_and_another_one_another(
        self, program, tmp_path
    ):
        for message in (a_message(), a_message(), a_message(cause="another")):
            a_webhook(program, tmp_path).notify(message, None)

        first, again, other = (headers["X-Watcher-Id"] for headers in program.headers)
        assert first == again != other

    def test_it_says_all_that_there_is(self, program, tmp_path):
        a_webhook(program, tmp_path).notify(the_incident(), None)

        [told] = program.taken
        assert told["schema"] == "watcher/v1"
        assert told["jobs"][0]["pool"] == "serviceMonitor/monitoring/kubelet/0"
        assert told["fix"][0]["command"].startswith("kubectl")
        assert told["links"][0]["text"] == "Targets"
        assert (told["status"], told["starts_at"]) == ("firing", "2026-11-14T01:12:30+00:00")

    @pytest.mark.parametrize(
        ("status", "reason"),
        [(401, "auth"), (404, "channel"), (400, "content"), (302, "unreadable")],
    )
    def test_what_an_answer_means(self, program, tmp_path, status, reason):
        program.fail(Failure("status", status))

        with pytest.raises(NotifyError) as raised:
            a_webhook(program, tmp_path).notify(a_message(), None)
        assert raised.value.reason == reason
        assert raised.value.permanent is (reason != "unreadable")

    def test_without_the_secret_nothing_is_sent(self, program, tmp_path):
        notifier = a_webhook(program, tmp_path)
        (tmp_path / "secret").unlink()

        with pytest.raises(NotifyError, match=r"webhook\.secret_file"):
            notifier.notify(a_message(), None)
        assert program.taken == []

    def test_a_credential_that_cannot_be_read_is_said(self, program, tmp_path):
        http = HttpSettings(bearer_token_file=tmp_path / "nothing")
        settings = AlertmanagerSettings(urls=(program.url,), http=http)

        with pytest.raises(NotifyError, match="let the watcher read") as raised:
            Alertmanager(settings, clock).notify(a_message(), None)
        assert raised.value.permanent


@pytest.fixture
def post_office():
    with SmtpReceiver() as server:
        yield server


def a_mail(server, failure=None, **fields):
    settings = {
        "host": "127.0.0.1",
        "port": server.port,
        "tls": "none",
        "sender": "Watcher <watcher@shop.example>",
        "to": ("sre@shop.example", "boss@shop.example"),
        "timeout": patience_with(failure),
    }
    return Mail(EmailSettings(**settings | fields), clock)


MAIL_FAILURES = [
    Failure("MAIL 451 later"),
    Failure("DATA 421 closing"),
    Failure("EHLO"),
    Failure("DATA"),
    Failure("timeout"),
]


class TestMailKeepsTheContract(NotifierContract):
    @pytest.fixture
    def receiver(self, post_office):
        class PostOffice:
            secrets = ("a-password",)

            def notifier(self, failure=None):
                return a_mail(post_office, failure)

            def fail(self, failure):
                if failure.kind == "timeout":
                    post_office.silent = True
                    return
                verb, _, reply = failure.kind.partition(" ")
                post_office.refuse = {verb: reply or None}

            def heard(self):
                return len(post_office.mails)

        return PostOffice()

    @pytest.mark.parametrize("failure", MAIL_FAILURES, ids=lambda f: f.kind)
    def test_a_passing_failure_is_not_permanent_and_the_next_try_tells(
        self, receiver, post_office, failure
    ):
        receiver.fail(failure)

        with pytest.raises(NotifyError) as raised:
            receiver.notifier(failure).notify(a_message(), None)
        assert not raised.value.permanent
        post_office.silent = False
        receiver.notifier().notify(a_message(), None)
        assert receiver.heard() == 1

    @pytest.mark.parametrize("failure", MAIL_FAILURES[:1], ids=lambda f: f.kind)
    def test_an_end_whose_telling_failed_is_told_by_the_next_try(self, receiver, failure):
        super().test_an_end_whose_telling_failed_is_told_by_the_next_try(receiver, failure)

    @pytest.mark.parametrize("failure", MAIL_FAILURES[:1], ids=lambda f: f.kind)
    def test_an_error_says_what_to_do_and_no_secret(self, receiver, failure):
        super().test_an_error_says_what_to_do_and_no_secret(receiver, failure)


class TestMail:
    def test_a_problem_is_a_thread_whose_first_mail_is_always_the_same(self, post_office):
        notifier, message = a_mail(post_office), the_incident()
        handle = notifier.notify(message, None)
        notifier.notify(message, None, doubtful=True)

        notifier.notify(resolved(message), sent(message, handle))

        first, again, end = post_office.mails
        assert first["Message-ID"] == again["Message-ID"] == handle
        assert end["References"] == end["In-Reply-To"] == handle
        assert first["Subject"] == f"[warning] {message.headline}"
        assert end["Subject"].startswith("[resolved] 2 scrape jobs recovered")
        assert first["To"] == "sre@shop.example, boss@shop.example"

    def test_it_says_all_that_there_is_with_commands_that_paste(self, post_office):
        a_mail(post_office).notify(the_incident(undecided=("secret-missing: 403",)), None)

        body = post_office.mails[0].get_content()
        assert "Cause:       hand-patch-reverted (certain)" in body
        assert "    kubectl -n monitoring logs prometheus-k8s-0 -c prometheus" in body
        assert '      {"op": "test", "path": "/spec/secrets/0", "value": "etcd-tls"},' in body
        assert "Not decided: secret-missing: 403" in body
        assert "Targets: https://prometheus.example/targets" in body

    def test_what_is_over_needs_no_fix(self, post_office):
        over = resolved(the_incident(cause=None))

        a_mail(post_office).notify(over, None)

        body = post_office.mails[0].get_content()
        assert "after 9 d 4 h" in body
        assert "Fix:" not in body
        assert "Cause:  " not in body

    def test_a_change_of_the_jobs_sends_no_mail(self, post_office):
        message = a_message(reason=Reason.CHANGED)

        handle = a_mail(post_office).notify(message, sent(message, "<x@y>"))

        assert (handle, post_office.mails) == ("<x@y>", [])

    @pytest.mark.parametrize("said", NASTY.values(), ids=NASTY.keys())
    def test_what_others_wrote_makes_no_header_and_shows_what_nobody_sees(self, post_office, said):
        mail = a_mail(post_office)
        mail.notify(a_message(), None)
        mail.notify(a_message(headline=f"a{said}b", summary=f"c{said}d"), None)
        usual, taken = post_office.mails

        assert taken.keys() == usual.keys()
        subject = visible(" ".join(f"[warning] a{said}b".split())).replace("=?", "= ?")
        assert taken["subject"].split() == subject.split()
        assert taken["subject"].isprintable()
        body = taken.get_content().replace("\r\n", "\n")
        assert visible(body) == body

    def test_the_inspection_comes_as_an_attachment(self, post_office):
        a_mail(post_office).upload("week.html", "<p>all well</p>", "Weekly inspection", "all well")
        a_mail(post_office).upload("week.bin", b"\x00", "Weekly inspection", "all well")

        html, other = (mail.get_payload() for mail in post_office.mails)
        assert html[1].get_content_type() == "text/html"
        assert html[1].get_filename() == "week.html"
        assert other[1].get_content_type() == "application/octet-stream"

    @pytest.mark.parametrize(
        ("refuse", "reason"),
        [
            ({"MAIL": "550 no"}, "content"),
            ({"DATA": "554 spam"}, "content"),
            ({"AUTH": "535 wrong password"}, "auth"),
        ],
    )
    def test_a_refusal_for_good_is_permanent(self, post_office, tmp_path, refuse, reason):
        password = tmp_path / "password"
        password.write_text("a-password")
        post_office.refuse = refuse
        login = {"username": "w", "password_file": password} if "AUTH" in refuse else {}
        notifier = a_mail(post_office, **login)
        if "AUTH" in refuse:
            post_office.refuse = {"EHLO": "250-local\r\n250 AUTH PLAIN", **refuse}

        with pytest.raises(NotifyError) as raised:
            notifier.notify(a_message(), None)
        assert (raised.value.permanent, raised.value.reason) == (True, reason)
        assert "a-password" not in str(raised.value)

    def test_a_password_that_cannot_be_read_is_said(self, post_office, tmp_path):
        notifier = a_mail(post_office, username="w", password_file=tmp_path / "nothing")

        with pytest.raises(NotifyError, match=r"email\.password_file"):
            notifier.notify(a_message(), None)

    @pytest.mark.parametrize("tls", ["starttls", "implicit"])
    def test_a_server_without_tls_is_not_told_in_the_clear(self, post_office, tls):
        with pytest.raises(NotifyError):
            a_mail(post_office, tls=tls).notify(a_message(), None)

        assert post_office.mails == []

    def test_when_every_recipient_is_refused_it_is_said(self, post_office):
        post_office.refuse = {"RCPT": "550 no such user"}

        with pytest.raises(NotifyError, match=r"check email\.to") as raised:
            a_mail(post_office, to=("nobody@shop.example",)).notify(a_message(), None)
        assert raised.value.permanent


class TestHeartbeat:
    @pytest.fixture
    def url_file(self, program, tmp_path):
        file = tmp_path / "url"
        file.write_text(f"{program.url}/a-secret-uuid\n")
        return file

    def test_it_pings_the_address_in_the_file(self, program, url_file):
        Heartbeat(HeartbeatSettings(url_file=url_file)).beat()

        assert program.gets == 1

    @pytest.mark.parametrize(
        "text", ["{url}/a-secret-uuid", "http://127.0.0.1:1/a-secret-uuid", "no"]
    )
    def test_what_fails_is_said_without_the_address(self, program, url_file, text):
        program.fail(Failure("status", 500))
        url_file.write_text(text.format(url=program.url))

        with pytest.raises(NotifyError, match="heartbeat") as raised:
            Heartbeat(HeartbeatSettings(url_file=url_file)).beat()
        assert "a-secret-uuid" not in str(raised.value)

    def test_a_file_that_is_not_there_is_said(self, tmp_path):
        with pytest.raises(NotifyError, match=r"heartbeat\.url_file"):
            Heartbeat(HeartbeatSettings(url_file=tmp_path / "nothing")).beat()


@pytest.mark.parametrize("receiver", ["alertmanager", "webhook", "heartbeat"])
def test_an_answer_without_end_is_not_read_to_its_end(receiver, tmp_path):
    with HttpReceiver() as server:
        server.fail(Failure("endless"))
        match receiver:
            case "alertmanager":
                an_alertmanager(server).notify(a_message(), None)
            case "webhook":
                a_webhook(server, tmp_path).notify(a_message(), None)
            case _:
                (tmp_path / "url").write_text(server.url)
                Heartbeat(HeartbeatSettings(url_file=tmp_path / "url")).beat()

        assert len(server.taken) + server.gets == 1
