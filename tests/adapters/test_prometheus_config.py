import pytest

from watcher.adapters.configuration.written import running_config


@pytest.mark.parametrize(
    "name", ["012", "0x10", "1.10", "12:30", "1_000", "+1", ".5", "yes", "off", "2024-01-02", "1e3"]
)
def test_a_job_may_be_called_what_other_readers_take_for_a_number(name):
    """Prometheus takes it as written: held beside 2.42.0 and 3.5.3."""
    text = f"scrape_configs:\n- &base\n  job_name: {name}\n- <<: *base\n  scheme: https\n"

    assert list(running_config(text).jobs) == [name]


@pytest.mark.parametrize("text", ["", "scrape_configs:", "scrape_configs: []", "global: {}"])
def test_a_configuration_without_jobs_is_one(text):
    assert running_config(text).jobs == {}


@pytest.mark.parametrize("text", ["[]", "a: [", "scrape_configs: a", "scrape_configs: [{}]"])
def test_what_is_no_configuration_is_refused(text):
    with pytest.raises(ValueError, match=r"expected|not valid YAML|without job_name"):
        running_config(text)
